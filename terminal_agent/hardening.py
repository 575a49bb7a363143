"""What a process can do for itself so that its memory and its files stay its own (memory: Linux alone)."""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_DUMPABLE = 4  # prctl(2)


def keep_memory_private() -> bool:
    """No core file, and no other process of our user may read our memory. Whether it took effect.

    A limit on core files alone does not bind where the kernel pipes them to a program (core(5)).
    """
    if not sys.platform.startswith("linux"):
        return False
    return bool(ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)


def keep_files_private() -> None:
    """What is made from here on, the journal first of all, is for our user alone, whoever started us."""
    os.umask(0o077)
