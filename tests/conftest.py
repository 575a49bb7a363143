"""For every test: bounded, repeatable examples; what needs Debian packages; the card number tripwire."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator

import pytest
from hypothesis import HealthCheck, settings

from protocols.core.scrub import scrub

ON_PURPOSE = "card_numbers_on_purpose"
PACKAGES = {"mosquitto": "mosquitto", "strace": "strace"}

settings.register_profile(
    "ci",
    derandomize=True,
    max_examples=60,
    deadline=None,  # two cores shared with others: a slow example proves nothing
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("long", parent=settings.get_profile("ci"), derandomize=False, max_examples=2000)
settings.load_profile("ci")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker of tests that show card numbers to see them masked."""
    config.addinivalue_line("markers", f"{ON_PURPOSE}: logs or prints public test card numbers on purpose")


def missing_packages() -> list[str]:
    """The Debian packages that system tests need and this machine lacks."""
    # Debian puts daemons into /usr/sbin, which is not on every user's path.
    return [
        package
        for package, program in PACKAGES.items()
        if shutil.which(program) is None and shutil.which(program, path="/usr/sbin:/usr/local/sbin") is None
    ]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, by name, what needs a package that is missing. `.ci/test.sh` then fails and lists it."""
    missing = missing_packages()
    if not missing:
        return
    skip = pytest.mark.skip(reason=f"needs the Debian packages {' '.join(missing)}")
    for item in items:
        if item.get_closest_marker("system") is not None:
            item.add_marker(skip)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test in whose log, output or error text a card number can be seen."""
    report = yield
    if item.get_closest_marker(ON_PURPOSE) is not None:
        return report
    leaks = [f"{title}: {line}" for title, text in _outputs(report) for line in _masked_lines(text)]
    if leaks and report.outcome != "skipped":
        report.outcome = "failed"
        report.longrepr = "a card number left the code under test (masked here):\n" + "\n".join(leaks)
    return report


def _outputs(report: pytest.TestReport) -> Iterator[tuple[str, str]]:
    """Standard output, standard error and log of this phase, whatever was captured."""
    yield from ((title, text) for title, text in report.sections)


def _masked_lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        masked, found = scrub(line)
        if found:
            yield masked[:300]
