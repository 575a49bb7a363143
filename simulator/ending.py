"""How the simulator's programs end when they cannot do what they were asked."""

from __future__ import annotations

import sys

import typer

WRONG_USE, NOT_TO_BE_HAD = 2, 3
"""Exit codes: a wrong option, scenario or file; a port, device or path that could not be opened."""


def ended(message: str, code: int) -> typer.Exit:
    """To be raised: the message goes to standard error."""
    print(message, file=sys.stderr)
    return typer.Exit(code)
