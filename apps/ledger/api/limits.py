"""Velocity limits and balance monitors over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.ledger.api.pages import KeyPages
from apps.ledger.api.views import LedgerEndpoint
from apps.ledger.domain import AccountClass, Side
from apps.ledger.domain.limits import BalanceKind, Comparison, Measure, TimeWindow
from apps.ledger.errors import LimitNotFound
from apps.ledger.models import BalanceMonitor, VelocityLimit
from apps.ledger.selectors.limits import (
    balance_monitor,
    crossings,
    limit_row,
    monitor_row,
    velocity_limit,
    velocity_usages,
)
from apps.ledger.services import (
    BalanceMonitorDraft,
    VelocityLimitDraft,
    end_balance_monitor,
    end_velocity_limit,
    set_velocity_limit,
    watch_balance,
)
from apps.platform.api.fields import MoneyField
from apps.platform.api.schema import page_of

CODE = r"^[a-z0-9][a-z0-9-]*\Z"


def _words(values: Any) -> list[str]:
    return [value.value for value in values]


class LimitInput(serializers.Serializer):
    """A velocity limit to begin: for one account, or for each account of a class."""

    code = serializers.RegexField(CODE, max_length=60)
    account = serializers.CharField(max_length=64, default="", allow_blank=True)
    account_class = serializers.ChoiceField(_words(AccountClass), default=None, allow_null=True)
    currency = serializers.CharField(max_length=12, default="", allow_blank=True)
    side = serializers.ChoiceField(_words(Side))
    entry_kind = serializers.CharField(max_length=50, default="", allow_blank=True)
    measure = serializers.ChoiceField(_words(Measure), default=Measure.AMOUNT.value)
    most = serializers.IntegerField(min_value=0, help_text="Minor units, or entries.")
    time_window = serializers.ChoiceField(_words(TimeWindow))
    reason = serializers.CharField(max_length=200)

    @staticmethod
    def to_draft(data: dict[str, Any]) -> VelocityLimitDraft:
        """The draft that the checked data describes."""
        facts = {name: value for name, value in data.items() if name != "reason"}
        class_ = facts.pop("account_class")
        return VelocityLimitDraft(
            **facts
            | {
                "side": Side(facts["side"]),
                "measure": Measure(facts["measure"]),
                "time_window": TimeWindow(facts["time_window"]),
                "account_class": AccountClass(class_) if class_ else None,
            }
        )


class EndingInput(serializers.Serializer):
    """Why it ends."""

    reason = serializers.CharField(max_length=200)


class LimitSerializer(serializers.Serializer):
    """A velocity limit."""

    code = serializers.CharField()
    account = serializers.CharField(allow_blank=True)
    account_class = serializers.CharField(allow_blank=True)
    currency = serializers.CharField()
    side = serializers.ChoiceField(_words(Side))
    entry_kind = serializers.CharField(allow_blank=True)
    measure = serializers.ChoiceField(_words(Measure))
    most = serializers.IntegerField()
    time_window = serializers.ChoiceField(_words(TimeWindow))
    zone = serializers.CharField()
    reason = serializers.CharField()
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class UsageSerializer(serializers.Serializer):
    """What an account used of a limit in one window."""

    account = serializers.CharField()
    window_start = serializers.DateTimeField()
    used = serializers.IntegerField()


class LimitWithUsagesSerializer(LimitSerializer):
    """A velocity limit and what was used of it, the newest windows first."""

    usages = UsageSerializer(many=True)


class MonitorInput(serializers.Serializer):
    """A balance to watch."""

    code = serializers.RegexField(CODE, max_length=60)
    account = serializers.CharField(max_length=64)
    balance_kind = serializers.ChoiceField(_words(BalanceKind), default=BalanceKind.POSTED.value)
    comparison = serializers.ChoiceField(_words(Comparison))
    threshold_minor = serializers.IntegerField(min_value=-(2**63), max_value=2**63 - 1)
    reason = serializers.CharField(max_length=200)

    @staticmethod
    def to_draft(data: dict[str, Any]) -> BalanceMonitorDraft:
        """The draft that the checked data describes."""
        facts = {name: value for name, value in data.items() if name != "reason"}
        return BalanceMonitorDraft(
            **facts
            | {
                "comparison": Comparison(facts["comparison"]),
                "balance_kind": BalanceKind(facts["balance_kind"]),
            }
        )


class MonitorSerializer(serializers.Serializer):
    """A balance monitor."""

    code = serializers.CharField()
    account = serializers.CharField()
    balance_kind = serializers.ChoiceField(_words(BalanceKind))
    comparison = serializers.ChoiceField(_words(Comparison))
    threshold = MoneyField()
    is_crossed = serializers.BooleanField()
    reason = serializers.CharField()
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class CrossingSerializer(serializers.Serializer):
    """One crossing, or one return."""

    is_crossed = serializers.BooleanField()
    balance = MoneyField()
    crossed_at = serializers.DateTimeField()


class MonitorWithCrossingsSerializer(MonitorSerializer):
    """A balance monitor and what it saw, the newest first."""

    crossings = CrossingSerializer(many=True)


def _limit(row: VelocityLimit) -> Mapping[str, Any]:
    return LimitSerializer(limit_row(row)).data


def _monitor(row: BalanceMonitor) -> Mapping[str, Any]:
    return MonitorSerializer(monitor_row(row)).data


def _limit_with_usages(code: str) -> dict[str, Any]:
    row = velocity_limit(code)
    if row is None:
        raise LimitNotFound(limit_code=code)
    used = UsageSerializer(velocity_usages(code), many=True).data
    return LimitSerializer(row).data | {"usages": used}


def _monitor_with_crossings(code: str) -> dict[str, Any]:
    row = balance_monitor(code)
    if row is None:
        raise LimitNotFound(limit_code=code)
    seen = CrossingSerializer(crossings(code), many=True).data
    return MonitorSerializer(row).data | {"crossings": seen}


class LimitCollection(LedgerEndpoint):
    """Velocity limits, by code."""

    @extend_schema(operation_id="ledger_limits_list", responses=page_of(LimitSerializer))
    def get(self, request: Request) -> Response:
        """List velocity limits, ended ones among them."""
        rows = VelocityLimit.objects.select_related("account")
        return KeyPages("code").answer(request, rows, _limit)

    @extend_schema(request=LimitInput, responses={201: LimitWithUsagesSerializer})
    def post(self, request: Request) -> Response:
        """Begin a velocity limit."""
        data = self.read(request, LimitInput)

        def work() -> tuple[int, Mapping[str, Any]]:
            set_velocity_limit(
                draft=LimitInput.to_draft(data), reason=data["reason"], actor=self.actor(request)
            )
            return 201, _limit_with_usages(data["code"])

        return self.once(request, work)


class LimitItem(LedgerEndpoint):
    """One velocity limit."""

    @extend_schema(operation_id="ledger_limits_retrieve", responses=LimitWithUsagesSerializer)
    def get(self, request: Request, code: str) -> Response:
        """Show a limit and what was used of it."""
        return Response(_limit_with_usages(code))


class MonitorCollection(LedgerEndpoint):
    """Balance monitors, by code."""

    @extend_schema(operation_id="ledger_monitors_list", responses=page_of(MonitorSerializer))
    def get(self, request: Request) -> Response:
        """List balance monitors, ended ones among them."""
        rows = BalanceMonitor.objects.select_related("account")
        return KeyPages("code").answer(request, rows, _monitor)

    @extend_schema(request=MonitorInput, responses={201: MonitorWithCrossingsSerializer})
    def post(self, request: Request) -> Response:
        """Begin to watch a balance."""
        data = self.read(request, MonitorInput)

        def work() -> tuple[int, Mapping[str, Any]]:
            watch_balance(
                draft=MonitorInput.to_draft(data),
                reason=data["reason"],
                actor=self.actor(request),
            )
            return 201, _monitor_with_crossings(data["code"])

        return self.once(request, work)


class MonitorItem(LedgerEndpoint):
    """One balance monitor."""

    @extend_schema(
        operation_id="ledger_monitors_retrieve", responses=MonitorWithCrossingsSerializer
    )
    def get(self, request: Request, code: str) -> Response:
        """Show a monitor and what it saw."""
        return Response(_monitor_with_crossings(code))


class Ending(LedgerEndpoint):
    """The end of a limit or monitor; which one, its subclass says."""

    def ended(
        self,
        request: Request,
        code: str,
        end: Callable[..., None],
        shown: Callable[[str], dict[str, Any]],
    ) -> Response:
        """End it and answer with it."""
        data = self.read(request, EndingInput)

        def work() -> tuple[int, Mapping[str, Any]]:
            end(code=code, reason=data["reason"], actor=self.actor(request))
            return 200, shown(code)

        return self.once(request, work)


class LimitEnding(Ending):
    """The end of a velocity limit."""

    @extend_schema(request=EndingInput, responses=LimitWithUsagesSerializer)
    def post(self, request: Request, code: str) -> Response:
        """End a velocity limit."""
        return self.ended(request, code, end_velocity_limit, _limit_with_usages)


class MonitorEnding(Ending):
    """The end of a balance monitor."""

    @extend_schema(request=EndingInput, responses=MonitorWithCrossingsSerializer)
    def post(self, request: Request, code: str) -> Response:
        """Stop watching a balance."""
        return self.ended(request, code, end_balance_monitor, _monitor_with_crossings)
