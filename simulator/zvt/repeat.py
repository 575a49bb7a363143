"""06 20, tell the last stored transaction again (PA00P015 ch. 2.14): the truth of what became of it."""

from __future__ import annotations

from protocols.zvt import messages as zvt
from protocols.zvt.tlv import find
from simulator.zvt.closing import complete, end_in_vain
from simulator.zvt.console import Console
from simulator.zvt.printing import print_notice, print_transaction
from simulator.zvt.receipts import notice
from simulator.zvt.records import status_information
from simulator.zvt.script import Script

_SEND_STATUS, _DO_NOT_PRINT = 0x01, 0x02  # the service byte
_END_OF_DAY = 0x04  # 1F01: which receipt
_NO_RECORD = 0xFB


def repeat_receipt(console: Console, request: zvt.RepeatReceipt) -> Script[None]:
    """The last transaction, or with 1F01 = 04 the last end of day. 06 1E FB where there is none."""
    wanted = find(request.tlv, 0x1F01)
    only_day = wanted is not None and wanted.number == _END_OF_DAY
    stored = console.state.last_end_of_day if only_day else console.state.last
    if stored is None:
        yield from end_in_vain(console, _NO_RECORD)
        return
    service = request.service or 0
    if service & _SEND_STATUS:
        yield from console.say(status_information(console, stored))
    if not service & _DO_NOT_PRINT:
        if stored.kind == "end_of_day":
            yield from print_notice(console, notice(console, ("FERMETURE DE LOT", "END OF DAY")))
        else:
            yield from print_transaction(console, stored)
    yield from complete(console)
