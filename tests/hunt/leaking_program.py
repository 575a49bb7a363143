"""A program that leaks a card number on purpose, for the hunter: `leaking_program KIND FOLDER DIGITS`.

The digits come turned round, so that the command line itself is no find.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from pathlib import Path

KINDS = ("str", "bytes", "log", "file", "none")


def main(kind: str, folder: Path, turned: str) -> None:
    """Leak, say so, stay until standard input ends."""
    held: object = None
    match kind:
        case "str":
            held = f"card {turned[::-1]}"
        case "bytes":
            held = bytes.fromhex(turned[::-1])
        case "log":
            logging.basicConfig(filename=folder / "leak.log", level=logging.INFO)
            logging.info("read %s", " ".join(turned[::-1][at : at + 4] for at in range(0, len(turned), 4)))
        case "file":
            with tempfile.NamedTemporaryFile("wb", dir=folder, delete=False) as file:
                file.write(turned[::-1].encode("utf-16-le"))
    sys.stdout.write("leaked\n")
    sys.stdout.flush()
    sys.stdin.read()
    del held


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
