"""The judge: `python -m simulator.demo.verdict LEDGER [VAULT] TRAFFIC`, a process that has these files alone:
the terminal's ledger, the vault's, and the recorded traffic.

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
_AGREE = Phrase("VERDICT : les registres et le trafic concordent.", "VERDICT: ledgers and traffic agree.")
_DISAGREE = Phrase(
    "VERDICT : les registres et le trafic NE concordent PAS.", "VERDICT: ledgers and traffic do NOT agree."
)


def main(arguments: list[str]) -> int:
    """Read, compare, say what was found."""
    if len(arguments) not in (2, 3):
        print("use: python -m simulator.demo.verdict LEDGER [VAULT] TRAFFIC", file=sys.stderr)
        return UNUSABLE
    *ledgers, heard = (Path(argument) for argument in arguments)
    try:
        traffic = read_traffic(heard)
        lines = [read(ledger) for ledger in ledgers]
    except (LedgerError, TrafficError, OSError) as error:
        print(error, file=sys.stderr)
        return UNUSABLE
    findings = compare(lines[0], traffic, *lines[1:])
    agree = all(finding.good for finding in findings)
    transcript = to_stdout(os.environ)
    for finding in findings:
        transcript.check(finding.good, finding.phrase)
    transcript.check(agree, _AGREE if agree else _DISAGREE)
    return AGREE if agree else DISAGREE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
