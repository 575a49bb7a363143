"""One way out for every log line: JSON or text, ids bound, card numbers masked, never an exception."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from terminal_agent.observability import logs
from terminal_agent.observability.logs import bound, configure, get_logger

VISA = "4111111111111111"


class Told(io.StringIO):
    """What was logged."""

    def lines(self) -> list[dict[str, Any]]:
        """Each line as JSON."""
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def told() -> Iterator[Told]:
    """Logs as JSON into memory; logging is put back afterwards."""
    stream = Told()
    yield from configured(stream, "json")


def configured(stream: Told, line_format: Any) -> Iterator[Told]:
    root = logging.getLogger()
    level = root.level
    stop = configure("info", line_format, stream)
    yield stream
    root.removeHandler(stop)
    root.setLevel(level)
    logging.captureWarnings(False)


def fail(text: str, cause: Exception | None = None) -> None:
    """Raise from a function that has something to hide."""
    secret = "do-not-show-me"  # a local, as a password would be
    raise RuntimeError(text + secret[:0]) from cause


def test_seconds_are_told_to_the_millisecond(told: Told) -> None:
    """The sixteen digits of a float may pass for a card number: these would."""
    get_logger("terminal_agent.x").info("away", pause_s=1.1271746184182614)
    (line,) = told.lines()
    assert (line["pause_s"], "masked" in line) == (1.127, False)


def test_a_line_is_json_with_time_level_event_and_fields(told: Told) -> None:
    get_logger("terminal_agent.x").info("sale_begun", amount_minor=1000, terminal="front")
    (line,) = told.lines()
    assert list(line)[:3] == ["time", "level", "event"]
    assert line["time"].endswith("Z")
    assert {key: line[key] for key in ("level", "event", "amount_minor", "terminal", "logger")} == {
        "level": "info",
        "event": "sale_begun",
        "amount_minor": 1000,
        "terminal": "front",
        "logger": "terminal_agent.x",
    }


def test_seconds_are_short_so_that_none_looks_like_a_card_number(told: Told) -> None:
    get_logger("terminal_agent.test").info("waiting", next_start_in_s=0.3912420375106891)
    assert told.lines()[0]["next_start_in_s"] == 0.391


def test_text_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    stream = Told()
    for _ in configured(stream, "console"):
        try:
            fail("gone")
        except RuntimeError:
            get_logger("drivers.x").exception("link_lost", link="terminal/7")
    first, second, *places = stream.getvalue().splitlines()
    assert "error    link_lost" in first
    assert "link=terminal/7" in first
    assert second.strip() == "RuntimeError: gone"
    assert "test_logs.py" in places[0]
    assert capsys.readouterr() == ("", "")


def test_ids_are_bound_within_and_in_tasks_started_there(told: Told) -> None:
    log = get_logger("terminal_agent.x")

    async def work() -> None:
        log.info("inside")

    async def main() -> None:
        with bound(operation_id="op", terminal="front"):
            await asyncio.create_task(work())
        log.info("outside")

    asyncio.run(main())
    inside, outside = told.lines()
    assert (inside["operation_id"], inside["terminal"]) == ("op", "front")
    assert "operation_id" not in outside


def test_levels(told: Told) -> None:
    get_logger("terminal_agent.x").debug("too_fine")
    logging.getLogger("mqtt").info("library chatter")
    logging.getLogger("mqtt").warning("library trouble %d", 5)
    assert [line["event"] for line in told.lines()] == ["library trouble 5"]


def test_libraries_and_warnings_take_the_same_way(told: Told) -> None:
    with bound(terminal="front"):
        logging.getLogger("asyncio").error("slow callback")
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("old", DeprecationWarning, stacklevel=1)
    slow, old = told.lines()
    assert (slow["logger"], slow["terminal"]) == ("asyncio", "front")
    assert "DeprecationWarning: old" in old["event"]


@pytest.mark.card_numbers_on_purpose
def test_card_numbers_are_masked_wherever_they_stand_and_counted(told: Told) -> None:
    told_of: list[tuple[str, Sequence[str]]] = []
    logs.when_masked(lambda logger, forms: told_of.append((logger, forms)))
    log = get_logger("terminal_agent.x")
    log.info(f"read {VISA}", nested={"pan": [VISA]}, number=int(VISA), raw=VISA.encode())
    try:
        fail(VISA)
    except RuntimeError:
        log.exception("broken")
    logging.getLogger("mqtt").warning("payload %s", VISA.encode().hex())
    assert VISA not in told.getvalue()
    first, second, third = told.lines()
    assert (first["masked"], second["masked"], third["masked"]) == (3, 1, 1)
    assert first["raw"] == "<16 bytes>"
    assert told_of == [
        ("terminal_agent.x", ("digits",) * 3),
        ("terminal_agent.x", ("digits",)),
        ("mqtt", ("hex",)),
    ]


def test_an_exception_shows_type_text_places_and_cause_but_no_locals(told: Told) -> None:
    try:
        fail("sale", OSError("unplugged"))
    except RuntimeError:
        get_logger("terminal_agent.x").exception("crashed")
    (line,) = told.lines()
    assert (line["exception"]["type"], line["exception"]["text"]) == ("RuntimeError", "sale")
    assert line["exception"]["cause"]["type"] == "OSError"
    assert "test_logs.py" in line["exception"]["at"][0]
    assert "do-not-show-me" not in told.getvalue()


class AwkwardError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_logging_never_raises_and_counts_what_it_lost(told: Told) -> None:
    log = get_logger("terminal_agent.x")
    log.error("bad_exception", exc_info=AwkwardError())
    log.info("odd", value=object(), key={1: {2: {3}}})
    assert [line["event"] for line in told.lines()] == ["odd"]
    assert logs.dropped_lines() == 1


def test_a_library_that_cannot_format_its_line_does_no_harm() -> None:
    stop = configure("info", "json", Told())
    logging.getLogger().removeHandler(stop)
    stop.handle(logging.makeLogRecord({"msg": "%d", "args": ("not a number",), "levelno": logging.WARNING}))
    assert stop.dropped == 1


def test_a_closed_stream_does_not_stop_the_caller(told: Told) -> None:
    told.close()
    get_logger("terminal_agent.x").info("nobody_reads")
    assert logs.dropped_lines() == 1


def test_configuring_again_replaces_the_way_out(told: Told) -> None:
    second = Told()
    for _ in configured(second, "json"):
        get_logger("terminal_agent.x").info("once")
    assert told.getvalue() == ""
    assert len(second.lines()) == 1


def test_unconfigured_nothing_is_written_and_rich_is_not_loaded() -> None:
    code = (
        "import sys\nfrom terminal_agent.observability.logs import get_logger\n"
        f"get_logger('terminal_agent.x').error('{VISA}')\n"
        "print('rich' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert (run.stdout, run.stderr) == ("False\n", "")
