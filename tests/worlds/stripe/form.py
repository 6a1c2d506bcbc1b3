"""Form bodies and queries with names like ``a[b][0][c]``, and strict reading of what they hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from tests.worlds.stripe.errors import Refused, invalid

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
CURRENCY = re.compile(r"[a-z]{3}")
_WHOLE = re.compile(r"-?\d{1,18}")
METADATA_MOST = 50


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Pairs as a tree; a level whose names are all numbers, or empty, is a list."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        found = _NAME.fullmatch(name)
        if found is None:
            raise invalid(f"Invalid parameter name: {name}", name)
        path = [found[1], *re.findall(r"\[([^\]]*)\]", found[2])]
        node = tree
        for step in path[:-1]:
            node = node.setdefault(step, {})
            if not isinstance(node, dict):
                raise invalid(f"Invalid hash: {name}", name)
        node[path[-1] or str(len(node))] = value
    return {name: _listed(value) for name, value in tree.items()}


def _listed(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if node and all(name.isdigit() for name in node):
        return [_listed(node[name]) for name in sorted(node, key=int)]
    return {name: _listed(value) for name, value in node.items()}


class Params:
    """Parameters of one level. Whatever was not read is unknown, and unknown is refused."""

    def __init__(self, values: dict[str, Any], path: str = "") -> None:
        self._values, self._path = values, path
        self._children: list[Params] = []
        self._read: set[str] = set()

    def has(self, name: str) -> bool:
        self._read.add(name)
        return name in self._values

    def text(self, name: str, default: str = "") -> str:
        self._read.add(name)
        value = self._values.get(name, default)
        if not isinstance(value, str):
            raise invalid(f"Invalid string: {value}", self.called(name))
        return value

    def need(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise self.missing(name)
        return value

    def missing(self, name: str) -> Refused:
        full = self.called(name)
        return invalid(f"Missing required param: {full}.", full, "parameter_missing")

    def whole(self, name: str) -> int | None:
        value = self.text(name)
        if not value:
            return None
        if not _WHOLE.fullmatch(value):
            raise invalid(
                f"Invalid integer: {value}", self.called(name), "parameter_invalid_integer"
            )
        return int(value)

    def flag(self, name: str) -> bool:
        value = self.text(name, "false")
        if value not in {"true", "false"}:
            raise invalid(f"Invalid boolean: {value}", self.called(name))
        return value == "true"

    def one_of(self, name: str, *known: str) -> str:
        """One of the values; the first when it is left out."""
        value = self.text(name, known[0])
        if value not in known:
            allowed = ", ".join(known)
            raise invalid(f"Invalid {name}: must be one of {allowed}", self.called(name))
        return value

    def amount(self, name: str = "amount") -> int:
        value = self.whole(name)
        if value is None:
            raise self.missing(name)
        if value < 1:
            raise invalid(
                "Invalid positive integer", self.called(name), "parameter_invalid_integer"
            )
        return value

    def currency(self) -> str:
        value = self.need("currency").lower()
        if not CURRENCY.fullmatch(value):
            raise invalid(f"Invalid currency: {value}", self.called("currency"))
        return value

    def below(self, name: str) -> Params:
        self._read.add(name)
        value = self._values.get(name, {})
        if not isinstance(value, dict):
            raise invalid("Invalid object", self.called(name))
        child = Params(value, self.called(name))
        self._children.append(child)
        return child

    def texts(self, name: str) -> list[str]:
        self._read.add(name)
        value = self._values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise invalid("Invalid array", self.called(name))
        return value

    def metadata(self) -> dict[str, str]:
        """At most 50 names of at most 40 letters with at most 500 each."""
        self._read.add("metadata")
        value = self._values.get("metadata", {})
        if not isinstance(value, dict) or len(value) > METADATA_MOST:
            raise invalid("Invalid metadata", self.called("metadata"))
        for name, text in value.items():
            if not isinstance(text, str) or len(name) > 40 or len(text) > 500:
                raise invalid("Invalid metadata", self.called(f"metadata[{name}]"))
        return dict(value)

    def ignore(self, *names: str) -> None:
        """Known to Stripe, and without meaning here."""
        self._read.update(names)

    def done(self) -> None:
        """Refuse what nobody asked for."""
        for name in self._values.keys() - self._read:
            full = self.called(name)
            raise invalid(f"Received unknown parameter: {full}", full, "parameter_unknown")
        for child in self._children:
            child.done()

    def called(self, name: str) -> str:
        return f"{self._path}[{name}]" if self._path else name
