"""Structured logs: one line per event on standard error, ids bound, card numbers masked last, no payload.

Ours (structlog) and those of libraries (stdlib logging, warnings) take the same way out. Bytes are shown by
their length, exceptions by type, text and places, never with locals. Logging never raises: a line that cannot
be made or written is counted in `dropped_lines()`.

    log = get_logger(__name__)
    with bound(operation_id=…, terminal=…):
        log.info("sale_begun", amount_minor=1000)
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, TextIO, cast

from terminal_agent.observability.exception_text import described
from terminal_agent.redaction import clean
from terminal_agent.tripwire.forms import Form

# structlog.dev imports the whole of rich if it is there: 5 MiB and 0.1 s for a renderer that we do not use.
_HIDE_RICH = "rich" not in sys.modules
if _HIDE_RICH:
    sys.modules["rich"] = cast(Any, None)
import structlog  # noqa: E402 - must come after rich is hidden

if _HIDE_RICH:
    del sys.modules["rich"]

Logger = structlog.stdlib.BoundLogger
Event = MutableMapping[str, Any]

OURS = ("terminal_agent", "drivers", "protocols")
FIRST_KEYS = ("time", "level", "event")


def get_logger(name: str) -> Logger:
    """The logger of a module; pass `__name__`."""
    return structlog.stdlib.get_logger(name)


def bound(**ids: str) -> AbstractContextManager[None]:
    """Bind ids (operation_id, terminal, link) to every line within, in this task and those it starts."""
    return structlog.contextvars.bound_contextvars(**ids)


class LastStop(logging.StreamHandler[TextIO]):
    """Writes lines. Counts those it could not make or write, instead of printing or raising."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.dropped = 0
        self.on_masked: Callable[[str, Sequence[Form]], None] | None = None

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - logging names both
        """Called by logging when formatting or writing failed."""
        self.dropped += 1

    def mask(self, _logger: Any, _method: str, event: Event) -> Event:
        """Card numbers out, as the last step before rendering; the line tells how many in `masked`."""
        cleaned, found = clean(dict(event))
        plain = cast(Event, cleaned)
        if found and self.on_masked is not None:
            self.on_masked(str(plain.get("logger", "")), found)
        return {**plain, "masked": len(found)} if found else plain


_last_stop: LastStop | None = None


def configure(
    level: str, line_format: Literal["json", "console"] = "json", stream: TextIO | None = None
) -> LastStop:
    """Send every log line to `stream` (standard error). Calling it again replaces what was set up before."""
    global _last_stop  # noqa: PLW0603 - a process has one way out for its logs, as logging itself has one root
    root, stop = logging.getLogger(), LastStop(stream or sys.stderr)
    if _last_stop is not None:
        root.removeHandler(_last_stop)
    stop.setFormatter(_formatter(stop, line_format))
    root.addHandler(stop)
    # Libraries at warning and above only: below it some tell what they carry.
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())
    logging.captureWarnings(True)
    _last_stop = stop
    return stop


def dropped_lines() -> int:
    """Lines that could not be made or written since start."""
    return _last_stop.dropped if _last_stop is not None else 0


def when_masked(tell: Callable[[str, Sequence[Form]], None]) -> None:
    """Have it told, from any thread, whose log line carried card numbers, and in which forms."""
    if _last_stop is not None:
        _last_stop.on_masked = tell


def _formatter(stop: LastStop, line_format: str) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            _describe_exception,
            _first_things_first,
            stop.mask,
            _as_json if line_format == "json" else _as_text,
        ],
    )


def _describe_exception(_logger: Any, _method: str, event: Event) -> Event:
    given = event.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given is True else given
    if isinstance(error, BaseException):
        event["exception"] = described(error)
    return event


def _short_numbers(_logger: Any, _method: str, event: Event) -> Event:
    """Seconds to the millisecond: the sixteen digits of a float may look like a card number."""
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in event.items()}


def _first_things_first(_logger: Any, _method: str, event: Event) -> Event:
    first = {key: event.pop(key) for key in FIRST_KEYS if key in event}
    return {**first, **event}


def _as_json(_logger: Any, _method: str, event: Event) -> str:
    return json.dumps(event, ensure_ascii=False)


def _as_text(_logger: Any, _method: str, event: Event) -> str:
    time, level, what = (str(event.pop(key, "")) for key in FIRST_KEYS)
    where = event.pop("exception", None)
    pairs = " ".join(f"{key}={value}" for key, value in event.items())
    return f"{time} {level:<8} {what} {pairs}".rstrip() + (_indented(where) if where else "")


def _indented(exception: Mapping[str, Any]) -> str:
    places = "".join(f"\n      {place}" for place in exception.get("at", ()))
    return f"\n    {exception.get('type')}: {exception.get('text')}{places}"


structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        _short_numbers,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
)
# Until `configure` is called nothing is written: logging's own last resort would not mask.
for _name in OURS:
    logging.getLogger(_name).addHandler(logging.NullHandler())
