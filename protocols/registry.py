"""Name -> what to build. The only file that names concrete protocols; a new protocol is one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from protocols.core.options import Scalar
from protocols.core.session import Session
from protocols.zvt.options import ZvtOptions
from protocols.zvt.session import ZvtSession

Options = Mapping[str, Scalar]
Entropy = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Lane:
    """A second session of the same terminal, for operations that may run beside those of the first."""

    operations: frozenset[str]
    build: Callable[[Options, Entropy], Session]


@dataclass(frozen=True, slots=True)
class Protocol:
    """How to build a session of one protocol from a terminal's options. A session asks for its openings by
    the names of their links: "terminal" for a serial line or an address, "reader" for a USB device, "gateway"
    for the vault behind it."""

    build: Callable[[Options, Entropy], Session]
    check: Callable[[Options], object]
    beside: Lane | None = None


def _zvt(options: Options, _entropy: Entropy) -> Session:
    return ZvtSession(ZvtOptions.from_mapping(options))


PROTOCOLS: Mapping[str, Protocol] = {"zvt": Protocol(_zvt, ZvtOptions.from_mapping)}
