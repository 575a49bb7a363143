"""Fail when a Python file that is not a table passes 400 lines; list those past 250 for a second look."""

import sys
from pathlib import Path

ROOTS = ("protocols", "drivers", "terminal_agent", "simulator", "tests", ".ci")
SPLIT_AT, QUESTION_AT = 400, 250
# A table is data in Python's clothes: one declaration per wire code.
TABLES = {"protocols/zvt/codes.py", "protocols/contract/wording.py", "protocols/contract/wire_words.py"}

sizes = {
    path.as_posix(): len(path.read_text(encoding="utf-8").splitlines())
    for root in ROOTS
    for path in Path(root).rglob("*.py")
}
questioned = sorted(
    (lines, name) for name, lines in sizes.items() if lines > QUESTION_AT and name not in TABLES
)
for lines, name in questioned:
    print(f"{'too long' if lines > SPLIT_AT else 'long'}: {name} has {lines} lines")
if any(lines > SPLIT_AT for lines, _ in questioned):
    sys.exit(f"a file above {SPLIT_AT} lines wants a second room")
