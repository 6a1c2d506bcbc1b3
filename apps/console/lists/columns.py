"""From the names in ``list_display`` to the values of a row."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Any, get_type_hints

from django.contrib.admin.utils import lookup_field
from django.core.exceptions import ObjectDoesNotExist

from apps.console.values import Note, Value
from apps.platform.money import Money


def row_values(admin: Any, thing: Any, names: Sequence[str]) -> list[Value]:
    """What each column holds for ``thing``; choices by their label."""
    return [_value(admin, thing, name) for name in names]


def money_columns(admin: Any, names: Sequence[str]) -> list[bool]:
    """For each column, whether its method says that it answers money."""
    return [_says_money(getattr(admin, name, None)) for name in names]


def _value(admin: Any, thing: Any, name: str) -> Value:
    try:
        field, _, value = lookup_field(name, thing, admin)
    except ObjectDoesNotExist:
        return None
    if field is not None and getattr(field, "flatchoices", None):
        return str(dict(field.flatchoices).get(value, value))
    if field is not None and field.is_relation:
        return str(value) if value is not None else None
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return value


def _says_money(method: Any) -> bool:
    if not callable(method):
        return False
    hint = get_type_hints(method, localns={"Money": Money, "Note": Note}).get("return")
    return hint is Money or set(getattr(hint, "__args__", ())) == {Money, NoneType}
