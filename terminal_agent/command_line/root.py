"""`terminal-agent check | devices | journal …`, and the help of all commands."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from terminal_agent import cli
from terminal_agent.checks.devices import Device, devices
from terminal_agent.checks.findings import Finding, exit_code
from terminal_agent.checks.whole import check_all
from terminal_agent.command_line import journal
from terminal_agent.command_line.output import say, say_json

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # it would print locals
    help="Drives a clinic's payment terminals for its cloud backend.",
)
app.add_typer(journal.app, name="journal")

# Not `readable`: whether it can be read is for the settings to say, with what to do about it.
Config = Annotated[Path, typer.Option("--config", readable=False, help="the settings file")]
Json = Annotated[bool, typer.Option("--json", help="one JSON object per line")]


@app.command("run")
def run(config: Config = cli.DEFAULT_CONFIG) -> None:
    """Run the agent until SIGTERM or SIGINT."""
    raise typer.Exit(cli.run(["--config", str(config)]))


@app.command("check")
def check(config: Config = cli.DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Try settings, systemd unit, state, journal, clock, broker and terminals, without moving money.

    Exit code: 0 well, 2 settings, 3 state folder or journal, 4 broker, 5 terminal, 6 clock, 7 unit; of
    several failures the first in this order.
    """
    findings = asyncio.run(_look(config, as_json))
    code = exit_code(findings)
    if not as_json:
        failed = sorted({finding.part for finding in findings if finding.level == "failed"})
        say(f"failed: {', '.join(failed)}" if failed else "all is well")
    raise typer.Exit(code)


async def _look(config: Path, as_json: bool) -> list[Finding]:
    findings = []
    async for finding in check_all(config):
        findings.append(finding)
        if as_json:
            say_json(finding.as_dict())
        else:
            say(f"{finding.level:<8} {finding.part:<9} {finding.name}: {finding.text}")
    return findings


@app.command("devices")
def list_devices(as_json: Json = False) -> None:
    """List serial ports and card readers, who holds them, and the settings that find each of them again."""
    found = devices()
    for device in found:
        if as_json:
            say_json(device.as_dict())
        else:
            _say_device(device)
    if not found and not as_json:
        say("no serial port and no reader; plug it in, or see whether its driver is loaded")


def _say_device(device: Device) -> None:
    product = f" ({device.port.product})" if device.port.product else ""
    holder = f", held by {device.holder}" if device.holder else ""
    say(f"{device.port}{product}{holder}")
    for line in device.settings.splitlines():
        say(f"    {line}")
