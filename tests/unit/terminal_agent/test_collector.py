"""What stays for ever is no work for the collector. In a process of its own: this one still makes things."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import gc
import terminal_agent.app
from terminal_agent.collector import spare_what_stays
spare_what_stays()
print(gc.get_freeze_count(), len(gc.get_objects()))
"""


def test_the_modules_are_spared_and_little_is_left_to_look_at() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    spared, left = map(int, done.stdout.split())
    assert spared > 20_000
    assert left < 200
