"""The whole settings file: `[agent]`, `[log]`, `[broker]`, `[journal]`, `[clock]` and the terminals."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, Strict, model_validator

from terminal_agent.settings.terminal import Terminal
from terminal_agent.settings.types import LocalPath, OpaqueId, Port, Section, ShownName, Tls

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Agent(Section):
    """Who this agent is and where it keeps what it must not forget."""

    clinic: OpaqueId = Field(description="The clinic's opaque id, as the backend knows it")
    id: OpaqueId = Field(description="This agent's id: unique per broker, equal to its certificate's CN")
    point_of_service: ShownName = Field(description="The point of service, as staff know it")
    state_dir: LocalPath = Field(
        description="The agent's own folder, mode 0700, on a disk that keeps what it was told to keep"
    )


class Log(Section):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least important that is told"
    )
    format: Literal["json", "console"] = Field(default="json", description="JSON lines, or text for people")


class Broker(Section):
    """The MQTT broker, the one way to the cloud."""

    host: str = Field(min_length=1, description="Name or address of the broker")
    port: Port = Field(default=8883, description="Port; usually 8883 with TLS, 1883 without")
    tls: Tls | None = Field(default=None, description="Required unless the broker is on this machine")
    protocol: Literal["5", "3.1.1"] = Field(default="5", description="MQTT version")
    root_topic: str = Field(
        default="clinics/v1",
        pattern=r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$",
        description="The first levels of every topic, as the broker's ACL has them",
    )
    keepalive_s: int = Field(default=20, ge=5, le=1200, description="Seconds of silence before a ping")
    session_expiry_s: int = Field(
        default=86_400, ge=60, le=30 * 86_400, description="Seconds that commands are kept for us when away"
    )

    @model_validator(mode="after")
    def _encrypted_unless_local(self) -> Self:
        if self.tls is None and self.host not in LOOPBACK:
            raise ValueError(
                f"without TLS only a broker on this machine is allowed ({', '.join(LOOPBACK)}); "
                "add [broker.tls] with ca, certificate and key"
            )
        if self.tls is not None and self.tls.certificate is None:
            raise ValueError("[broker.tls] lacks certificate and key; the broker knows agents by them")
        return self


class Journal(Section):
    """The journal of operations: one SQLite file."""

    path: LocalPath | None = Field(
        default=None, description="The file; journal.sqlite3 in the state_dir if absent"
    )
    reserve_mib: int = Field(
        default=16, ge=1, le=1024, description="MiB kept aside so that open operations finish on a full disk"
    )
    floor_mib: int = Field(
        default=64, ge=1, le=65_536, description="Free MiB below which new operations are refused (disk_low)"
    )
    retention_days: int = Field(
        default=90, ge=1, le=3650, description="Days after which payloads that the backend has are dropped"
    )


class Clock(Section):
    """Trust in this machine's clock."""

    max_offset_s: Annotated[float, Strict(False)] = Field(
        default=5.0, ge=0.5, le=300, description="Seconds off the backend's time that make money refused"
    )


class Settings(Section):
    """The whole file."""

    agent: Agent
    log: Log = Field(default=Log())
    broker: Broker
    journal: Journal = Field(default=Journal())
    clock: Clock = Field(default=Clock())
    terminals: Annotated[tuple[Terminal, ...], Strict(False)] = Field(
        default=(), description="The terminals, one [[terminals]] table each"
    )

    @model_validator(mode="after")
    def _terminals_apart(self) -> Self:
        seen: dict[str, str] = {}
        for terminal in self.terminals:
            for claim, remedy in _claims(terminal).items():
                if claim in seen:
                    raise ValueError(f"terminals {seen[claim]!r} and {terminal.id!r} share {claim}; {remedy}")
                seen[claim] = terminal.id
        return self

    @property
    def journal_path(self) -> Path:
        """Where the journal is."""
        return self.journal.path or self.agent.state_dir / "journal.sqlite3"

    def terminal(self, terminal_id: str) -> Terminal | None:
        """The terminal of that id, if there is one."""
        return next((one for one in self.terminals if one.id == terminal_id), None)


def _claims(terminal: Terminal) -> dict[str, str]:
    """What no two terminals may share, each with what to do when two do."""
    claims = {f"the id {terminal.id!r}": "give each its own"}
    tcp, serial, usb = terminal.tcp, terminal.serial, terminal.usb
    if usb is not None:
        number = f" number {usb.serial_number!r}" if usb.serial_number else " without a serial number"
        claims[f"the reader {usb.vid}:{usb.pid or 'any'}{number}"] = "give each its own `serial_number`"
    elif tcp is not None:
        claims[f"the address {tcp.host.lower()}:{tcp.port}"] = "give each its own"
    elif serial is not None and serial.path is not None:
        claims[f"the port {serial.path}"] = "give each its own"
    elif serial is not None and serial.serial_number is not None:
        claims[f"the adapter {serial.vid}:{serial.pid} number {serial.serial_number!r}"] = "give each its own"
    elif serial is not None:
        claims[f"the adapter {serial.vid}:{serial.pid} without a serial number"] = (
            "give each its `serial_number`, or its `path` where the adapters have none"
        )
    return claims
