"""The other side of the cable: simulated terminals, card readers and an acquirer's vault, with a ledger."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from simulator import scenario as scenarios
from simulator.acquirer.ledger import FileLedger, read
from simulator.acquirer.lines import LedgerError
from simulator.acquirer.totals import balance, live_charges, open_holds, tokens_kept
from simulator.clinic.commands import run_clinic
from simulator.control_socket import tell
from simulator.declared import SettingError
from simulator.ending import NOT_TO_BE_HAD, WRONG_USE, ended
from simulator.reader.commands import app as reader_app
from simulator.running import Running, address, run, tls, wire_end
from simulator.vault.diary import DiaryError
from simulator.vault.running import certified, opened, serve
from simulator.vault.settings import VaultPlan, load
from simulator.zvt.state import FileStore, MemoryStore, StateError

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
app.add_typer(reader_app, name="reader")
app.command("clinic")(run_clinic)

LedgerPath = Annotated[Path, typer.Option("--ledger", help="the money ledger, JSON lines, only appended to")]
"""The ledger's option."""


@app.command()
def zvt(
    *,
    serial: Annotated[
        str | None,
        typer.Option(help="a path to make for a pty, or an existing serial device; - for a pty without path"),
    ] = None,
    tcp: Annotated[
        str | None,
        typer.Option(
            help="HOST:PORT to listen on; :PORT for this machine alone; port 20007 if absent, 0 for any"
        ),
    ] = None,
    scenario: Annotated[str | None, typer.Option(help="a shipped scenario's name, or a TOML file")] = None,
    ledger: LedgerPath = Path("ledger.jsonl"),
    state: Annotated[Path | None, typer.Option(help="what the terminal remembers over a restart")] = None,
    control: Annotated[
        Path | None, typer.Option(help="a UNIX socket for tests: see simulator.control")
    ] = None,
    keys: Annotated[bool, typer.Option("--keys", help="be the cardholder at the keyboard")] = False,
    seed: Annotated[
        int | None, typer.Option(help="of the cardholder's jitter and the approval codes")
    ] = None,
    baud: Annotated[int, typer.Option(help="of a real serial device")] = 9600,
    tls_cert: Annotated[Path | None, typer.Option(help="PEM: TLS on TCP with this certificate")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM: its key")] = None,
) -> None:
    """Run one ZVT terminal until Ctrl-C."""
    try:
        chosen = (scenarios.find(scenario) if scenario else scenarios.Scenario()).seeded(seed)
        end = wire_end(
            serial, tcp, baud=baud, idle_close_s=chosen.terminal.idle_close_s, tls=tls(tls_cert, tls_key)
        )
        book, store = FileLedger(ledger), FileStore(state) if state else MemoryStore()
        asyncio.run(run(Running(chosen, end, book, store, control, keys)))
    except (SettingError, LedgerError, StateError) as error:
        raise ended(str(error), WRONG_USE) from None
    except OSError as error:
        raise ended(f"cannot start at {serial or tcp}: {error}", NOT_TO_BE_HAD) from None


@app.command()
def vault(
    *,
    https: Annotated[
        str, typer.Option(help="HOST:PORT to listen on; :PORT for this machine alone")
    ] = ":8443",
    ledger: LedgerPath = Path("ledger.jsonl"),
    faults: Annotated[
        Path | None, typer.Option(help="a TOML file of settings and faults: see docs/operations.md")
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(
            help="what it remembers over a restart; beside the ledger, as ledger.vault.jsonl, if absent"
        ),
    ] = None,
    certificates: Annotated[
        Path, typer.Option(help="folder in which a certificate and the authority to trust are made")
    ] = Path("vault-certificates"),
    tls_cert: Annotated[Path | None, typer.Option(help="PEM: this certificate instead")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM: its key")] = None,
) -> None:
    """Run the acquirer's vault until Ctrl-C.

    It opens frames that were encrypted with the public demo key, takes test cards alone, and knows its orders
    and tokens again after a restart."""
    try:
        host, port = address("--https", https, 8443)
        plan = load(faults) if faults is not None else VaultPlan()
        given = tls(tls_cert, tls_key)
        desk = opened(plan, ledger, state)
        asyncio.run(serve(desk, host, port, given or certified(certificates, host)))
    except (SettingError, LedgerError, DiaryError) as error:
        raise ended(str(error), WRONG_USE) from None
    except OSError as error:
        raise ended(f"cannot start at {https}: {error}", NOT_TO_BE_HAD) from None


@app.command("tell")
def tell_device(
    control: Annotated[Path, typer.Argument(help="the socket that the device was given with --control")],
    request: Annotated[str, typer.Argument(help='as \'{"do": "status"}\': simulator.control has them all')],
) -> None:
    """Tell a device that runs what to do, from another window or a script."""
    try:
        asked = json.loads(request)
    except ValueError:
        raise ended(f"{request!r} is not JSON; give one object, in single quotes", WRONG_USE) from None
    try:
        answer = tell(control, asked)
    except (OSError, ValueError) as error:
        raise ended(f"no device answers at {control}: {error}", NOT_TO_BE_HAD) from None
    if not answer["ok"]:
        raise ended(str(answer["error"]), WRONG_USE)
    print(json.dumps(answer, ensure_ascii=False))


@app.command("tokens")
def show_tokens(
    path: Annotated[Path, typer.Argument(help="the ledger file")] = Path("ledger.jsonl"),
) -> None:
    """Print the cards that a vault keeps, as its ledger tells them; tokens are shown in part."""
    try:
        kept = tokens_kept(read(path))
    except (LedgerError, OSError) as error:
        raise ended(str(error), WRONG_USE) from None
    for line in kept:
        shown = f"{line.token[:4]}…{line.token[-4:]}"
        print(
            f"{shown:12} {line.at:%Y-%m-%d %H:%M:%S} {line.terminal:10} {line.brand} {line.card[-4:]} "
            f"customer {line.customer}"
        )
    print(f"{len(kept)} cards kept")


@app.command("ledger")
def show_ledger(
    path: Annotated[Path, typer.Argument(help="the ledger file")] = Path("ledger.jsonl"),
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object instead of a table")] = False,
) -> None:
    """Print the lines of a money ledger and what they add up to."""
    try:
        lines = read(path)
    except (LedgerError, OSError) as error:
        raise ended(str(error), WRONG_USE) from None
    sums = {
        "balance_minor": balance(lines),
        "live_charges": [line.id for line in live_charges(lines)],
        "open_holds": [line.id for line in open_holds(lines)],
    }
    if as_json:
        table = [{**asdict(line), "at": line.at.isoformat()} for line in lines]
        print(json.dumps({"lines": table, **sums}, ensure_ascii=False, indent=1))
        return
    for line in lines:
        undoes = f"  -> {line.reverses}" if line.reverses else ""
        print(
            f"{line.id:14} {line.at:%Y-%m-%d %H:%M:%S} {line.kind:11} {line.amount_minor / 100:10.2f} "
            f"{line.currency} receipt {line.receipt} {line.brand} {line.card[-4:]} {line.reason}{undoes}"
        )
    total = ", ".join(f"{minor / 100:.2f} {currency}" for currency, minor in balance(lines).items()) or "0.00"
    print(f"balance {total}; live charges {len(live_charges(lines))}; open holds {len(open_holds(lines))}")


@app.command("scenarios")
def list_scenarios() -> None:
    """List the scenarios that come with the simulator."""
    for name, one in scenarios.shipped().items():
        print(f"{name:24} {one.title}")


def main() -> None:
    """The program's entry point."""
    app()


if __name__ == "__main__":
    main()
