"""A payment terminal by a stranger: blocking, in a thread, from PA00P015 and what is known of real ones.

with ForeignTerminal(Manners(errors_by_completion="bare")) as terminal:
    terminal.host_code = 5
    …                                 # the register pays at terminal.port
    terminal.booked                   # amounts in minor units, as the acquirer would see them

It asks for no card: somebody taps at once. Nothing of ours is imported.
"""

from __future__ import annotations

import contextlib
import os
import pty
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

from tests.support.foreign_wire import (
    OK,
    Apdu,
    SerialWire,
    SilenceError,
    TcpWire,
    Wire,
    amount,
    apdu,
    container,
    fields,
    tlv,
    var,
)

PAN = "4111111111111111"  # the public test number


@dataclass(frozen=True)
class Manners:
    """How it differs from the specification, all seen in the field or allowed to vendors."""

    terminal_id: str = "29001234"
    serial: bool = False
    status_first: bool = False  # 05 01, 06 00: all in a 04 0F, the completion empty (a Kotlin simulator)
    errors_by_completion: str = ""  # 06 0F where 06 1E is due (the same): with "result" code or "bare"
    log_off_completes: bool = False
    bare_abort: bool = False  # 06 1E with LEN 00
    status_code: int | None = None  # 84 and this to 05 01
    busy_answers: int = 0  # so often 84 9C to 05 01 first
    repeat: str = "full"  # 06 20: full, silent (no 04 0F: PAX A80), refused, or refused_with_data (CCV IM30)
    id_in: str = "completion"  # where its terminal id is told: completion, result or nowhere
    idle_close_s: float = 0.0
    status_tlv_without_timeout: bool = False
    latin_1: bool = False
    prints: str = ""  # lines, block, or split: a block in pieces of 1024 bytes
    empty_card_name: bool = False
    long_trace: bool = False  # 0B 000000, the real one in 1F2B
    statuses: int = 1
    pause_s: float = 0.0  # before each of them
    wrong_pin_first: bool = False  # a first 04 0F with 37 (55 decimal)
    result_twice: bool = False
    sets_clock: bool = False
    whole_card_number: bool = False
    says_tlv_length_long: bool = False  # 82 00 nn where one byte would do
    unknown_tags: bool = False
    extended_length: bool = False  # the FF form whatever the length is
    hasty: bool = False  # says all in one breath, and only then listens to the answers
    hangs_up_at_result: bool = False  # the first 04 0F is written and the socket closed
    books_unanswered: bool = False  # … and the payment stands all the same
    resumes: bool = False  # … and the next command is not heard before that dialogue has ended


@dataclass
class Stored:
    """The last transaction."""

    data: bytes
    code: int = 0


@dataclass
class ForeignTerminal:
    """One terminal. `spontaneous` sends a message of its own accord when it is idle."""

    manners: Manners = field(default_factory=Manners)
    host_code: int = 0
    booked: list[int] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    port: int = 0
    path: str = ""

    def __post_init__(self) -> None:
        self._receipt = self._trace = 0
        self._last: Stored | None = None
        self._wire: Wire
        self._said = ""
        self._pushed: list[bytes] = []
        self._abort_asked = self._hung_up = False
        self._open: tuple[bytes, int] | None = None
        self._stopped = False
        self._listener: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> ForeignTerminal:
        if self.manners.serial:
            ours, theirs = pty.openpty()
            self.path = os.ttyname(theirs)
            self._wire, self._slave = SerialWire(ours), theirs
        else:
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self.port = self._listener.getsockname()[1]
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped = True
        if self._listener is not None:
            self._listener.close()
        if hasattr(self, "_wire"):
            with contextlib.suppress(OSError):
                self._wire.close()

    def spontaneous(self, message: bytes) -> None:
        """Say this when the register asks for nothing."""
        self._pushed.append(message)

    # --- its life ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopped:
            try:
                if self._listener is not None:
                    self._wire = TcpWire(self._listener.accept()[0])
                self._serve()
            except (OSError, ValueError, SilenceError):
                if self._listener is not None and hasattr(self, "_wire"):
                    self._wire.close()
            except AssertionError as error:
                self.troubles.append(str(error))

    def _serve(self) -> None:
        began = time.monotonic()
        while not self._stopped:
            if self._pushed:
                self._say(self._pushed.pop(0))
            try:
                command = self._wire.next(0.1)
            except SilenceError as silence:
                if "closed" in str(silence):
                    raise
                if 0 < self.manners.idle_close_s < time.monotonic() - began:
                    raise
                continue
            began = time.monotonic()
            if command.raw[0] not in (0x80, 0x84):
                self._obey(command)

    def _obey(self, command: Apdu) -> None:
        self.commands.append(command.command)
        self._abort_asked = False
        if self._open is not None:
            result, minor = self._open
            self._open = None
            self._last = Stored(result)
            self._say(result)
            self.booked.append(minor)
            self._say(self._apdu("060f"))
            return
        names: dict[str, Callable[[Apdu], None]] = {"0501": self._status}
        names |= {"0600": self._register, "0620": self._repeat, "06c0": self._read}
        names |= dict.fromkeys(("0601", "0622", "0631", "0630", "0624", "0625"), self._transact)
        names |= dict.fromkeys(("0650", "0670", "0693"), self._administer)
        if command.command in names:
            names[command.command](command)
        elif command.command in ("0602", "06b0"):
            self._send(OK)
            if self.manners.log_off_completes and command.command == "0602":
                self._say(self._apdu("060f"))
        else:
            self._send(bytes.fromhex("848300"))

    # --- speaking ---------------------------------------------------------------------------------------

    def _apdu(self, command: str, data: str = "") -> bytes:
        return apdu(command, data, extended=self.manners.extended_length)

    def _send(self, raw: bytes) -> None:
        self._wire.send(raw)

    def _say(self, raw: bytes, *, pieces: int = 0) -> bytes:
        """Send, and wait for its answer. What comes instead is an abort, or it is not allowed."""
        if pieces:
            for at in range(0, len(raw), pieces):
                self._wire.write(raw[at : at + pieces])
                time.sleep(0.05)
        else:
            self._send(raw)
        while True:
            heard = self._wire.next()
            if heard.raw[0] in (0x80, 0x84):
                return heard.raw
            assert heard.command == "06b0", f"{heard.command} while an answer to {raw[:2].hex()} is due"
            self._abort_asked = True
            self._send(OK)

    def _container(self, *objects: str) -> str:
        if self.manners.unknown_tags:
            objects = (*objects, tlv("1f7e", "0102"), tlv("ff40", b"\x01\x02"), tlv("df55", ""))
        if not objects:
            return ""
        if not self.manners.says_tlv_length_long:
            return container(*objects)
        body = "".join(objects)
        return f"0682{len(body) // 2:04x}{body}"

    # --- administration ---------------------------------------------------------------------------------

    def _status(self, _command: Apdu) -> None:
        manners = self.manners
        busy = self.commands.count("0501") <= manners.busy_answers
        if busy or manners.status_code is not None:
            self._send(bytes([0x84, 0x9C if busy else manners.status_code or 0, 0]))
            return
        self._send(OK)
        if manners.status_first:
            self._say(self._apdu("040f", "2700"))
        self._say(self._apdu("060f", "00"))

    def _register(self, _command: Apdu) -> None:
        self._send(OK)
        if self.manners.status_first:
            self._say(self._apdu("040f", f"270029{self.manners.terminal_id}490124"))
            self._say(self._apdu("060f"))
            return
        told = f"29{self.manners.terminal_id}" if self.manners.id_in == "completion" else ""
        self._say(self._apdu("060f", f"1900{told}490124"))

    def _administer(self, command: Apdu) -> None:
        self._send(OK)
        if self.manners.sets_clock:
            self._say(self._apdu("0401", "aa2611220c103000"))
        if command.command == "0650":
            self._say(self._apdu("040f", "2700" + amount(sum(self.booked)) + "490124"))
        self._say(self._apdu("060f"))

    def _repeat(self, _command: Apdu) -> None:
        how = self.manners.repeat
        if how.startswith("refused"):
            self._send(bytes.fromhex("848300" if how == "refused" else "841e017d"))
            return
        if self._last is None and not self.manners.status_first:
            self._send(bytes.fromhex("84fb00"))
            return
        self._send(OK)
        if self._last is None:
            self._say(self._apdu("040f", f"276d29{self.manners.terminal_id}"))
        elif how == "full":
            self._say(self._last.data)
        self._say(self._apdu("060f"))

    # --- transactions -----------------------------------------------------------------------------------

    def _transact(self, command: Apdu) -> None:
        self._send(OK)
        asked = dict(fields(command.data[3:] if command.command in ("0630", "0631") else command.data))
        minor = int(asked.get(0x04, bytes(6)).hex())
        if self.manners.hasty and not self.host_code:
            self._rush(minor)
            return
        if not self._wait_for_card():
            self._fail(0x6C)
            return
        if self.manners.sets_clock:
            self._say(self._apdu("0401", "aa2611220c103000"))
        if self.manners.wrong_pin_first:
            self._say(self._apdu("040f", "2737" + var("3c", b"PIN FALSCH", 3)))
        if self.host_code:
            self._say(self._apdu("040f", f"27{self.host_code:02x}" + amount(minor) + "490124"))
            self._fail(self.host_code)
            return
        self._approve(minor)

    def _wait_for_card(self) -> bool:
        for _ in range(self.manners.statuses):
            time.sleep(self.manners.pause_s)
            text = container(tlv("24", tlv("07", b"CARTE SVP")))
            self._say(self._apdu("04ff", "0a" + text if self.manners.status_tlv_without_timeout else "0a"))
        return not self._abort_asked

    def _fail(self, code: int) -> None:
        if self.manners.errors_by_completion:
            self._say(
                self._apdu("060f", f"27{code:02x}" if self.manners.errors_by_completion == "result" else "")
            )
        else:
            self._say(self._apdu("061e", "" if self.manners.bare_abort else f"{code:02x}"))

    def _approve(self, minor: int) -> None:
        self._receipt, self._trace = self._receipt + 1, self._trace + 1
        result = self._apdu("040f", self._result(minor))
        before = self._last
        if self.manners.hangs_up_at_result and not self._hung_up:
            self._hang_up(result, minor)
        self._last = Stored(result)
        answer = self._say(result)
        if self.manners.result_twice:
            answer = self._say(result)
        if answer[0] == 0x84 and answer[1] != 0x00:
            self._last = before
            self._fail(0x6C)
            return
        self._print()
        self.booked.append(minor)
        self._say(self._apdu("060f"))

    def _rush(self, minor: int) -> None:
        self._receipt, self._trace = self._receipt + 1, self._trace + 1
        result = self._apdu("040f", self._result(minor))
        self._last = Stored(result)
        self._wire.write(self._apdu("04ff", "0a") + result + self._apdu("060f"))
        answers = [self._wire.next().raw[0] for _ in range(3)]
        assert answers == [0x80] * 3, answers
        self.booked.append(minor)

    def _hang_up(self, result: bytes, minor: int) -> None:
        self._hung_up = True
        self._send(result)
        if self.manners.resumes:
            self._open = (result, minor)
        elif self.manners.books_unanswered:
            self._last = Stored(result)
            self.booked.append(minor)
        raise SilenceError("closed by ourselves")

    def _result(self, minor: int) -> str:
        manners = self.manners
        trace = 0 if manners.long_trace else self._trace
        card = var("22", bytes.fromhex(PAN if manners.whole_card_number else "e" * 12 + PAN[-4:]))
        if manners.whole_card_number:
            card += var("23", bytes.fromhex(f"{PAN}d30121010000000000000f")) + "0e3012"
        name = "8bf0f0" if manners.empty_card_name else var("8b", b"VISA\x00")
        text = "Approuvée à Montréal" if manners.latin_1 else "OK"
        parts = [
            f"2700{amount(minor)}490124",
            f"0b{trace:06d}0c1015300d1122",
            f"87{self._receipt:04d}88{self._receipt:06d}",
            f"29{manners.terminal_id}" if manners.id_in in ("completion", "result") else "",
            f"{card}8a0a{name}",
            var("3c", text.encode("latin-1"), 3),
            self._container(*([tlv("1f2b", f"{self._trace:012d}")] if manners.long_trace else [])),
        ]
        return "".join(parts)

    def _print(self) -> None:
        lines = [b"CLINIQUE", "Merci \xe0 vous".encode("latin-1"), b"TOTAL"]
        if self.manners.prints == "lines":
            for line in lines:
                self._say(self._apdu("06d1", "00" + line.hex()))
            self._say(self._apdu("06d1", "81" + b"FIN".hex()))
        elif self.manners.prints:
            texts = "".join(tlv("07", b"LIGNE %02d " % n + b"." * 21) for n in range(52))
            body = tlv("1f07", "01") + tlv("25", "090100" + texts + "090181" + tlv("07", b"FIN"))
            block = self._apdu("06d3", tlv("06", body))
            assert len(block) > 1600, len(block)
            self._say(block, pieces=1024 if self.manners.prints == "split" else 0)

    def _read(self, _command: Apdu) -> None:
        self._send(OK)
        if not self._wait_for_card():
            self._fail(0x6C)
            return
        token = self._container(tlv("1f14", bytes(range(16))))
        card = var("22", bytes.fromhex(PAN if self.manners.whole_card_number else "e" * 12 + PAN[-4:]))
        self._say(self._apdu("040f", "2700" + card + "0e30128a0a" + token))
