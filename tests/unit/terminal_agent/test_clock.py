"""The backend's time as the agent believes it."""

from __future__ import annotations

from datetime import timedelta

from terminal_agent.clock import SAMPLE_LIFE_S, BackendTime, SystemClock
from tests.support.clock import FakeClock


def test_nothing_is_trusted_before_the_backend_was_heard() -> None:
    time = BackendTime(FakeClock())
    assert not time.trusted
    assert time.offset_s is None
    assert time.now() is None
    assert time.deadline(FakeClock().wall()) is None


def test_an_expiry_becomes_a_monotonic_moment_by_the_backends_clock() -> None:
    clock = FakeClock(monotonic=50.0)
    time = BackendTime(clock)
    backend = clock.wall() + timedelta(seconds=3)
    time.hear(backend)
    assert time.trusted
    assert time.offset_s == 3.0
    clock.pass_time(10)
    assert time.now() == backend + timedelta(seconds=10)
    assert time.deadline(backend + timedelta(seconds=30)) == 80.0


def test_a_large_offset_is_not_trusted_in_either_direction() -> None:
    for seconds in (-5.5, 5.5):
        clock = FakeClock()
        time = BackendTime(clock, limit_s=5.0)
        time.hear(clock.wall() + timedelta(seconds=seconds))
        assert not time.trusted
    assert time.offset_s == 5.5


def test_a_jump_of_the_wall_clock_shows_as_an_offset_and_leaves_deadlines_alone() -> None:
    clock = FakeClock()
    time = BackendTime(clock)
    not_after = clock.wall() + timedelta(seconds=20)
    time.hear(clock.wall())
    before = time.deadline(not_after)
    clock.jump(-3600)
    assert time.deadline(not_after) == before
    assert not time.trusted


def test_a_message_that_waited_in_the_broker_does_not_turn_the_time_back() -> None:
    clock = FakeClock()
    time = BackendTime(clock)
    time.hear(clock.wall())
    time.hear(clock.wall() - timedelta(seconds=4))
    assert time.offset_s == 0.0
    clock.pass_time(SAMPLE_LIFE_S + 1)
    time.hear(clock.wall() - timedelta(seconds=4))
    assert time.offset_s == -4.0


def test_a_message_that_waited_does_not_make_the_start_early() -> None:
    clock = FakeClock()
    time = BackendTime(clock)
    start = clock.wall()
    assert (time.started(), time.started_by()) == (start, start)
    waited = clock.wall() - timedelta(seconds=45)
    clock.pass_time(10)
    time.hear(waited)
    assert time.started() < start
    assert time.started_by() == start
    time.hear(clock.wall() + timedelta(seconds=3))
    assert time.started_by() == start + timedelta(seconds=3)


def test_a_wrong_time_that_was_corrected_gives_way_once_it_has_aged() -> None:
    """It stops money, and without facts there is nothing to acknowledge: nothing else would be heard."""
    clock = FakeClock()
    time = BackendTime(clock)
    time.hear(clock.wall() + timedelta(hours=1))
    clock.pass_time(10)
    time.hear(clock.wall())
    time.hear(clock.wall() - timedelta(seconds=4))
    assert time.offset_s == 3600.0
    clock.pass_time(SAMPLE_LIFE_S)
    assert time.trusted
    assert time.offset_s == 0.0
    time.hear(clock.wall() - timedelta(seconds=2))
    assert time.offset_s == 0.0


def test_a_time_that_is_believed_does_not_give_way_by_itself() -> None:
    clock = FakeClock()
    time = BackendTime(clock)
    time.hear(clock.wall())
    time.hear(clock.wall() - timedelta(seconds=40))
    clock.pass_time(SAMPLE_LIFE_S + 1)
    assert time.offset_s == 0.0


def test_two_wrong_times_do_not_replace_each_other() -> None:
    clock = FakeClock()
    time = BackendTime(clock)
    time.hear(clock.wall() + timedelta(hours=1))
    time.hear(clock.wall() + timedelta(minutes=30))
    clock.pass_time(SAMPLE_LIFE_S + 1)
    assert time.offset_s == 3600.0


def test_the_system_clock_is_utc_and_grows() -> None:
    clock = SystemClock()
    first = clock.monotonic()
    assert clock.wall().utcoffset() == timedelta(0)
    assert clock.monotonic() >= first
