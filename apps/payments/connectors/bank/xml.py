"""XML from strangers, piece by piece in bounded memory.

Only the children of the containers asked for are kept, each until it is handed over; what lies
outside is passed by. No DTD, hence no entities; no comments or instructions are looked at. Names
are local names: the versions of a message differ in their namespace and little else that we read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO
from xml.parsers import expat

from apps.payments.connectors.bank.reading import Limits, Place, chunks

DEPTH_MAX = 64
NODES_MAX = 20_000  # of one piece
TEXT_MAX = 100_000  # characters in one element
MARKUP_MAX = 1 << 20  # bytes between two events


@dataclass(slots=True)
class Node:
    """An element with its text (that before its first child) and its children."""

    name: str
    attributes: dict[str, str]
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def first(self, *path: str) -> Node | None:
        """The first descendant along the path, without looking into second ones."""
        node = self
        for name in path:
            for child in node.children:
                if child.name == name:
                    node = child
                    break
            else:
                return None
        return node

    def value(self, *path: str) -> str:
        """The text there, trimmed; empty if there is none."""
        found = self.first(*path)
        return "" if found is None else found.text.strip()

    def all(self, name: str) -> Iterator[Node]:
        """The children of a name."""
        return (child for child in self.children if child.name == name)


@dataclass(frozen=True, slots=True)
class Begun:
    """A container begins."""

    name: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A container ends."""

    name: str


Piece = Begun | Ended | Node


def pieces(
    stream: BinaryIO, place: Place, limits: Limits, containers: frozenset[str], own: frozenset[str]
) -> Iterator[Piece]:
    """Containers as they begin and end, and each child of one when it is complete.

    Elements named in ``own`` are handed over by themselves, before the piece they stand in, and are
    not kept in it: so one entry with 100,000 payments takes no more memory than 100,000 entries.
    """
    cutter = _Cutter(place, containers, own)
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = cutter.doctype
    parser.StartElementHandler = cutter.start
    parser.EndElementHandler = cutter.end
    parser.CharacterDataHandler = cutter.text
    fed = 0
    try:
        for chunk in chunks(stream, place, limits):
            fed += len(chunk)
            parser.Parse(chunk, False)  # noqa: FBT003  expat takes no keywords
            if fed - max(parser.CurrentByteIndex, 0) > MARKUP_MAX + len(chunk):
                raise place.refusal(f"a piece of markup is longer than {MARKUP_MAX} bytes")
            yield from cutter.taken()
        parser.Parse(b"", True)  # noqa: FBT003
    except (expat.ExpatError, ValueError, LookupError) as refused:
        raise place.refusal(f"not well-formed XML: {refused}") from None
    yield from cutter.taken()


class _Cutter:
    """Expat's handlers."""

    def __init__(self, place: Place, containers: frozenset[str], own: frozenset[str]) -> None:
        self._place = place
        self._containers = containers
        self._own = own
        self._names: dict[str, str] = {}
        self._path: list[str] = []
        self._open: list[Node] = []
        self._counts: list[int] = []  # of elements, for each piece that is open
        self._ready: list[Piece] = []

    def taken(self) -> list[Piece]:
        ready, self._ready = self._ready, []
        return ready

    def doctype(self, *_about: object) -> None:
        raise self._place.refusal("has a DTD")

    def start(self, qualified: str, attributes: dict[str, str]) -> None:
        name = self._local(qualified)
        path, nodes = self._path, self._open
        if len(path) >= DEPTH_MAX:
            raise self._place.refusal(f"nested more than {DEPTH_MAX} deep")
        if nodes:
            node = Node(name, attributes)
            if name in self._own:
                self._counts.append(0)
            else:
                self._counts[-1] += 1
                nodes[-1].children.append(node)
                if self._counts[-1] > NODES_MAX:
                    raise self._place.refusal(f"more than {NODES_MAX} elements in one piece")
            nodes.append(node)
        elif name in self._containers:
            self._ready.append(Begun(name))
        elif path and path[-1] in self._containers:
            self._counts.append(0)
            nodes.append(Node(name, attributes))
        path.append(name)

    def end(self, _qualified: str) -> None:
        name = self._path.pop()
        if self._open:
            node = self._open.pop()
            if not self._open or name in self._own:
                self._counts.pop()
                self._ready.append(node)
        elif name in self._containers:
            self._ready.append(Ended(name))

    def text(self, text: str) -> None:
        if not self._open:
            return
        node = self._open[-1]
        if node.children:
            return
        if len(node.text) + len(text) > TEXT_MAX:
            raise self._place.refusal(f"more than {TEXT_MAX} characters in one element")
        node.text += text

    def _local(self, qualified: str) -> str:
        known = self._names.get(qualified)
        if known is None:
            known = qualified.rpartition("}")[2]
            if len(self._names) < NODES_MAX:
                self._names[qualified] = known
        return known
