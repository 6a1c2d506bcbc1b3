"""A chart of accounts as a file: what it says, read from and written to CSV and JSON.

What is exported and imported again is equal. CSV has the accounts alone, JSON the units, the
dimensions and the categories too.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from apps.ledger.domain.accounts import AccountStatus
from apps.ledger.errors import ChartUnreadable
from apps.platform.formatting import FORMULA_SIGNS, csv_text

FORMAT = "countinghouse.chart"
VERSION = 1
ACCOUNTS_MAX = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitDraft:
    """A unit of the tenant's own."""

    code: str
    name: str
    exponent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DimensionDraft:
    """A dimension, and where it is required."""

    code: str
    name: str
    allowed: tuple[str, ...] = ()
    is_required: bool = False
    account_classes: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDraft:
    """One account as a file describes it. Without a currency it is in the functional one."""

    code: str
    name: str
    account_class: str
    currency: str = ""
    parent: str = ""
    is_header: bool = False
    floor_minor: int | None = None
    ceiling_minor: int | None = None
    status: str = AccountStatus.OPEN
    dimensions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryDraft:
    """A category and the codes of its accounts."""

    code: str
    name: str
    note: str = ""
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A whole chart."""

    accounts: tuple[AccountDraft, ...]
    units: tuple[UnitDraft, ...] = ()
    dimensions: tuple[DimensionDraft, ...] = ()
    categories: tuple[CategoryDraft, ...] = ()


COLUMNS = tuple(one.name for one in fields(AccountDraft))


def chart_as_json(chart: Chart) -> str:
    """The chart as JSON, a line for each thing, so that two of them can be compared."""
    parts: list[str] = []
    for name in ("units", "dimensions", "accounts", "categories"):
        rows = ",\n    ".join(
            json.dumps(asdict(row), ensure_ascii=False) for row in getattr(chart, name)
        )
        parts.append(f'  "{name}": [{f"{chr(10)}    {rows}{chr(10)}  " if rows else ""}]')
    head = f'{{\n  "format": "{FORMAT}",\n  "version": {VERSION},\n'
    return head + ",\n".join(parts) + "\n}\n"


def chart_as_csv(chart: Chart) -> str:
    """The accounts as CSV that a spreadsheet opens without running anything."""
    rows = [[_cell(getattr(row, name)) for name in COLUMNS] for row in chart.accounts]
    return csv_text([COLUMNS, *rows])


def read_chart(text: str) -> Chart:
    """From either form, told apart by the first letter; ``ChartUnreadable`` says what is wrong."""
    text = text.removeprefix("\ufeff").strip()
    chart = _from_json(text) if text.startswith("{") else _from_csv(text)
    if not chart.accounts:
        raise ChartUnreadable(reason="There is no account in it.")
    if len(chart.accounts) > ACCOUNTS_MAX:
        raise ChartUnreadable(reason=f"There are more than {ACCOUNTS_MAX} accounts in it.")
    return chart


def chart_of(content: Mapping[str, Any]) -> Chart:
    """From the content of a JSON file; fields that nobody knows are refused."""
    try:
        return Chart(
            accounts=_rows(AccountDraft, content.get("accounts", ())),
            units=_rows(UnitDraft, content.get("units", ())),
            dimensions=_rows(DimensionDraft, content.get("dimensions", ())),
            categories=_rows(CategoryDraft, content.get("categories", ())),
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise ChartUnreadable(reason=str(error)) from error


def _from_json(text: str) -> Chart:
    try:
        content = json.loads(text)
    except ValueError as error:
        raise ChartUnreadable(reason=f"It is not JSON: {error}") from error
    if content.get("format", FORMAT) != FORMAT or content.get("version", VERSION) != VERSION:
        raise ChartUnreadable(reason=f"It is not {FORMAT} of version {VERSION}.")
    return chart_of(content)


def _from_csv(text: str) -> Chart:
    rows = csv.DictReader(io.StringIO(text))
    names = set(rows.fieldnames or ())
    if not {"code", "name", "account_class"} <= names or names - set(COLUMNS):
        raise ChartUnreadable(reason=f"The first line names the columns {', '.join(COLUMNS)}.")
    return chart_of({"accounts": [_account(row) for row in rows]})


def _account(row: Mapping[str, str | None]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for name, given in row.items():
        text = (given or "").removeprefix("'")
        if name in ("floor_minor", "ceiling_minor"):
            facts[name] = int(text) if text else None
        elif name == "is_header":
            facts[name] = text.lower() in ("true", "yes", "1")
        elif name == "dimensions":
            facts[name] = json.loads(text) if text else {}
        elif text or name in ("code", "name", "account_class"):
            facts[name] = text
    return facts


def _cell(value: object) -> str:
    """Text so that reading it back gives the same: one apostrophe before what needs one."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return json.dumps(dict(value), ensure_ascii=False, sort_keys=True) if value else ""
    text = str(value)
    is_number = isinstance(value, int)
    return f"'{text}" if text.startswith((*FORMULA_SIGNS, "'")) and not is_number else text


def _rows(kind: type[Any], given: Sequence[Mapping[str, Any]]) -> tuple[Any, ...]:
    types = {one.name: str(one.type) for one in fields(kind)}
    rows = []
    for row in given:
        facts = {
            name: tuple(value) if types.get(name, "").startswith("tuple") else value
            for name, value in row.items()
        }
        rows.append(kind(**facts))
    return tuple(rows)
