"""`terminal-simulator clinic`: the sample clinic backend with its pages."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from simulator.declared import SettingError
from simulator.ending import NOT_TO_BE_HAD, WRONG_USE, ended

_SETTINGS = Path("clinic.toml")


def run_clinic(
    settings: Annotated[Path, typer.Option(help="its TOML file: see docs/operations.md")] = _SETTINGS,
) -> None:
    """Serve the sample clinic's pages until Ctrl-C: cards on file, payments, bookings, with real agents."""
    # The pages' libraries take a third of a second to load: the other commands do without them.
    from simulator.clinic.database import DatabaseError  # noqa: PLC0415 - see above
    from simulator.clinic.running import serve  # noqa: PLC0415 - see above
    from simulator.clinic.settings import load  # noqa: PLC0415 - see above
    from terminal_agent.client import BrokerAwayError  # noqa: PLC0415 - see above

    try:
        asyncio.run(serve(load(settings), lambda address: print(f"the clinic is at {address}", flush=True)))
    except (SettingError, DatabaseError) as error:
        raise ended(str(error), WRONG_USE) from None
    except (OSError, BrokerAwayError) as error:
        raise ended(f"cannot start: {error}", NOT_TO_BE_HAD) from None
