"""What is refused about units, limits, dimensions, categories and whole charts."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class LimitBroken(DomainError):
    """An account's balance already breaks the limit that was asked for."""

    code = "ledger/limit-broken"
    kind = Kind.CONFLICT
    advice = "Move money first, or choose a limit that the present balance keeps."

    account: str
    limit: str


@dataclass(eq=False, kw_only=True)
class LimitsNotPossible(DomainError):
    """These limits cannot stand on this account."""

    code = "ledger/limits-not-possible"
    kind = Kind.INVALID
    advice = "Give a floor below the ceiling, on an account that takes postings at once."

    account: str
    reason: str


@dataclass(eq=False, kw_only=True)
class UnknownUnit(DomainError):
    """There is no such currency, nor a unit of the tenant's own."""

    code = "ledger/unknown-unit"
    kind = Kind.INVALID
    advice = "Use a code of ISO 4217, or declare the unit first."

    unit: str


@dataclass(eq=False, kw_only=True)
class UnitCodeTaken(DomainError):
    """A unit's code is two to twelve capital letters and digits, and not one of ISO 4217."""

    code = "ledger/unit-code-taken"
    kind = Kind.INVALID
    advice = "Choose another code."

    unit: str


@dataclass(eq=False, kw_only=True)
class UnitInUse(DomainError):
    """Accounts count in this unit, so what its amounts mean is fixed."""

    code = "ledger/unit-in-use"
    kind = Kind.CONFLICT
    advice = "Declare another unit and convert into it."

    unit: str


@dataclass(eq=False, kw_only=True)
class DimensionMissing(DomainError):
    """A posting to this account must answer a dimension."""

    code = "ledger/dimension-missing"
    kind = Kind.INVALID
    advice = "Give it in the entry's metadata under dimensions, or set it on the account."

    account: str
    dimension: str
    entry_kind: str


@dataclass(eq=False, kw_only=True)
class DimensionNotAllowed(DomainError):
    """The answer is not one the dimension allows, or there is no such dimension."""

    code = "ledger/dimension-not-allowed"
    kind = Kind.INVALID
    advice = "Use one of the declared values."

    dimension: str
    answer: str


@dataclass(eq=False, kw_only=True)
class DimensionNotFound(DomainError):
    """There is no dimension with this code."""

    code = "ledger/dimension-not-found"
    kind = Kind.NOT_FOUND
    advice = "Check the code."

    dimension: str


@dataclass(eq=False, kw_only=True)
class CategoryNotFound(DomainError):
    """There is no category with this code."""

    code = "ledger/category-not-found"
    kind = Kind.NOT_FOUND
    advice = "Check the code."

    category: str


@dataclass(eq=False, kw_only=True)
class ChartTemplateNotFound(DomainError):
    """There is no chart template with this name."""

    code = "ledger/chart-template-not-found"
    kind = Kind.NOT_FOUND
    advice = "Choose one of the list."

    template: str


@dataclass(eq=False, kw_only=True)
class ChartNotApplicable(DomainError):
    """Some rows of the chart cannot be applied, so none was."""

    code = "ledger/chart-not-applicable"
    kind = Kind.CONFLICT
    advice = "Try it first, correct the rows that are refused, and apply it again."

    refused: int
    first_row: int
    first_reason: str


@dataclass(eq=False, kw_only=True)
class ChartUnreadable(DomainError):
    """The file is not a chart of accounts."""

    code = "ledger/chart-unreadable"
    kind = Kind.INVALID
    advice = "Export the present chart and use the same columns."

    reason: str


@dataclass(eq=False, kw_only=True)
class ReportTooLong(DomainError):
    """The report has more lines than can be answered at once."""

    code = "ledger/report-too-long"
    kind = Kind.INVALID
    advice = "Choose fewer days or accounts, or have it written as a file."

    limit: int


@dataclass(eq=False, kw_only=True)
class PeriodBackwards(DomainError):
    """A period begins on or before the day it ends."""

    code = "ledger/period-backwards"
    kind = Kind.INVALID
    advice = "Exchange the two days."

    starts: str
    ends: str
