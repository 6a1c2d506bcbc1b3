"""The shapes of the calendar's requests and answers."""

from __future__ import annotations

from rest_framework import serializers

from apps.ledger.domain.periods import PeriodLength, PeriodState, RequestKind, RequestState
from apps.platform.api.fields import MoneyField, PublicIdField

STATES = [state.value for state in PeriodState]


class FindingSerializer(serializers.Serializer):
    """What one control of the checklist found."""

    control = serializers.CharField()
    title = serializers.CharField()
    passed = serializers.BooleanField()
    blocks = serializers.BooleanField()
    detail = serializers.CharField(allow_blank=True)


class ClosingSerializer(serializers.Serializer):
    """One closing of a period, with its checklist."""

    number = serializers.IntegerField()
    state = serializers.ChoiceField(STATES)
    checklist = FindingSerializer(many=True)
    note = serializers.CharField(allow_blank=True)
    actor = serializers.CharField()
    closed_at = serializers.DateTimeField()


class PeriodSerializer(serializers.Serializer):
    """A period; both days belong to it."""

    id = PublicIdField("per")
    year = serializers.CharField()
    name = serializers.CharField()
    starts = serializers.DateField()
    ends = serializers.DateField()
    state = serializers.ChoiceField(STATES)
    soft_kinds = serializers.ListField(child=serializers.CharField())
    closings = ClosingSerializer(many=True)


class ChecklistQuery(serializers.Serializer):
    """Which closing is asked about."""

    to_state = serializers.ChoiceField(STATES[1:], default=PeriodState.SOFT_CLOSED.value)


class CloseInput(serializers.Serializer):
    """How far to close, and which warnings may stand, by the names of their controls.

    A hard close asks for a person's second factor, which only the console can give.
    """

    to_state = serializers.ChoiceField(STATES[1:])
    accepted = serializers.ListField(child=serializers.CharField(), default=list)
    note = serializers.CharField(max_length=1000, default="", allow_blank=True)


class FrozenSerializer(serializers.Serializer):
    """What an account came to at the period's end when it was closed last."""

    account = serializers.CharField()
    name = serializers.CharField()
    account_class = serializers.CharField()
    debits = MoneyField()
    credits = MoneyField()


class ReasonInput(serializers.Serializer):
    """Why."""

    reason = serializers.CharField(max_length=1000)


class ExceptionInput(ReasonInput):
    """Who may post what until when; nobody or nothing named means everyone or everything."""

    expires_at = serializers.DateTimeField()
    kinds = serializers.ListField(child=serializers.CharField(max_length=50), default=list)
    user_ids = serializers.ListField(child=serializers.UUIDField(), default=list)


class PeriodRequestSerializer(serializers.Serializer):
    """Something that a second person grants or refuses in the console."""

    id = PublicIdField("prq")
    kind = serializers.ChoiceField([kind.value for kind in RequestKind])
    state = serializers.ChoiceField([state.value for state in RequestState])
    is_active = serializers.BooleanField(help_text="An exception that lets postings in now.")
    reason = serializers.CharField()
    kinds = serializers.ListField(child=serializers.CharField())
    user_ids = serializers.ListField(child=serializers.UUIDField())
    expires_at = serializers.DateTimeField(allow_null=True)
    maker = serializers.CharField()
    requested_at = serializers.DateTimeField()
    decider = serializers.CharField(allow_blank=True)
    decided_at = serializers.DateTimeField(allow_null=True)


class YearInput(serializers.Serializer):
    """A fiscal year of twelve months to open."""

    starts = serializers.DateField()
    length = serializers.ChoiceField([one.value for one in PeriodLength], default="month")


class YearLineSerializer(serializers.Serializer):
    """One account that carrying would empty."""

    account = serializers.CharField()
    name = serializers.CharField()
    account_class = serializers.CharField()
    side = serializers.CharField()
    amount = MoneyField()


class CurrencyResultSerializer(serializers.Serializer):
    """What would be carried in one currency; a loss is negative."""

    currency = serializers.CharField()
    result = MoneyField()
    retained_earnings = serializers.CharField(allow_blank=True)
    lines = YearLineSerializer(many=True)


class FiscalYearSerializer(serializers.Serializer):
    """A fiscal year; ``left`` is the dry run of carrying its result now."""

    id = PublicIdField("fy")
    name = serializers.CharField()
    starts = serializers.DateField()
    ends = serializers.DateField()
    closings = serializers.IntegerField()
    unready = serializers.ListField(child=serializers.CharField())
    left = CurrencyResultSerializer(many=True)
    entries = serializers.ListField(child=PublicIdField("je"))


class CarryInput(serializers.Serializer):
    """The account that takes the result of each currency; those given before are remembered."""

    retained_earnings = serializers.DictField(child=serializers.CharField(), default=dict)
