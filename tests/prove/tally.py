"""What a campaign adds up, and how it is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.prove.history import Result
from tests.prove.matrix import FAULTS, STAGES, cells

_SHOWN_SEEDS = 20
_FULL = 50  # strikes in a cell, of a long campaign
_SHOWN_CELLS = 40
_SHORT = {"idle": "idle", "result_seen": "result", "needs_human": "human", "committed": "commit"}


@dataclass
class Tally:
    """Sums over histories; two of them can be added."""

    histories: int = 0
    commands: int = 0
    doubted: int = 0
    faults: int = 0
    two_faults: int = 0
    struck: Counter[tuple[str, str]] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    humans: Counter[tuple[str, str]] = field(default_factory=Counter)
    alerts: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    failing: list[int] = field(default_factory=list)

    def take(self, result: Result) -> None:
        """One more history."""
        struck = sum(result.struck.values())
        self.histories += 1
        self.commands += result.commands
        self.doubted += result.doubted
        self.faults += struck
        self.two_faults += struck >= 2
        self.struck.update(result.struck)
        self.outcomes.update(result.outcomes)
        self.humans.update(result.humans)
        self.alerts.update(result.alerts)
        self.broken.update(violation.promise for violation in result.violations)
        if result.violations:
            self.failing.append(result.seed)

    def add(self, other: Tally) -> None:
        """What another process has counted."""
        self.histories += other.histories
        self.commands += other.commands
        self.doubted += other.doubted
        self.faults += other.faults
        self.two_faults += other.two_faults
        for name in ("struck", "outcomes", "humans", "alerts", "broken"):
            getattr(self, name).update(getattr(other, name))
        self.failing = sorted(self.failing + other.failing)

    def lines(self, seconds: float, workers: int) -> Iterator[str]:
        """The report."""
        yield from self._matrix()
        yield ""
        yield self._thin()
        yield (
            f"{self.histories} histories, {self.commands} commands, {self.faults} faults struck"
            f" ({_share(self.two_faults, self.histories)} of histories with two or more)"
        )
        yield f"reached in_doubt: {_share(self.doubted, self.histories)} of histories"
        yield "outcomes: " + ", ".join(f"{name} {count}" for name, count in self.outcomes.most_common())
        yield "needs_human by what had taken the evidence away:"
        for (code, why), count in sorted(self.humans.items(), key=lambda item: -item[1]):
            yield f"  {count:7}  {why} ({code})"
        held = sum(count for (_, why), count in self.humans.items() if why == "evidence held")
        yield f"  needs_human although the terminal still held the evidence: {held}"
        yield "alerts: " + ", ".join(f"{name} {count}" for name, count in self.alerts.most_common())
        rate = self.histories / seconds if seconds else 0.0
        yield f"{rate:.0f} histories a second on {workers} cores, {rate / workers:.0f} a second and core"
        if not self.failing:
            yield "no promise was broken"
            return
        yield f"BROKEN: {dict(self.broken)} in {len(self.failing)} histories"
        shown = " ".join(map(str, self.failing[:_SHOWN_SEEDS]))
        yield f"  seeds: {shown}{' …' if len(self.failing) > _SHOWN_SEEDS else ''}"

    def _thin(self) -> str:
        thin = sorted((self.struck[cell], *cell) for cell in cells() if self.struck[cell] < _FULL)
        if not thin:
            return f"every cell that can be reached has {_FULL} strikes or more"
        shown = ", ".join(f"{kind} × {stage} {count}" for count, kind, stage in thin[:_SHOWN_CELLS])
        more = " …" if len(thin) > _SHOWN_CELLS else ""
        return f"{len(thin)} of {sum(1 for _ in cells())} cells have less than {_FULL} strikes: {shown}{more}"

    def _matrix(self) -> Iterator[str]:
        yield f"{'fault':22}" + "".join(f"{_SHORT.get(stage, stage):>9}" for stage in STAGES)
        for group, kinds in FAULTS.items():
            for kind in kinds:
                cells = "".join(f"{self.struck[kind, stage] or '.':>9}" for stage in STAGES)
                yield f"{kind:22}{cells}   {group}"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"
