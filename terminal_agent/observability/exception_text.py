"""An exception in plain types: what, why, where. No locals, no source lines, no arguments."""

from __future__ import annotations

import traceback
from typing import Any

MOST_PLACES = 30
MOST_CAUSES = 5


def described(error: BaseException, depth: int = 0) -> dict[str, Any]:
    """`type`, `text`, `at` (innermost last), and `cause` or `parts` where there are some."""
    tree: dict[str, Any] = {"type": type(error).__qualname__, "text": str(error), "at": _places(error)}
    if code := getattr(error, "code", None):
        tree["code"] = str(code)
    if depth >= MOST_CAUSES:
        return tree
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        tree["cause"] = described(cause, depth + 1)
    if isinstance(error, BaseExceptionGroup):
        tree["parts"] = [described(part, depth + 1) for part in error.exceptions[:MOST_CAUSES]]
    return tree


def _places(error: BaseException) -> list[str]:
    frames = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), lookup_lines=False)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-MOST_PLACES:]]
