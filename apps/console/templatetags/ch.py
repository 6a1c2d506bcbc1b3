"""How templates show values; what a template may say is a name here, never a calculation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms, template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from apps.console import rendering
from apps.console.cards import Kpi
from apps.console.values import Progress, Row, Status, Table, Value
from apps.platform.errors import DomainError
from apps.platform.money import Money

register = template.Library()
register.filter("shown", rendering.shown)
register.filter("kind", rendering.kind)
register.filter("ago", rendering.ago)
register.filter("when", rendering.when)
register.filter("bar", rendering.progress)

_TONE_OF_LEVEL = {"success": "good", "warning": "warn", "error": "bad"}
_ICON_OF_LEVEL = {"success": "check_circle", "warning": "warning", "error": "error"}
_ICON_OF_TONE = {"good": "check_circle", "warn": "warning", "bad": "error"}
GROUPED_WIDGETS = (forms.CheckboxSelectMultiple, forms.RadioSelect)


@register.simple_tag
def icon(name: str) -> SafeString:
    """A Material Symbol; decoration only."""
    return format_html('<span class="ch-icon" aria-hidden="true">{}</span>', name)


@register.filter
def money(minor: int, currency: str) -> SafeString:
    """``{{ row.amount_minor|money:row.currency }}``."""
    return rendering.shown(Money(minor, currency))


@register.filter
def pill(word: str) -> SafeString:
    """A status word as a pill."""
    return rendering.shown(Status(word))


@register.filter
def figure(value: Value) -> SafeString:
    """A headline figure: money is short, whole on hover."""
    if isinstance(value, Money):
        return format_html(
            '<span title="{}">{}</span>', rendering.money_text(value), rendering.short_money(value)
        )
    return rendering.shown(value)


@register.filter
def trend_class(card: Kpi) -> str:
    """Green when the change is good for us, red when it is not."""
    if not card.trend:
        return ""
    return "ch-up" if (card.trend > 0) == card.is_growth_good else "ch-down"


@register.filter
def headings(table: Table) -> list[tuple[str, bool]]:
    """Columns, and whether each holds numbers."""
    return list(zip(table.columns, table.numeric, strict=True))


@register.filter
def cells_of(row: Row, table: Table) -> list[tuple[Value, str, str]]:
    """Each cell with its column's name and its class."""
    return [
        (cell, name, rendering.kind(cell) or ("ch-r" if is_number and cell is None else ""))
        for cell, name, is_number in zip(row.cells, table.columns, table.numeric, strict=True)
    ]


@register.filter
def at(items: Sequence[Any], index: int) -> Any:
    """One item of a list."""
    return items[index]


@register.filter
def check_icon(tone: str) -> str:
    """The symbol of a check."""
    return _ICON_OF_TONE.get(tone, "info")


@register.filter
def message_tone(level: str) -> str:
    """The banner of a message."""
    return f"ch-{_TONE_OF_LEVEL.get(level, 'info')}"


@register.filter
def message_icon(level: str) -> str:
    """The symbol of a message."""
    return _ICON_OF_LEVEL.get(level, "info")


@register.filter
def facts_line(error: DomainError) -> str:
    """The facts of a refusal in words; minor units and ids stay out of it."""
    shown = [
        " ".join(fact)
        if isinstance(fact, tuple)
        else f"{name.replace('_', ' ').capitalize()}: {fact}"
        for name, fact in error.facts.items()
        if isinstance(fact, str | tuple) and fact
    ]
    return " · ".join(shown)


@register.filter
def is_group(field: forms.BoundField) -> bool:
    """True for a field of several boxes, which needs a legend and no label of its own."""
    return isinstance(field.field.widget, GROUPED_WIDGETS)


@register.filter
def unlocal(number: float) -> SafeString:
    """A number for a drawing, whatever the language."""
    return mark_safe(f"{number:g}")  # noqa: S308  digits only


@register.filter
def percent(progress: Progress) -> int:
    """Whole percent."""
    return progress.percent
