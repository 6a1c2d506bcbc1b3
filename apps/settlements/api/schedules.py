"""Calendars, cut-offs and payout schedules over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.platform import clock
from apps.platform.api.fields import MoneyField, PublicIdField
from apps.platform.api.pagination import CursorPages
from apps.platform.api.schema import page_of
from apps.platform.currencies import CURRENCIES
from apps.platform.tenant import current_tenant
from apps.settlements import selectors, services
from apps.settlements.api.views import SettlementsEndpoint
from apps.settlements.domain import Convention, Frequency, PayoutTerms, Recurrence
from apps.settlements.models import PayoutSchedule
from apps.settlements.selectors.calendars import is_calendar
from apps.settlements.selectors.schedules import schedule_row

_AHEAD = timedelta(days=366)
_BPS_MOST = 9_999
_DAYS_MOST = 3_660


class RailSerializer(serializers.Serializer):
    """When what a provider account sends leaves and arrives."""

    provider_account = serializers.CharField()
    zone = serializers.CharField()
    calendar = serializers.CharField()
    cut_offs = serializers.ListField(child=serializers.TimeField())
    arrives_after_days = serializers.IntegerField()
    next_cut_off = serializers.DateTimeField()
    expected_arrival = serializers.DateField()


class RailInput(serializers.Serializer):
    """Cut-offs of a provider account: wall times of ``zone`` on the open days of ``calendar``."""

    provider_account = serializers.CharField(max_length=60)
    zone = serializers.CharField(max_length=60)
    calendar = serializers.CharField(max_length=10)
    cut_offs = serializers.ListField(child=serializers.TimeField(), min_length=1, max_length=48)
    arrives_after_days = serializers.IntegerField(min_value=0, max_value=30)


class RailsSerializer(serializers.Serializer):
    """Every account whose cut-offs are set."""

    rails = RailSerializer(many=True)


class CalendarDaySerializer(serializers.Serializer):
    """A holiday, or what a person said of a day."""

    day = serializers.DateField()
    is_open = serializers.BooleanField()
    what = serializers.CharField()
    said_by = serializers.CharField(allow_blank=True)


class CalendarSerializer(serializers.Serializer):
    """Holidays and exceptions of the coming year; weekends are closed as well."""

    code = serializers.CharField()
    days = CalendarDaySerializer(many=True)


class CalendarDayInput(serializers.Serializer):
    """A day that is open or closed whatever the calendar says."""

    day = serializers.DateField()
    is_open = serializers.BooleanField()
    reason = serializers.CharField(max_length=300)


class ScheduleRunSerializer(serializers.Serializer):
    """One period of a schedule."""

    period = serializers.DateField()
    due_at = serializers.DateTimeField()
    ran_at = serializers.DateTimeField()
    batch_id = PublicIdField("bat", allow_null=True)
    note = serializers.CharField(allow_blank=True)


class ScheduleSerializer(serializers.Serializer):
    """A batch that is drafted and submitted by itself."""

    id = PublicIdField("sch")
    name = serializers.CharField()
    provider_account = serializers.CharField()
    currency = serializers.CharField()
    frequency = serializers.ChoiceField([value.value for value in Frequency])
    weekdays = serializers.ListField(child=serializers.IntegerField())
    month_day = serializers.IntegerField()
    at = serializers.TimeField()
    zone = serializers.CharField()
    calendar = serializers.CharField()
    convention = serializers.ChoiceField([value.value for value in Convention])
    min_payout = MoneyField()
    reserve_bps = serializers.IntegerField()
    reserve_days = serializers.IntegerField()
    starts_on = serializers.DateField()
    made_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    runs = ScheduleRunSerializer(many=True)


class ScheduleInput(serializers.Serializer):
    """A schedule's terms. Weekdays count from 0, Monday; reserves in hundredths of a percent."""

    name = serializers.CharField(max_length=60)
    provider_account = serializers.CharField(max_length=60)
    currency = serializers.ChoiceField(sorted(CURRENCIES))
    frequency = serializers.ChoiceField([value.value for value in Frequency])
    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6), required=False, default=list
    )
    month_day = serializers.IntegerField(min_value=1, max_value=31, required=False, default=1)
    at = serializers.TimeField()
    zone = serializers.CharField(max_length=60)
    calendar = serializers.CharField(max_length=10)
    convention = serializers.ChoiceField([value.value for value in Convention])
    starts_on = serializers.DateField()
    min_payout_minor = serializers.IntegerField(min_value=0, required=False, default=0)
    reserve_bps = serializers.IntegerField(
        min_value=0, max_value=_BPS_MOST, required=False, default=0
    )
    reserve_days = serializers.IntegerField(
        min_value=0, max_value=_DAYS_MOST, required=False, default=0
    )


def draft_of(facts: Mapping[str, Any]) -> services.ScheduleDraft:
    """The terms as the use case takes them."""
    return services.ScheduleDraft(
        **{
            name: facts[name]
            for name in (
                "name", "provider_account", "currency", "at", "zone", "calendar", "starts_on",
            )
        },
        convention=Convention(facts["convention"]),
        recurrence=Recurrence(
            frequency=Frequency(facts["frequency"]),
            weekdays=tuple(sorted(set(facts["weekdays"]))),
            month_day=facts["month_day"],
        ),
        terms=PayoutTerms(
            min_payout_minor=facts["min_payout_minor"],
            reserve_bps=facts["reserve_bps"],
            reserve_days=facts["reserve_days"],
        ),
    )  # fmt: skip


def _schedule(row: PayoutSchedule) -> Mapping[str, Any]:
    return ScheduleSerializer(schedule_row(row)).data


def _one(schedule_id: UUID) -> Mapping[str, Any]:
    row = selectors.schedule(schedule_id=schedule_id)
    if row is None:
        raise Http404
    return ScheduleSerializer(row).data


def _calendar(code: str) -> Mapping[str, Any]:
    if not is_calendar(code):
        raise Http404
    today = clock.today(current_tenant().zone)
    days = selectors.calendar_days(code=code, first=today, last=today + _AHEAD)
    return CalendarSerializer({"code": code, "days": days}).data


class RailCollection(SettlementsEndpoint):
    """Cut-offs of the accounts that pay out."""

    @extend_schema(operation_id="settlements_rails_list", responses=RailsSerializer)
    def get(self, request: Request) -> Response:
        """List cut-offs, the next of each, and when what leaves then arrives."""
        return Response(RailsSerializer({"rails": selectors.all_rail_times()}).data)

    @extend_schema(request=RailInput, responses={200: RailsSerializer})
    def post(self, request: Request) -> Response:
        """Set the cut-offs of an account."""
        facts = self.read(request, RailInput)

        def work() -> tuple[int, Mapping[str, Any]]:
            services.set_rail_times(**facts, actor=self.actor(request))
            return 200, RailsSerializer({"rails": selectors.all_rail_times()}).data

        return self.once(request, work)


class CalendarItem(SettlementsEndpoint):
    """Business days."""

    @extend_schema(operation_id="settlements_calendars_retrieve", responses=CalendarSerializer)
    def get(self, request: Request, code: str) -> Response:
        """Show the holidays and exceptions of the coming year: of a country, or FED, ECB."""
        return Response(_calendar(code))

    @extend_schema(request=CalendarDayInput, responses={201: CalendarSerializer})
    def post(self, request: Request, code: str) -> Response:
        """Say that a day is open or closed whatever the calendar says."""
        facts = self.read(request, CalendarDayInput)

        def work() -> tuple[int, Mapping[str, Any]]:
            services.say_of_day(calendar=code, **facts, actor=self.actor(request))
            return 201, _calendar(code)

        return self.once(request, work)


class ScheduleCollection(SettlementsEndpoint):
    """Batches that are drafted by themselves."""

    @extend_schema(operation_id="settlements_schedules_list", responses=page_of(ScheduleSerializer))
    def get(self, request: Request) -> Response:
        """List schedules with their latest runs, the newest first."""
        rows = PayoutSchedule.objects.prefetch_related("runs__batch")
        return CursorPages("made_at").answer(request, rows, _schedule)

    @extend_schema(request=ScheduleInput, responses={201: ScheduleSerializer})
    def post(self, request: Request) -> Response:
        """Make a schedule. People approve and release each of its batches."""
        facts = self.read(request, ScheduleInput)

        def work() -> tuple[int, Mapping[str, Any]]:
            id = services.make_schedule(draft=draft_of(facts), actor=self.actor(request))
            return 201, _one(id)

        return self.once(request, work)


class ScheduleItem(SettlementsEndpoint):
    """One schedule."""

    @extend_schema(operation_id="settlements_schedules_retrieve", responses=ScheduleSerializer)
    def get(self, request: Request, id: str) -> Response:
        """Show a schedule with its latest runs."""
        return Response(_one(self.read_id("sch", id)))


class ScheduleEnd(SettlementsEndpoint):
    """The end of a schedule."""

    @extend_schema(request=None, responses={200: ScheduleSerializer})
    def post(self, request: Request, id: str) -> Response:
        """End a schedule: no run after now."""
        schedule_id = self.read_id("sch", id)

        def work() -> tuple[int, Mapping[str, Any]]:
            services.end_schedule(schedule_id=schedule_id, actor=self.actor(request))
            return 200, _one(schedule_id)

        return self.once(request, work)
