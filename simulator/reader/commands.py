"""`terminal-simulator reader`: a virtual card reader for one program, and what its frames hold."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Literal

import typer

from protocols.idtech.messages import Keyed, Swipe
from simulator.control_socket import tell
from simulator.declared import SettingError
from simulator.dukpt import KeySerialError
from simulator.ending import NOT_TO_BE_HAD, WRONG_USE, ended
from simulator.reader import shown
from simulator.reader.hands import held, request_of, security_code, usable
from simulator.reader.plan import ReaderPlan, load
from simulator.reader.prompt import HELP, said
from simulator.reader.running import run

app = typer.Typer(no_args_is_help=True, help="A virtual encrypting card reader: test cards, demo key.")

ReaderFile = Annotated[
    Path | None,
    typer.Option("--reader", help="a TOML file of settings and faults: see docs/operations.md"),
]


@app.command("run", context_settings={"ignore_unknown_options": True})
def run_program(
    command: Annotated[list[str], typer.Argument(help="the program with its options, after --")],
    reader: ReaderFile = None,
    control: Annotated[
        Path | None, typer.Option(help="a UNIX socket at which `reader tell` reaches the reader")
    ] = None,
) -> None:
    """Run a program, such as the agent, on a USB bus of its own with the reader plugged in.

    Acts are typed, one a line: swipe visa, key visa 123, unplug, plug 2, fault bad_lrc, status, stop. Ctrl-C
    ends the program and then the reader; the exit code is the program's."""
    try:
        code = asyncio.run(run(_plan(reader), command, control))
    except SettingError as error:
        raise ended(str(error), WRONG_USE) from None
    except OSError as error:
        raise ended(f"cannot start: {error}", NOT_TO_BE_HAD) from None
    raise typer.Exit(code)


@app.command("tell")
def tell_reader(
    control: Annotated[Path, typer.Argument(help="the socket that `reader run --control` was given")],
    words: Annotated[list[str], typer.Argument(help=HELP)],
) -> None:
    """Tell a reader that runs what to do, from another window or a script."""
    try:
        answer = tell(control, request_of(words))
    except SettingError as error:
        raise ended(str(error), WRONG_USE) from None
    except (OSError, ValueError) as error:
        raise ended(f"no reader answers at {control}: {error}", NOT_TO_BE_HAD) from None
    if not answer["ok"]:
        raise ended(said(answer), WRONG_USE)
    print(said(answer))


@app.command("show")
def show_frame(
    card: Annotated[str, typer.Argument(help=f"a test card: {', '.join(usable('swipe'))}")],
    form: Annotated[
        Literal["binary", "text"],
        typer.Option("--format", help="as USB carries it, or as a keyboard reader types it"),
    ] = "binary",
    keyed: Annotated[bool, typer.Option("--keyed", help="keyed on its keypad instead of swiped")] = False,
    code: Annotated[str, typer.Option(help="the security code that was keyed with it")] = "",
    reader: ReaderFile = None,
) -> None:
    """Print the first frame that the reader makes of a test card, in hexadecimal, with its fields named."""
    try:
        settings = _plan(reader).settings
        if keyed:
            read: Swipe | Keyed = shown.keyed(held("keyed", card), security_code(code), settings)
        else:
            read = shown.swiped(held("swipe", card), settings)
    except (SettingError, KeySerialError, OSError) as error:
        raise ended(str(error), WRONG_USE) from None
    for row in shown.rows(read, form):
        print(row)


def _plan(path: Path | None) -> ReaderPlan:
    return load(path) if path is not None else ReaderPlan()
