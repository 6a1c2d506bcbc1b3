"""The calendar over HTTP. What takes a second person is asked here and decided in the console."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from apps.ledger.api.period_serializers import (
    CarryInput,
    ChecklistQuery,
    CloseInput,
    ExceptionInput,
    FindingSerializer,
    FiscalYearSerializer,
    FrozenSerializer,
    PeriodRequestSerializer,
    PeriodSerializer,
    ReasonInput,
    YearInput,
)
from apps.ledger.domain.periods import PeriodLength, PeriodState
from apps.ledger.models import Period
from apps.ledger.selectors.controls import checklist, closing_of
from apps.ledger.selectors.periods import (
    fiscal_years,
    frozen_balances,
    period,
    periods,
    requests_of,
)
from apps.ledger.selectors.years import YearRow, fiscal_year
from apps.ledger.services import (
    carry_year_result,
    close_period,
    end_period_request,
    open_fiscal_year,
    request_exception,
    request_reopening,
    take_back_year_result,
)
from apps.platform.api.endpoints import Endpoint
from apps.platform.api.schema import page_of


class CalendarEndpoint(Endpoint):
    """Reading the calendar and changing it are two scopes."""

    required_scope: ClassVar[dict[str, str]] = {"GET": "ledger:read", "POST": "ledger:close"}


class PeriodCollection(CalendarEndpoint):
    """The calendar."""

    @extend_schema(operation_id="ledger_periods_list", responses=page_of(PeriodSerializer))
    def get(self, request: Request) -> Response:
        """List every period."""
        return _all(PeriodSerializer, periods())


class PeriodItem(CalendarEndpoint):
    """One period."""

    @extend_schema(operation_id="ledger_periods_retrieve", responses=PeriodSerializer)
    def get(self, request: Request, id: str) -> Response:
        """Show a period with its closings."""
        return Response(PeriodSerializer(period(self.read_id("per", id))).data)


class PeriodChecklist(CalendarEndpoint):
    """What stands in the way of closing."""

    @extend_schema(parameters=[ChecklistQuery], responses=page_of(FindingSerializer))
    def get(self, request: Request, id: str) -> Response:
        """Run the checklist without closing."""
        to_state = self.read_query(request, ChecklistQuery)["to_state"]
        row = period(self.read_id("per", id))
        about = Period.objects.select_related("year").get(id=row.id)
        return _all(FindingSerializer, checklist(closing_of(about, PeriodState(to_state))))


class PeriodBalances(CalendarEndpoint):
    """What the last closing froze."""

    @extend_schema(responses=page_of(FrozenSerializer))
    def get(self, request: Request, id: str) -> Response:
        """Show the balances that were frozen; empty for a period that was never closed."""
        row = period(self.read_id("per", id))
        frozen = frozen_balances(row.closings[-1].id) if row.closings else []
        return _all(FrozenSerializer, frozen)


class PeriodClose(CalendarEndpoint):
    """Closing."""

    @extend_schema(request=CloseInput, responses=PeriodSerializer)
    def post(self, request: Request, id: str) -> Response:
        """Close a period and freeze its balances."""
        period_id = self.read_id("per", id)
        facts = self.read(request, CloseInput)
        facts["to_state"] = PeriodState(facts["to_state"])

        def work() -> tuple[int, Mapping[str, Any]]:
            close_period(period_id=period_id, actor=self.actor(request), **facts)
            return 200, PeriodSerializer(period(period_id)).data

        return self.once(request, work)


class PeriodRequests(CalendarEndpoint):
    """What was asked about a period."""

    @extend_schema(
        operation_id="ledger_period_requests_list", responses=page_of(PeriodRequestSerializer)
    )
    def get(self, request: Request, id: str) -> Response:
        """List exceptions and reopenings, granted or not."""
        rows = requests_of(period(self.read_id("per", id)).id)
        return _all(PeriodRequestSerializer, rows)


class PeriodExceptions(CalendarEndpoint):
    """Asking for an exception."""

    @extend_schema(request=ExceptionInput, responses={201: PeriodRequestSerializer})
    def post(self, request: Request, id: str) -> Response:
        """Ask a second person to let some postings into a softly closed period."""
        period_id = self.read_id("per", id)
        facts = self.read(request, ExceptionInput)

        def work() -> tuple[int, Mapping[str, Any]]:
            asked = request_exception(period_id=period_id, actor=self.actor(request), **facts)
            return 201, _request(period_id, asked)

        return self.once(request, work)


class PeriodReopening(CalendarEndpoint):
    """Asking for a reopening."""

    @extend_schema(request=ReasonInput, responses={201: PeriodRequestSerializer})
    def post(self, request: Request, id: str) -> Response:
        """Ask a second person to open a softly closed period again."""
        period_id = self.read_id("per", id)
        reason = self.read(request, ReasonInput)["reason"]

        def work() -> tuple[int, Mapping[str, Any]]:
            asked = request_reopening(period_id=period_id, reason=reason, actor=self.actor(request))
            return 201, _request(period_id, asked)

        return self.once(request, work)


class PeriodRequestEnd(CalendarEndpoint):
    """Ending what was asked."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, id: str) -> Response:
        """Withdraw a waiting request, or end an exception before its time."""
        request_id = self.read_id("prq", id)

        def work() -> tuple[int, Mapping[str, Any]]:
            end_period_request(request_id=request_id, actor=self.actor(request))
            return 204, {}

        return self.once(request, work)


class FiscalYearCollection(CalendarEndpoint):
    """The fiscal years."""

    @extend_schema(operation_id="ledger_fiscal_years_list", responses=page_of(FiscalYearSerializer))
    def get(self, request: Request) -> Response:
        """List fiscal years, each with what carrying its result would do."""
        rows = [fiscal_year(row.id) for row in fiscal_years()]
        return _all(FiscalYearSerializer, rows)

    @extend_schema(request=YearInput, responses={201: FiscalYearSerializer})
    def post(self, request: Request) -> Response:
        """Open a fiscal year and its periods."""
        facts = self.read(request, YearInput)
        facts["length"] = PeriodLength(facts["length"])

        def work() -> tuple[int, Mapping[str, Any]]:
            year_id = open_fiscal_year(actor=self.actor(request), **facts)
            return 201, FiscalYearSerializer(fiscal_year(year_id)).data

        return self.once(request, work)


class FiscalYearItem(CalendarEndpoint):
    """One fiscal year."""

    @extend_schema(operation_id="ledger_fiscal_years_retrieve", responses=FiscalYearSerializer)
    def get(self, request: Request, id: str) -> Response:
        """Show a year with the dry run of carrying its result."""
        return Response(FiscalYearSerializer(self.year(id)).data)

    def year(self, id: str) -> YearRow:
        """The year the address names."""
        return fiscal_year(self.read_id("fy", id))


class FiscalYearCarry(FiscalYearItem):
    """Carrying a year's result."""

    http_method_names = ["post", "options"]

    @extend_schema(request=CarryInput, responses=FiscalYearSerializer)
    def post(self, request: Request, id: str) -> Response:
        """Carry the year's result to retained earnings; again, only what came since."""
        year_id = self.year(id).id
        accounts = self.read(request, CarryInput)["retained_earnings"]

        def work() -> tuple[int, Mapping[str, Any]]:
            carry_year_result(
                year_id=year_id, retained_earnings=accounts, actor=self.actor(request)
            )
            return 200, FiscalYearSerializer(fiscal_year(year_id)).data

        return self.once(request, work)


class FiscalYearTakeBack(FiscalYearItem):
    """Taking it back."""

    http_method_names = ["post", "options"]

    @extend_schema(request=ReasonInput, responses=FiscalYearSerializer)
    def post(self, request: Request, id: str) -> Response:
        """Reverse the year's closing entries while its last period is only softly closed."""
        year_id = self.year(id).id
        reason = self.read(request, ReasonInput)["reason"]

        def work() -> tuple[int, Mapping[str, Any]]:
            take_back_year_result(year_id=year_id, reason=reason, actor=self.actor(request))
            return 200, FiscalYearSerializer(fiscal_year(year_id)).data

        return self.once(request, work)


def _all(shape: type[Serializer], rows: Sequence[object]) -> Response:
    """The whole list as one page: calendars are short."""
    data = shape(rows, many=True).data
    return Response({"data": data, "next": None, "previous": None})


def _request(period_id: Any, request_id: Any) -> Mapping[str, Any]:
    row = next(row for row in requests_of(period_id) if row.id == request_id)
    return PeriodRequestSerializer(row).data
