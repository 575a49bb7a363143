"""`terminal-agent`: the way in. `run` takes the short way, without the libraries that only people need.

Exit codes: 0 well, 1 a defect, 2 settings or usage, 3 state folder or journal, 4 broker or its certificates,
5 a terminal, 6 the clock, 7 the systemd unit.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from terminal_agent.observability.logs import Logger
    from terminal_agent.settings import Settings

DEFAULT_CONFIG = Path(os.environ.get("TERMINAL_AGENT_CONFIG", "/etc/terminal-agent/agent.toml"))
SETTINGS, JOURNAL, BROKER = 2, 3, 4


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command of the command line and exit with its code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    from terminal_agent.tripwire import streams

    streams.mask_standard_streams()
    if words[:1] == ["run"]:
        sys.exit(run(words[1:]))
    from terminal_agent.command_line.root import app

    try:
        app(args=words, prog_name="terminal-agent")
    finally:
        streams.tell_if_masked()


def run(arguments: Sequence[str]) -> int:
    """Run the agent until it is asked to stop; the exit code."""
    parser = argparse.ArgumentParser("terminal-agent run", description="Run the agent.", allow_abbrev=False)
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, help="the settings file (%(default)s)")
    config: Path = parser.parse_args(arguments).config

    from protocols.registry import PROTOCOLS
    from terminal_agent.settings import SettingsError, load

    try:
        settings = load(config, PROTOCOLS)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return SETTINGS
    return _until_stopped(settings)


def _until_stopped(settings: Settings) -> int:
    from terminal_agent import app, collector, hardening
    from terminal_agent.errors import CertificatesUnusable, JournalUnusable
    from terminal_agent.observability import logs

    logs.configure(settings.log.level, settings.log.format, sys.__stderr__)  # they mask by themselves
    log = logs.get_logger(__name__)
    _log_what_nobody_caught(log)
    hardening.keep_memory_private()
    hardening.keep_files_private()
    collector.spare_what_stays()
    try:
        asyncio.run(app.run(settings))
    except JournalUnusable as error:
        log.critical("journal_unusable", code=error.code, why=str(error))
        return JOURNAL
    except CertificatesUnusable as error:
        log.critical("cannot_start", code=error.code, why=str(error), advice="terminal-agent check")
        return BROKER
    except OSError as error:
        log.critical("cannot_start", why=error.strerror, file=error.filename, advice="terminal-agent check")
        return JOURNAL
    return 0


def _log_what_nobody_caught(log: Logger) -> None:
    """An exception that ends the process, or a thread, goes the way of every log line: masked, no locals."""

    def told(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        log.critical("defect", exc_info=error)

    def told_of_thread(args: threading.ExceptHookArgs) -> None:
        log.critical("defect", thread=args.thread.name if args.thread else "", exc_info=args.exc_value)

    sys.excepthook = told
    threading.excepthook = told_of_thread
