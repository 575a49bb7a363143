"""Which command does what: its name, what is checked before it is accepted, and the script that serves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from protocols.zvt import messages as zvt
from protocols.zvt.data_objects import DataObjects, Message
from simulator.zvt import day, displays, followups, payments, read_card, repeat, services
from simulator.zvt.console import Console
from simulator.zvt.script import Script

NOT_REGISTERED, AMOUNT_TOO_SMALL = 0x6B, 0xC8
Refusal = tuple[int, bytes]  # error id of 84 xx, and data
Check = Callable[[Console, Any], Refusal | None]


class Service(NamedTuple):
    """How a command is served. `script` None: the positive answer is all; `own_answer`: it answers itself."""

    name: str
    script: Callable[[Console, Any], Script[None]] | None
    check: Check | None = None
    own_answer: bool = False


def _currency(console: Console, request: DataObjects) -> Refusal | None:
    """A transaction without currency is in the one registered, else in the terminal's own."""
    if request.currency not in (None, console.settings.currency[1:]):
        return services.WRONG_CURRENCY, b""
    if console.settings.must_register and not console.state.registered:
        return NOT_REGISTERED, b""
    return None


def _amount(console: Console, request: DataObjects) -> Refusal | None:
    if request.amount_minor is None:
        return services.FUNCTION_IMPOSSIBLE, b""  # nothing may be typed at this terminal
    if request.amount_minor == 0:
        return AMOUNT_TOO_SMALL, b""
    return _currency(console, request)


def _registration(console: Console, request: zvt.Registration) -> Refusal | None:
    if (request.currency or services.NO_CURRENCY_MEANS) == console.settings.currency[1:]:
        return None
    return 0x1E, bytes([services.WRONG_CURRENCY]) + bytes.fromhex(console.settings.currency)


def _clock(_console: Console, request: zvt.SetClock) -> Refusal | None:
    return (services.FUNCTION_IMPOSSIBLE, b"") if services.clock_of(request) is None else None


def _set_clock(console: Console, request: zvt.SetClock) -> Script[None]:
    wanted = services.clock_of(request)
    if wanted is not None:
        yield from services.set_clock(console, wanted)


def _book_part(console: Console, request: zvt.PartialReversal) -> Script[None]:
    if request.receipt == "FFFF":
        yield from followups.tell_open_holds(console)
    else:
        yield from followups.capture(console, request)


def _bare(script: Callable[[Console], Script[None]]) -> Callable[[Console, Any], Script[None]]:
    """A script that needs nothing of the request."""
    return lambda console, _request: script(console)


_BY_TYPE: Mapping[type, Service] = {
    zvt.Registration: Service("registration", services.register, _registration),
    zvt.LogOff: Service("log_off", None),
    zvt.StatusEnquiry: Service("status", services.status_enquiry),
    zvt.Authorization: Service("sale", payments.pay, _amount),
    zvt.Preauthorisation: Service("preauth", payments.pay, _amount),
    zvt.Refund: Service("refund", payments.pay, _amount),
    zvt.BookTotal: Service("capture", followups.capture, _currency),
    zvt.PartialReversal: Service("capture", _book_part, _currency),
    zvt.PreauthReversal: Service("release", followups.release, _currency),
    zvt.Reversal: Service("reversal", followups.reverse, _currency),
    zvt.ReadCard: Service("read_card", read_card.read_card),
    zvt.RepeatReceipt: Service("repeat_receipt", repeat.repeat_receipt),
    zvt.EndOfDay: Service("end_of_day", day.end_of_day),
    zvt.Diagnosis: Service("diagnosis", _bare(services.diagnose)),
    zvt.SelfTest: Service("diagnosis", _bare(services.diagnose)),
    zvt.Initialisation: Service("initialisation", _bare(services.initialise)),
    zvt.SetClock: Service("set_clock", _set_clock, _clock),
    zvt.Abort: Service("abort", None),
}
_BY_CODE: Mapping[int, Service] = {
    0x0610: Service("totals", _bare(day.totals)),
    0x0618: Service("reset", _bare(services.reset)),
    0x061A: Service("print_config", _bare(services.print_config)),
    0x06E0: Service("display", displays.show_for_a_while, own_answer=True),
    0x06E1: Service("display", displays.ask_key, own_answer=True),
    0x06E2: Service("display", displays.ask_number, own_answer=True),
    0x0830: Service("language", None, services.refuse_language),
    0x0840: Service("baud_rate", None, services.refuse_rate),
}


def service_for(request: Message) -> Service | None:
    """How this command is served; None for what this terminal does not know."""
    if isinstance(request, zvt.OtherCommand | zvt.Opaque):
        return _BY_CODE.get(request.code)
    service = _BY_TYPE.get(type(request))
    if isinstance(request, zvt.PartialReversal) and request.receipt == "FFFF" and service is not None:
        return service._replace(name="preauth_enquiry")
    return service


def refusal_of(console: Console, request: Message, service: Service) -> Refusal | None:
    """Why this command is refused before it begins, None when it is not."""
    if request.incomplete:
        return services.FUNCTION_IMPOSSIBLE, b""  # an unknown BMP (PA00P015 ch. 1.5)
    password = getattr(request, "password", None)
    if password is not None and password not in console.settings.passwords:
        return services.WRONG_PASSWORD, b""
    return service.check(console, request) if service.check is not None else None


def do_at_once(console: Console, request: Message) -> None:
    """What a command without a dialogue changes when it is accepted."""
    if isinstance(request, zvt.LogOff):
        console.state.log_off()
        console.save()
    elif isinstance(request, zvt.Opaque) and request.code == 0x0830:
        services.choose_language(console, request.data)
