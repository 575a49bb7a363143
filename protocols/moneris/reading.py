"""XML as leaves: every element that holds text, with its path and the container it stands in. By expat.

A DTD is refused (entities could read files or swell), so are documents that are too big or too deep. Blank
lines before the document, which XML forbids and servers send, are passed over. Errors never show what was
read: it may be card data.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from xml.parsers import expat

from protocols.core.errors import DecodingError

LONGEST = 1 << 20  # bytes; a list of a thousand expiring cards is about half of it
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Leaf:
    """An element without children: its path from below the root, its text without outer blanks, and the
    number of the container that it stands in (each opening of a container takes a new one)."""

    path: tuple[str, ...]
    text: str = field(repr=False)
    container: int = 0


def leaves(document: bytes, root: str) -> tuple[Leaf, ...]:
    """All leaves of a document in its order. Raises DecodingError, which shows nothing of it."""
    if len(document) > LONGEST:
        raise DecodingError(
            "too_large", f"an XML document of {len(document)} bytes; at most {LONGEST} are read"
        )
    walker = _Walker(root)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = walker.start
    parser.EndElementHandler = walker.end
    parser.CharacterDataHandler = walker.text
    parser.StartDoctypeDeclHandler = walker.doctype
    try:
        parser.Parse(document.removeprefix(codecs.BOM_UTF8).lstrip(), True)
    except expat.ExpatError as error:
        text = f"not well-formed XML: {expat.ErrorString(error.code)}"
        raise DecodingError("not_xml", text, parser.ErrorByteIndex) from None
    except (LookupError, ValueError):  # of pyexpat, which looks up what expat does not know
        raise DecodingError("not_xml", "it names a character encoding that is not read here") from None
    return tuple(walker.found)


class _Walker:
    """The callbacks. `stack` holds name, container number, text pieces and whether it has children."""

    def __init__(self, root: str) -> None:
        self.found: list[Leaf] = []
        self._root = root
        self._stack: list[_Open] = []
        self._containers = 0

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        if not self._stack and name != self._root:
            raise DecodingError("wrong_root", f"the XML document is not a {self._root}")
        if len(self._stack) == _DEEPEST:
            raise DecodingError("too_deep", f"elements within elements beyond {_DEEPEST}")
        if self._stack and not self._stack[-1].number:
            self._containers += 1
            self._stack[-1].number = self._containers
        self._stack.append(_Open(name))

    def end(self, _name: str) -> None:
        done = self._stack.pop()
        if done.number or not self._stack:
            return
        path = (*(element.name for element in self._stack[1:]), done.name)
        self.found.append(Leaf(path, "".join(done.pieces).strip(), self._stack[-1].number))

    def text(self, piece: str) -> None:
        if self._stack:
            self._stack[-1].pieces.append(piece)

    def doctype(self, *_ignored: object) -> None:
        raise DecodingError("doctype", "a DTD is not taken; the gateway's documents have none")


@dataclass(slots=True)
class _Open:
    """An element that is not closed yet. `number` 0: it has no children so far."""

    name: str
    number: int = 0
    pieces: list[str] = field(default_factory=list)
