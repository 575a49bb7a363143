"""Kill points from a record of strace."""

from __future__ import annotations

from tests.sweep.calls import Point, effects, hit

RECORD = """\
71 write(2</var/log/agent.log>, ""..., 80) = 80
71 write(9</dev/pts/4<char 136:4>>, ""..., 12 <unfinished ...>
72 pwrite64(5</state/journal.sqlite3-wal>, ""..., 24, 0) = 24
71 <... write resumed>) = 12
72 fdatasync(5</state/journal.sqlite3-wal>) = 0
72 fdatasync(5</state/journal.sqlite3-wal> <unfinished ...>
71 write(7<TCP:[127.0.0.1:40000->127.0.0.1:8883]>, ""..., 90) = 90
71 sendto(4<UNIX-STREAM:[1->2]>, ""..., 1, 0, NULL, 0) = 1
71 write(8<TCP:[127.0.0.1:40001->127.0.0.1:20007]>, ""..., 9) = -1 EIO (INJECTED)
"""


def test_calls_with_an_effect_are_numbered_among_all_of_their_name_in_a_thread() -> None:
    assert list(effects(RECORD, terminal_port=20007)) == [
        (Point("write", 2), "wire write"),
        (Point("pwrite64", 1), "journal write"),
        (Point("fdatasync", 1), "journal sync"),
        (Point("fdatasync", 2), "journal sync"),
        (Point("write", 3), "broker send"),
        (Point("write", 4), "wire write"),
    ]


def test_what_was_hit_is_read_from_the_record() -> None:
    assert hit(RECORD, Point("fdatasync", 1)) == "journal sync"
    assert hit(RECORD, Point("write", 4)) == "broker send"
    assert hit(RECORD, Point("write", 1)) is None
    assert hit(RECORD, Point("write", 9)) is None
