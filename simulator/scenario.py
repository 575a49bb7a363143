"""A scenario: how the terminal is set, who comes to it, and what goes wrong. One TOML file.

title = "A card that cannot be kept"
seed = 7                                  # of the jitter and of the authorisation codes
jitter = 0.2                              # the cardholder's delays vary by this share

[terminal]      keys of simulator.settings.TerminalSettings
[[cardholder]]  keys of simulator.cardholder.Visit; none: one patient visitor with the card `visa`
[[fault]]       keys of simulator.faults.Fault
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path

from protocols.core.values import CURRENCY_NAMES
from simulator.cardholder import Cardholder, Visit
from simulator.cards import CARDS
from simulator.declared import SettingError, build, one_of, read_toml, tables
from simulator.faults import COMMANDS, Fault
from simulator.settings import TerminalSettings

_TOP = ("title", "seed", "jitter", "terminal", "cardholder", "fault")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One parsed scenario."""

    title: str = "An ordinary day"
    seed: int = 0
    jitter: float = 0.0
    terminal: TerminalSettings = field(default_factory=TerminalSettings)
    visits: tuple[Visit, ...] = (Visit(),)
    faults: tuple[Fault, ...] = ()

    def seeded(self, seed: int | None) -> Scenario:
        """The same with another seed, if one is given."""
        return self if seed is None else replace(self, seed=seed)

    def cardholder(self, *, by_hand: bool = False) -> Cardholder:
        """Its cardholder; by hand: one who does nothing by plan."""
        return Cardholder(() if by_hand else self.visits, self.seed, self.jitter)


def parse(text: str, name: str) -> Scenario:
    """The scenario in a TOML text. Raises SettingError naming file, key, value and what is allowed."""
    found = read_toml(text, _TOP, name)
    head = build(_Head, {key: found[key] for key in ("title", "seed", "jitter") if key in found}, name)
    visits = tuple(_visit(table, where) for table, where in tables(found, "cardholder", name))
    faults = tuple(_fault(table, where) for table, where in tables(found, "fault", name))
    return Scenario(
        title=head.title,
        seed=head.seed,
        jitter=head.jitter,
        terminal=_terminal(found.get("terminal", {}), f"{name}: terminal"),
        visits=visits or (Visit(),),
        faults=faults,
    )


def load(path: Path) -> Scenario:
    """The scenario in a file; OSError where it cannot be read."""
    return parse(path.read_text(encoding="utf-8"), str(path))


def shipped() -> dict[str, Scenario]:
    """The scenarios that come with the simulator, by name (the file's name without .toml)."""
    folder = resources.files("simulator") / "scenarios"
    files = sorted((item for item in folder.iterdir() if item.name.endswith(".toml")), key=lambda f: f.name)
    return {f.name.removesuffix(".toml"): parse(f.read_text(encoding="utf-8"), f.name) for f in files}


def find(name_or_path: str) -> Scenario:
    """A shipped scenario by its name, else the file at that path."""
    ours = shipped()
    if name_or_path in ours:
        return ours[name_or_path]
    path = Path(name_or_path)
    if not path.is_file():
        raise SettingError(f"scenario {name_or_path!r}: no such file; shipped ones: {', '.join(ours)}")
    return load(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    title: str = "An ordinary day"
    seed: int = 0
    jitter: float = 0.0


def _terminal(table: object, where: str) -> TerminalSettings:
    terminal = build(TerminalSettings, table, where)
    digits = {"terminal_id": 8, "currency": 4, "serial_number": 8}
    for key, length in digits.items():
        value = getattr(terminal, key)
        if not (len(value) == length and value.isdecimal()):
            raise SettingError(f"{where}.{key}: is {value!r}; allowed: {length} digits")
    one_of(terminal.currency, tuple(f"0{number}" for number in CURRENCY_NAMES), f"{where}.currency")
    if not 24 <= terminal.paper_columns <= 40:
        raise SettingError(f"{where}.paper_columns: is {terminal.paper_columns}; allowed: 24 to 40")
    return terminal


def _visit(table: object, where: str) -> Visit:
    visit = build(Visit, table, where)
    one_of(visit.card, tuple(CARDS), f"{where}.card")
    one_of(visit.how, CARDS[visit.card].ways, f"{where}.how")
    if not visit.pin:
        raise SettingError(f"{where}.pin: is empty; allowed: at least one of right, wrong, cancel")
    return visit


def _fault(table: object, where: str) -> Fault:
    for key in ("when", "what"):
        if isinstance(table, dict) and key not in table:
            raise SettingError(f"{where}: key {key!r} is missing")
    fault = build(Fault, table, where)
    one_of(fault.command, COMMANDS, f"{where}.command")
    return fault
