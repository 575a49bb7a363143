"""What an ECR asks of a terminal beside transactions: registration, status, initialisation, clock …"""

from __future__ import annotations

from datetime import UTC, datetime

from protocols.zvt import messages as zvt
from protocols.zvt.data_objects import Slot
from protocols.zvt.text import by_number
from protocols.zvt.tlv import Container, TlvNode, find, node
from simulator.zvt.cardwork import ask_host, stamp
from simulator.zvt.closing import complete
from simulator.zvt.console import Console
from simulator.zvt.printing import print_notice
from simulator.zvt.receipts import notice
from simulator.zvt.script import Script
from simulator.zvt.state import Transaction

READY, CARD_INSIDE = 0x00, 0xDC
WRONG_CURRENCY, WRONG_PASSWORD, FUNCTION_IMPOSSIBLE = 0x6F, 0x37, 0x83
RATE_FIXED, RATE_UNKNOWN = 0x7D, 0xFD
_RATES = (b"\x00", b"\x01", b"\x06", b"\x07")  # 08 40: 9600, 19200, 57600, 115200 (PA00P016)
NO_CURRENCY_MEANS = "978"  # euro (PA00P015 ch. 2.1)
_AS_PRINTED = tuple(Slot(bmp) for bmp in (0x19, 0x29, 0x49, 0x06))  # ch. 2.1 prints them in this order
_LANGUAGES = {b"\x01": "en", b"\x02": "fr"}  # 08 30: the table of this terminal's maker
_WITHOUT_SOFTWARE, _WITH_TLV = 0x02, 0x04  # service byte of a status enquiry (ch. 2.55)


def register(console: Console, request: zvt.Registration) -> Script[None]:
    """06 00, once the currency was found right: remember how this ECR wants to be spoken to."""
    state = console.state
    state.log_off()
    state.config, state.registered = request.config, True
    state.currency_registered = console.settings.currency if request.currency else ""
    state.tlv_allowed = request.tlv is not None
    if request.tlv is not None:
        _negotiate(console, request.tlv)
    console.save()
    status = zvt.Completion(
        payment_type=READY,
        terminal_id=console.settings.terminal_id,
        currency=console.told_currency,
        tlv=_device(console) if state.tlv_allowed else None,
        charset=state.charset,
        order=_AS_PRINTED,
    )
    yield from complete(console, status)


def _negotiate(console: Console, tlv: Container) -> None:
    """Tags 26 (commands that may be sent), 27/14 (charset), 28/15 (languages, the first one that we know),
    12 (the printer's columns)."""
    state = console.state
    permitted = find(tlv, 0x26)
    if permitted is not None:
        state.allowed = [child.number for child in permitted.children if child.tag == 0x0A]
    charset = find(tlv, 0x27, 0x14)
    if charset is not None:
        state.charset = by_number(charset.number)
    wanted = find(tlv, 0x28)
    named = [child.value.lower().decode("latin-1") for child in wanted.children] if wanted is not None else []
    state.language = next((name for name in named if name in _LANGUAGES.values()), state.language)
    wide = find(tlv, 0x12)
    if wide is not None and wide.digits.isdecimal():
        state.columns = int(wide.digits)


def status_enquiry(console: Console, request: zvt.StatusEnquiry) -> Script[None]:
    """05 01: 06 0F with [software] status [TLV] (ch. 2.55)."""
    service = request.service or 0
    yield from complete(
        console,
        zvt.Completion(
            software=None if service & _WITHOUT_SOFTWARE else console.settings.software,
            terminal_status=CARD_INSIDE if console.card_inside() else READY,
            tlv=(*_device(console), _clock(console)) if service & _WITH_TLV or console.tlv_allowed else None,
        ),
    )


def _device(console: Console) -> tuple[TlvNode, ...]:
    settings = console.settings
    device = node(
        0xE4,
        node(0x1F40, b"SIMULATED PT"),
        node(0x1F41, settings.software.encode("ascii", "replace")),
        node(0x1F42, bytes.fromhex(settings.serial_number)),
        node(0x1F43, b"\x00"),
    )
    return (node(0x1F44, bytes.fromhex(settings.terminal_id)), device)


def _clock(console: Console) -> TlvNode:
    clock = console.local_time()
    day, hour = clock.strftime("%Y%m%d"), clock.strftime("%H%M%S")
    return node(0x34, node(0x1F0E, bytes.fromhex(day)), node(0x1F0F, bytes.fromhex(hour)))


def initialise(console: Console) -> Script[None]:
    """06 93: fetch parameters from the host, print a notice."""
    yield from _visit_host(console)
    yield from print_notice(console, notice(console, ("INITIALISATION", "INITIALISATION"), ("RÉUSSIE", "OK")))
    yield from complete(console)


def diagnose(console: Console) -> Script[None]:
    """06 70, 06 79: test the line to the host, print a notice."""
    yield from _visit_host(console)
    yield from print_notice(console, notice(console, ("DIAGNOSTIC", "DIAGNOSIS"), ("RÉUSSI", "OK")))
    yield from complete(console)


def _visit_host(console: Console) -> Script[None]:
    call = Transaction(kind="sale", books="charge")
    stamp(console, call)
    yield from ask_host(console, call, None)


def print_config(console: Console) -> Script[None]:
    """06 1A: print how the terminal is set."""
    settings = console.settings
    words = [f"{name}: {value}" for name, value in (
        ("CONFIG", f"{console.state.config:02X}"),
        ("ISO 4217", settings.currency),
        ("SW", settings.software),
        ("S/N", settings.serial_number),
    )]  # fmt: skip
    yield from print_notice(console, notice(console, *((line, line) for line in words)))
    yield from complete(console)


def reset(console: Console) -> Script[None]:
    """06 18: begin anew; nothing that was stored is lost."""
    yield from complete(console)
    console.power_up()


def set_clock(console: Console, wanted: datetime) -> Script[None]:
    """06 91: the terminal's clock is from now on this far off ours."""
    ours = console.utc().astimezone().replace(tzinfo=UTC)
    console.state.clock_offset_s = round((wanted - ours).total_seconds())
    console.save()
    yield from complete(console)


def clock_of(request: zvt.SetClock) -> datetime | None:
    """The wall time in a 06 91, as if it were UTC; None when it is none."""
    try:
        return datetime.strptime(f"{request.date_yymmdd}{request.time_hhmmss}+0000", "%y%m%d%H%M%S%z")
    except ValueError:
        return None


def refuse_language(_console: Console, request: zvt.Opaque) -> tuple[int, bytes] | None:
    """08 30 with anything but one of our languages."""
    return None if request.data in _LANGUAGES else (FUNCTION_IMPOSSIBLE, b"")


def refuse_rate(_console: Console, request: zvt.Opaque) -> tuple[int, bytes]:
    """08 40: the cable's rate is set by whoever plugged it in."""
    return (RATE_FIXED if request.data in _RATES else RATE_UNKNOWN), b""


def choose_language(console: Console, data: bytes) -> None:
    """08 30, one byte, found right: display and receipts change their language, for good."""
    console.state.language = _LANGUAGES[data]
    console.save()
    console.show_idle()
