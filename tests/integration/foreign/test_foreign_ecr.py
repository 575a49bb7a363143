"""A stranger's register against our simulator: written from the sheet alone, on a socket and on a line."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.foreign_ecr import (
    PASSWORD,
    ForeignEcr,
    commands_taken,
    tcp_register,
)
from tests.support.foreign_simulator import Simulated, simulated
from tests.support.foreign_wire import (
    OK,
    TcpWire,
    amount,
    apdu,
    container,
    tlv,
    var,
)

REGISTERED = "0124"


@pytest.fixture(scope="module")
def unhurried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    with simulated(tmp_path_factory.mktemp("slow"), "--tcp", "127.0.0.1:0", after_s=0.4) as terminal:
        yield terminal


# --- as registered ------------------------------------------------------------------------------------


@pytest.mark.parametrize("wire", ["ecr", "line"])
@pytest.mark.parametrize(
    ("config", "statuses", "prints", "notices"),
    [
        ("b6", False, True, True),
        ("ba", True, True, False),
        ("be", True, True, True),
        ("8e", True, True, True),
        ("08", True, False, False),
        ("de", True, True, True),
        ("86", False, True, True),
        ("02", False, False, False),
    ],
)
def test_a_register_gets_what_its_config_byte_asks_for(
    request: pytest.FixtureRequest, wire: str, config: str, statuses: bool, prints: bool, notices: bool
) -> None:
    ecr: ForeignEcr = request.getfixturevalue(wire)
    registered = ecr.register(config, REGISTERED)
    assert registered.commands == ["060f"]
    assert set(registered.end.fields) == {0x19, 0x29, 0x49}
    paid = ecr.run("0601", amount(1010) + "490124")
    assert (paid.code, paid.end.command) == (0, "060f")
    assert paid.result.fields[0x04].hex() == "000000001010"
    assert (bool(paid.statuses), bool(paid.all("06d1"))) == (statuses, prints)
    assert not any(0x06 in one.fields for one in (registered.end, paid.result)), "TLV was never allowed"
    closed = ecr.run("0650", PASSWORD)
    assert (closed.end.command, bool(closed.all("06d1"))) == ("060f", notices)


@pytest.mark.parametrize(
    ("listed", "comes", "stays_away"),
    [
        (("06d3",), "06d3", ("06d1", "04ff")),
        (("06d1", "04ff"), "06d1", ("06d3",)),
        (("04ff",), "04ff", ("06d1", "06d3")),
        (("06d1", "06d3", "04ff"), "06d3", ("06d1",)),
    ],
)
def test_only_listed_commands_come(
    ecr: ForeignEcr, listed: tuple[str, ...], comes: str, stays_away: tuple[str, ...]
) -> None:
    ecr.register("be", REGISTERED, more=commands_taken(*listed))
    paid = ecr.run("0601", amount(1250))
    assert paid.end.command == "060f"
    assert comes in paid.commands
    assert not set(stays_away) & set(paid.commands)


def test_the_currency_is_euro_unless_said(ecr: ForeignEcr, tmp_path: Path) -> None:
    assert ecr.register("be").answer.raw.hex() == "841e036f0124"
    assert ecr.register("be", "0978").answer.raw[:4].hex() == "841e036f"
    assert ecr.run("0601", amount(100) + "490978").answer.raw.hex() == "846f00"
    with (
        simulated(tmp_path, "--tcp", "127.0.0.1:0", terminal='currency = "0978"') as euro,
        tcp_register("127.0.0.1", euro.port) as register,
    ):
        assert register.register("b6").end.command == "060f"
        paid = register.run("0601", amount(100))
        assert paid.code == 0
        assert 0x49 not in paid.result.fields, "a currency that the register never named"


def test_passwords_and_service_bytes(ecr: ForeignEcr) -> None:
    assert ecr.register("be", REGISTERED, pw="999999").answer.raw.hex() == "843700"
    assert ecr.register("be", REGISTERED, service="0303").end.command == "060f"
    assert ecr.register("be", REGISTERED, service="0302", more="0600").end.objects["1f44"].hex() == "52500042"


@pytest.mark.parametrize("form", ["", PASSWORD, f"{PASSWORD}0301", f"{PASSWORD}0302", f"{PASSWORD}03040600"])
def test_a_status_enquiry_in_all_forms(ecr: ForeignEcr, form: str) -> None:
    ecr.register("be", REGISTERED)
    asked = ecr.run("0501", form)
    data = asked.end.data
    if not form.endswith("0302"):
        assert data[0] >> 4 == data[1] >> 4 == data[2] >> 4 == 0xF
        data = data[3 + int("".join(str(digit & 0xF) for digit in data[:3])) :]
    assert data[0] == 0x00
    assert (data[1:2] == b"\x06") == (form.endswith("0600"))


def test_after_log_off_there_is_no_tlv_and_the_default_config(ecr: ForeignEcr) -> None:
    ecr.register("ba", REGISTERED, more="0600")
    assert ecr.run("0602").heard == []
    paid = ecr.run("0601", amount(100))
    assert (paid.code, paid.statuses) == (0, [])
    assert 0x06 not in paid.result.fields
    assert paid.all("06d1")


# --- its commands -------------------------------------------------------------------------------------


def test_repeat_receipt_in_all_forms(ecr: ForeignEcr) -> None:
    ecr.register("be", REGISTERED, more="0600")
    paid = ecr.run("0601", amount(2040))
    silent = ecr.last()
    assert silent.commands == ["040f", "060f"]
    assert silent.result.raw == paid.result.raw
    assert set(ecr.run("0620", PASSWORD).commands) == {"06d1", "060f"}
    both = ecr.run("0620", PASSWORD + "0301" + container(tlv("1f01", "02")))
    assert both.commands[0] == "040f"
    assert "06d1" in both.commands


def test_reversal_and_refund(ecr: ForeignEcr) -> None:
    ecr.register("be", REGISTERED)
    paid = ecr.run("0601", amount(2040)).result.fields
    undo = PASSWORD + "87" + paid[0x87].hex()
    undone = ecr.run("0630", undo)
    assert (undone.code, undone.end.command) == (0, "060f")
    assert undone.result.fields[0x37] == paid[0x0B]
    again = ecr.run("0630", undo)
    assert (again.code, again.end.raw.hex()) == (0xB4, "061e01b4")
    assert ecr.run("0630", PASSWORD + "879999").end.raw.hex() == "061e01b5"
    assert ecr.run("0631", PASSWORD + amount(500) + "490124").code == 0


def test_the_pre_authorisation_family(ecr: ForeignEcr) -> None:
    ecr.register("be", REGISTERED)

    def held(*more: str) -> str:
        return ecr.run("0622", amount(3000) + "490124" + "".join(more)).result.fields[0x87].hex()

    first = held()
    assert ecr.run("0623", "87ffff").end.data.hex() == f"b887{first}"
    partly = ecr.run("0623", f"87{first}" + amount(1000) + "490124")
    assert partly.result.fields[0x04].hex() == "000000002000", "06 23 names what was not used"
    second = held(container(tlv("1f06", "02")))
    total = ecr.run("0624", f"87{second}" + amount(1200))
    assert total.result.fields[0x04].hex() == "000000001200", "06 24 names what was used"
    third = held()
    assert ecr.run("0625", f"87{third}").code == 0
    assert ecr.run("0625", f"87{third}").end.raw.hex() == "061e01b8"
    assert ecr.run("0623", "87ffff").end.data.hex() == "b887ffff"


@pytest.mark.parametrize(
    ("asked", "token", "uid"),
    [
        ("", False, False),
        ("1e", False, False),
        ("1e" + container(tlv("1f15", "80")), True, False),
        ("1e1940" + container(tlv("1f15", "d0"), tlv("1f60", "07")), True, True),
    ],
)
def test_read_card_ends_with_its_status_information(
    ecr: ForeignEcr, asked: str, token: bool, uid: bool
) -> None:
    ecr.register("be", REGISTERED, more="0600")
    read = ecr.run("06c0", asked)
    assert (read.code, read.end.command) == (0, "040f")
    assert ("1f14" in read.result.objects, "4c" in read.result.objects) == (token, uid)
    assert read.result.fields[0x22].hex().count("e") == 12
    assert ecr.run("0501").end.command == "060f", "and the terminal is at rest"


def test_administration(ecr: ForeignEcr) -> None:
    ecr.register("be", REGISTERED)
    for command, data in (
        ("0670", ""),
        ("0670", container(tlv("1b", "03"))),
        ("0693", PASSWORD),
        ("0610", PASSWORD),
        ("0650", PASSWORD + container(tlv("1f26", "01"))),
        ("061a", ""),
        ("0679", ""),
        ("0618", ""),
    ):
        assert ecr.run(command, data).end.command == "060f", command
    assert ecr.run("06e0", "f001" + var("f1", b"BONJOUR") + "f901").answer.raw == OK
    for unknown in ("0fa1", "0885", "0606"):
        assert ecr.run(unknown).answer.raw.hex() == "848300"
    assert ecr.run("0601", amount(100) + "ee01").answer.raw.hex() == "848300", "an unknown field"


# --- odd but legal ------------------------------------------------------------------------------------


def test_bytes_come_one_by_one_glued_and_with_a_long_length(ecr: ForeignEcr) -> None:
    ecr.register("be", REGISTERED)
    for one in apdu("0601", amount(1010)):
        ecr.wire.write(bytes([one]))
        time.sleep(0.002)  # so that each is a segment of its own
    assert ecr.follow("0601").code == 0
    ecr.wire.send(apdu("0501"))
    assert ecr.wire.next().raw == OK
    assert ecr.wire.next().command == "060f"
    ecr.wire.write(OK + apdu("0601", amount(333)))
    assert ecr.follow("0601").code == 0
    assert ecr.run("0601", amount(444), extended=True).code == 0


@pytest.mark.parametrize(
    ("answer", "codes", "booked"),
    [
        ("840000", [0x00], 1),
        ("80000127", [0x00], 1),
        ("849c00", [0x00, 0x00], 1),
        ("849d0704000000000500", [0x00], 1),
        ("846c00", [0x00, 0x6C], 2),
        ("848300", [0x00, 0x6C], 2),
    ],
)
def test_every_answer_to_a_result(
    ecr: ForeignEcr, on_tcp: Simulated, answer: str, codes: list[int], booked: int
) -> None:
    ecr.register("be", REGISTERED)
    before = on_tcp.charges
    ecr.answers = {"040f": [bytes.fromhex(answer)]}
    paid = ecr.run("0601", amount(777))
    assert [one.fields[0x27][0] for one in paid.all("040f")] == codes
    assert paid.end.command == ("060f" if codes[-1] == 0 else "061e")
    assert on_tcp.charges - before == booked


def test_who_asks_to_wait_too_often_is_reversed(ecr: ForeignEcr, on_tcp: Simulated) -> None:
    ecr.register("be", REGISTERED)
    before = on_tcp.charges
    ecr.answers = {"040f": [bytes.fromhex("849c00")] * 2}
    paid = ecr.run("0601", amount(777) + "01050201")
    assert (paid.end.raw.hex(), on_tcp.charges - before) == ("061e016c", 2)


def test_a_register_that_cannot_print_or_knows_no_statuses(ecr: ForeignEcr) -> None:
    ecr.register("be", REGISTERED)
    ecr.answers = {"06d1": [bytes.fromhex("84cc00")] * 99, "04ff": [bytes.fromhex("848300")] * 9}
    paid = ecr.run("0601", amount(778))
    assert (paid.code, paid.end.command) == (0, "060f")


@pytest.mark.parametrize("answer_first", [True, False])
@pytest.mark.parametrize(("at", "honoured"), [("", True), ("04ff", True), ("040f", False), ("06d1", False)])
def test_an_abort_at_each_moment(unhurried: Simulated, at: str, honoured: bool, answer_first: bool) -> None:
    before = unhurried.charges
    with tcp_register("127.0.0.1", unhurried.port) as ecr:
        ecr.register("be", REGISTERED)
        ecr.wire.send(apdu("0601", amount(555)))
        if not at:
            ecr.wire.send(apdu("06b0"))
        answers = []
        while (heard := ecr.wire.next()).command not in ("060f", "061e"):
            if heard.raw[0] in (0x80, 0x84):
                answers.append(heard.raw.hex())
                continue
            both = [OK, apdu("06b0")] if heard.command == at else [OK]
            at = "" if heard.command == at else at
            for one in both if answer_first else reversed(both):
                ecr.wire.send(one)
        ecr.wire.send(OK)
        assert heard.raw.hex() == ("061e016c" if honoured else "060f00")
        assert answers == (["800000"] * 2 if honoured else ["800000", "848300"])
        assert ecr.run("0501").end.command == "060f"
    assert unhurried.charges - before == (0 if honoured else 1)


def test_sockets_closed_between_commands_and_opened_again_at_once(on_tcp: Simulated) -> None:
    with tcp_register("127.0.0.1", on_tcp.port) as ecr:
        ecr.register("be", REGISTERED, more="0600")
    for _ in range(8):
        with tcp_register("127.0.0.1", on_tcp.port) as ecr:
            assert ecr.run("0501").end.command == "060f"
    with tcp_register("127.0.0.1", on_tcp.port) as ecr:
        paid = ecr.run("0601", amount(100))
        assert paid.code == 0
        assert paid.result.objects, "the registration outlives the socket"


def test_a_socket_closed_before_the_answer_to_a_result(on_tcp: Simulated) -> None:
    with tcp_register("127.0.0.1", on_tcp.port) as ecr:
        ecr.register("be", REGISTERED)
        ecr.wire.send(apdu("0601", amount(909)))
        ecr.until("040f")
    with tcp_register("127.0.0.1", on_tcp.port) as ecr:
        last = ecr.last()
        assert (last.code, last.result.fields[0x04].hex()) == (0xB4, "000000000909"), "undone (ch. 2.2.8)"


def test_a_register_that_falls_silent_is_hung_up_on(tmp_path: Path) -> None:
    with (
        simulated(tmp_path, "--tcp", "127.0.0.1:0", terminal="t3_s = 0.5") as terminal,
        tcp_register("127.0.0.1", terminal.port) as ecr,
    ):
        ecr.wire.send(apdu("0601", amount(100)))
        ecr.until("040f")
        assert isinstance(ecr.wire, TcpWire)
        assert ecr.wire.closed()
