"""What a list page shows around its rows: filters, chips, headings, pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.templatetags.admin_list import result_headers
from django.contrib.admin.views.main import PAGE_VAR, SEARCH_VAR, ChangeList
from django.http import HttpRequest

from apps.console.lists.filters import PeriodFilter
from apps.console.values import Link, Several, Value, is_numeric

Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Head:
    """A heading, and where sorting by it leads."""

    text: str
    url: str
    sorted: bool
    ascending: bool
    is_numeric: bool


@dataclass(frozen=True, slots=True)
class FilterMenu:
    """One filter: its choices are links, so it works without any script."""

    title: str
    choices: Sequence[dict[str, Any]]
    applied: str
    period: PeriodFilter | None
    kept: Pairs


@dataclass(frozen=True, slots=True)
class ListRow:
    """A row: cells with the column's name and their class, and where it leads."""

    cells: Sequence[tuple[Value, str, str]]
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The whole page but its title."""

    heads: Sequence[Head]
    rows: Sequence[ListRow]
    filters: Sequence[FilterMenu]
    chips: Sequence[Link]
    kept: Pairs
    export_url: str
    first: int
    last: int
    count: int
    is_cut: bool
    previous: str
    next: str

    @property
    def has_any_filter(self) -> bool:
        """True if the list is not shown whole."""
        return bool(self.chips)


def frame_of(request: HttpRequest, admin: Any, changes: ChangeList) -> Frame:
    """Lay out the page of ``changes``."""
    names = admin.columns(request)
    values = [(admin.values(request, thing), thing) for thing in changes.result_list]
    numeric = [_is_numeric([cells[at] for cells, _ in values]) for at in range(len(names))]
    filters = [_menu(request, spec, changes) for spec in changes.filter_specs]
    page, size = changes.page_num, changes.list_per_page
    more = page * size < changes.paginator.count
    return Frame(
        heads=_heads(changes, names, numeric),
        rows=[
            ListRow(
                [
                    (cell, name, "ch-r" if is_number else "")
                    for cell, name, is_number in zip(cells, names, numeric, strict=True)
                ],
                admin.object_url(thing),
            )
            for cells, thing in values
        ],
        filters=filters,
        chips=_chips(changes, filters),
        kept=_pairs(request, {SEARCH_VAR, PAGE_VAR}),
        export_url=changes.get_query_string({"export": "csv"}, [PAGE_VAR]),
        first=(page - 1) * size + 1,
        last=min(page * size, changes.paginator.count),
        count=changes.paginator.count,
        is_cut=changes.paginator.has_more,
        previous=changes.get_query_string({PAGE_VAR: page - 1}) if page > 1 else "",
        next=changes.get_query_string({PAGE_VAR: page + 1}) if more else "",
    )


def _is_numeric(column: Sequence[Value]) -> bool:
    """Told by its first value: a column of amounts may begin with none."""
    return is_numeric(next((cell for cell in column if cell not in (None, "", Several(()))), None))


def _heads(changes: ChangeList, names: Sequence[str], numeric: Sequence[bool]) -> list[Head]:
    return [
        Head(
            text=name,
            url=str(head.get("url_primary") or "") if head["sortable"] else "",
            sorted=bool(head.get("sorted")),
            ascending=bool(head.get("ascending")),
            is_numeric=is_number,
        )
        for head, name, is_number in zip(result_headers(changes), names, numeric, strict=True)
    ]


def _menu(request: HttpRequest, spec: Any, changes: ChangeList) -> FilterMenu:
    choices = list(spec.choices(changes))
    period = spec if isinstance(spec, PeriodFilter) else None
    if period is not None:
        applied = period.applied
    else:
        chosen = [str(choice["display"]) for choice in choices[1:] if choice["selected"]]
        applied = ", ".join(chosen)
    title = str(spec.title)
    return FilterMenu(
        title=title[:1].upper() + title[1:],
        choices=choices,
        applied=applied,
        period=period,
        kept=_pairs(request, {*spec.expected_parameters(), PAGE_VAR}),
    )


def _chips(changes: ChangeList, filters: Iterable[FilterMenu]) -> list[Link]:
    chips = [
        Link(f"{menu.title}: {menu.applied}", menu.choices[0]["query_string"])
        for menu in filters
        if menu.applied
    ]
    if changes.query:
        url = changes.get_query_string(remove=[SEARCH_VAR, PAGE_VAR])
        chips.append(Link(f"“{changes.query}”", url))
    return chips


def _pairs(request: HttpRequest, without: set[str]) -> Pairs:
    return [
        (name, value)
        for name, values in request.GET.lists()
        if name not in without
        for value in values
    ]
