"""When our certificate ends and whom it names.

The library that reads certificates costs 8 MiB, and the agent asks once a day: so it asks a child process.
`python -m terminal_agent.observability.certificate FILE` prints the answer as JSON.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

CHILD_LIMIT_S = 20.0


@dataclass(frozen=True, slots=True)
class Certificate:
    """The first certificate of a PEM file: its common name ("" if none) and its validity, UTC."""

    common_name: str
    not_before: datetime
    not_after: datetime

    def days_left(self, now: datetime) -> int:
        """Whole days until it ends; negative once it has."""
        return (self.not_after - now).days


class CertificateError(ValueError):
    """A file that is no readable certificate. The text names the file and what to do."""


def read(path: Path) -> Certificate:
    """Read in this process; loads the certificate library. Raises CertificateError."""
    from cryptography import x509  # noqa: PLC0415 - see the module's docstring

    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        raise CertificateError(
            f"{path} cannot be read: {error.strerror}; correct the path or its rights"
        ) from None
    except ValueError:
        raise CertificateError(f"{path} holds no certificate in PEM form") from None
    names = found.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return Certificate(
        str(names[0].value) if names else "", found.not_valid_before_utc, found.not_valid_after_utc
    )


async def read_apart(path: Path) -> Certificate:
    """Read in a child process. Raises CertificateError."""
    command = [sys.executable, "-m", __name__, str(path)]
    return _parsed(path, await asyncio.to_thread(_output, command))


def _output(command: list[str]) -> str:
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=CHILD_LIMIT_S)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return run.stdout


def _parsed(path: Path, output: str) -> Certificate:
    if not output:
        raise CertificateError(f"{path} could not be looked into; is there memory for a child process?")
    told = json.loads(output)
    if "error" in told:
        raise CertificateError(told["error"])
    moments = (datetime.fromisoformat(told[key]).astimezone(UTC) for key in ("not_before", "not_after"))
    return Certificate(told["common_name"], *moments)


def _told(path: Path) -> dict[str, str]:
    try:
        found = read(path)
    except CertificateError as error:
        return {"error": str(error)}
    return {
        "common_name": found.common_name,
        "not_before": found.not_before.isoformat(),
        "not_after": found.not_after.isoformat(),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_told(Path(sys.argv[1]))))
