"""What every event's data looks like on the stream, as JSON Schema, from its dataclass.

The types an event's field may have are those below; anything else is refused here, before a reader
in another system has to guess what it becomes in JSON.
"""

from __future__ import annotations

import inspect
import pkgutil
import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from apps.platform.events import Event
from apps.platform.money import MINOR_MAX, Money

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]

_MONEY: Schema = {
    "type": "object",
    "description": "Whole minor units of a currency.",
    "properties": {
        "amount_minor": {"type": "integer", "minimum": -MINOR_MAX, "maximum": MINOR_MAX},
        "currency": {"type": "string", "pattern": "^[A-Z][A-Z0-9]{1,11}$"},
    },
    "required": ["amount_minor", "currency"],
    "additionalProperties": False,
}
_PLAIN: dict[object, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    Decimal: {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"},
    UUID: {"type": "string", "format": "uuid"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
    Money: _MONEY,
    type(None): {"type": "null"},
}


def all_events(apps: list[str]) -> dict[str, type[Event]]:
    """Every event of these apps, by the name of its golden file: ``ledger.entry_posted.v1``."""
    found: dict[str, type[Event]] = {}
    for module in _event_modules(apps):
        for _, thing in inspect.getmembers(module, _is_event):
            if thing.__module__ == module.__name__:
                key = f"{thing.name}.v{thing.version}"
                assert key not in found, f"two events are called {key}"
                found[key] = thing
    return found


def schema_of(event: type[Event]) -> Schema:
    """The schema of the event's data. Readers take fields they do not know: those may be added."""
    hints = get_type_hints(event)
    return {
        "$schema": DIALECT,
        "title": f"{event.name} v{event.version}",
        "description": inspect.cleandoc(event.__doc__ or ""),
        "type": "object",
        "properties": {field.name: _schema(hints[field.name]) for field in fields(event)},
        "required": [field.name for field in fields(event) if field.default is MISSING],
    }


def broken_promises(before: Schema, after: Schema) -> list[str]:
    """What a reader of ``before`` would miss in ``after``: the reasons for a new version."""
    old, new = before["properties"], after["properties"]
    gone = [f"{name} is gone" for name in old if name not in new]
    changed = [
        f"{name} was {old[name]}, is {new[name]}"
        for name in old
        if name in new and old[name] != new[name]
    ]
    optional = [
        f"{name} may be missing now"
        for name in before["required"]
        if name in new and name not in after["required"]
    ]
    return gone + changed + optional


def _event_modules(apps: list[str]) -> Iterator[types.ModuleType]:
    for app in apps:
        if not find_spec(f"apps.{app}.events"):
            continue
        module = import_module(f"apps.{app}.events")
        yield module
        for inner in pkgutil.iter_modules(getattr(module, "__path__", [])):
            yield import_module(f"{module.__name__}.{inner.name}")


def _is_event(thing: object) -> bool:
    has_name = isinstance(getattr(thing, "name", None), str) and hasattr(thing, "version")
    return inspect.isclass(thing) and is_dataclass(thing) and has_name


def _schema(hint: Any) -> Schema:
    if hint in _PLAIN:
        return dict(_PLAIN[hint])
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(argument) for argument in arguments]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (tuple, list) and arguments[-1] in (..., arguments[0]):
        return {"type": "array", "items": _schema(arguments[0])}
    if origin in (dict, Mapping) and arguments[0] is str:
        return {"type": "object", "additionalProperties": _schema(arguments[1])}
    if inspect.isclass(hint) and issubclass(hint, Enum):
        return {"enum": [member.value for member in hint]}
    raise TypeError(f"an event cannot carry {hint}")
