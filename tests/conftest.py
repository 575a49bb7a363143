"""For every test: bounded, repeatable examples; what needs Debian packages; the card number tripwire."""

from __future__ import annotations

import glob
import shutil
from collections import Counter, defaultdict
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from protocols.core.scrub import scrub

ROOT = Path(__file__).resolve().parent.parent
ON_PURPOSE = "card_numbers_on_purpose"
ONE_AT_A_TIME = frozenset({"integration", "crash", "e2e", "hunt"})
PACKAGES = [
    line.split()
    for line in (ROOT / ".ci" / "system_packages.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]

settings.register_profile(
    "ci",
    derandomize=True,
    max_examples=60,
    deadline=None,  # on a busy machine a slow example proves nothing
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("long", parent=settings.get_profile("ci"), derandomize=False, max_examples=2000)
settings.load_profile("ci")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker of tests that show card numbers to see them masked."""
    config.addinivalue_line("markers", f"{ON_PURPOSE}: logs or prints public test card numbers on purpose")


def missing_packages() -> dict[str, list[str]]:
    """The Debian packages that this machine lacks, by the marker of the tests that need them."""
    missing: defaultdict[str, list[str]] = defaultdict(list)
    for marker, brought, package in PACKAGES:
        if not _is_there(brought):
            missing[marker].append(package)
    return missing


def _is_there(brought: str) -> bool:
    """A program, or the path of a file. Debian puts daemons into /usr/sbin, which is not on every path."""
    if brought.startswith("/"):
        return bool(glob.glob(brought))
    return any(shutil.which(brought, path=path) for path in (None, "/usr/sbin:/usr/local/sbin"))


def leg_of(nodeid: str) -> str:
    """The folder below `tests` that a test stands in."""
    parts = nodeid.split("/")
    return parts[1] if len(parts) > 2 and parts[0] == "tests" else "other"


def turn_of(nodeid: str) -> str:
    """What runs one after the other: the clinic's pages, what is killed, all else that starts real processes,
    each other file."""
    file, leg = nodeid.partition("::")[0], leg_of(nodeid)
    if leg not in ONE_AT_A_TIME:
        return file
    if Path(file).name.startswith("test_clinic_"):
        return "pages"
    return leg if leg == "crash" else "real processes"


class Turns(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """xdist's own groups (`--dist loadgroup`) need node ids that change, which pytest 9 no longer allows."""

    def _split_scope(self, nodeid: str) -> str:
        return turn_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Turns:
    """Asked by xdist, where it is used."""
    return Turns(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long turns come first, in an order that keeps two workers busy. Tests that need a package which is
    missing are skipped by name; `.ci/test.sh` then fails."""
    long = {"pages": 0, "real processes": 1, "crash": 2}
    items.sort(key=lambda item: long.get(turn_of(item.nodeid), len(long)))
    skips = {
        marker: pytest.mark.skip(reason=f"needs the Debian packages {' '.join(packages)}")
        for marker, packages in missing_packages().items()
    }
    for item in items:
        for marker, skip in skips.items():
            if item.get_closest_marker(marker) is not None:
                item.add_marker(skip)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test in whose log, output or error stream a card number can be seen."""
    report = yield
    if item.get_closest_marker(ON_PURPOSE) is not None or report.skipped:
        return report
    leaks = [f"{title}: {line}" for title, text in report.sections for line in _masked_lines(text)]
    if leaks:
        report.outcome = "failed"
        report.longrepr = "a card number left the code under test (masked here):\n" + "\n".join(leaks)
    return report


def _masked_lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        masked, found = scrub(line)
        if found:
            yield masked[:300]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A line for each leg that ran, and what did not run for lack of a package."""
    outcomes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    seconds: defaultdict[str, float] = defaultdict(float)
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            outcomes[leg_of(report.nodeid)][outcome] += 1
    for report in (one for many in terminalreporter.stats.values() for one in many):
        seconds[leg_of(getattr(report, "nodeid", ""))] += getattr(report, "duration", 0.0)
    if not outcomes:
        return
    terminalreporter.section("legs")
    for leg, counts in sorted(outcomes.items()):
        told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        terminalreporter.write_line(f"{leg:<12} {told} ({seconds[leg]:.0f} s)")
    _tell_what_did_not_run(terminalreporter)


def _tell_what_did_not_run(terminalreporter: pytest.TerminalReporter) -> None:
    missing = [package for packages in missing_packages().values() for package in packages]
    left_out = sorted(
        report.nodeid
        for report in terminalreporter.stats.get("skipped", [])
        if any(mark in str(report.longrepr) for mark in ("Debian", "did NOT run"))
    )
    if not missing and not left_out:
        return
    terminalreporter.section("did NOT run", red=True)
    for nodeid in left_out:
        terminalreporter.write_line(nodeid)
    if missing:
        terminalreporter.write_line(f"to run them as well: sudo apt-get install -y {' '.join(missing)}")
