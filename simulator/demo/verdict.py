"""The judge: `python -m simulator.demo.verdict LEDGER TRAFFIC`, a process that has these two files alone.

Exit codes: 0 they agree, 1 they do not (it says where), 2 a file cannot be read or is not what it should be.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from simulator.acquirer.ledger import read
from simulator.acquirer.lines import LedgerError
from simulator.demo.agreement import compare
from simulator.demo.traffic import TrafficError, read_traffic
from simulator.demo.transcript import Phrase, to_stdout

AGREE, DISAGREE, UNUSABLE = 0, 1, 2
_AGREE = Phrase("VERDICT : le registre et le trafic concordent.", "VERDICT: ledger and traffic agree.")
_DISAGREE = Phrase(
    "VERDICT : le registre et le trafic NE concordent PAS.", "VERDICT: ledger and traffic do NOT agree."
)


def main(arguments: list[str]) -> int:
    """Read, compare, say what was found."""
    if len(arguments) != 2:
        print("use: python -m simulator.demo.verdict LEDGER TRAFFIC", file=sys.stderr)
        return UNUSABLE
    try:
        lines, traffic = read(Path(arguments[0])), read_traffic(Path(arguments[1]))
    except (LedgerError, TrafficError, OSError) as error:
        print(error, file=sys.stderr)
        return UNUSABLE
    findings = compare(lines, traffic)
    agree = all(finding.good for finding in findings)
    transcript = to_stdout(os.environ)
    for finding in findings:
        transcript.check(finding.good, finding.phrase)
    transcript.check(agree, _AGREE if agree else _DISAGREE)
    return AGREE if agree else DISAGREE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
