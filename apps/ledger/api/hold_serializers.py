"""The shapes of holds over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rest_framework import serializers

from apps.ledger.api.serializers import LegInput
from apps.ledger.domain import (
    CaptureDraft,
    HoldDraft,
    HoldMovementKind,
    HoldReason,
    HoldStatus,
    PostingDraft,
    ReleaseDraft,
    Side,
)
from apps.platform.api.fields import MoneyField, PublicIdField
from apps.platform.money import Money

#: The longest time a hold may be given; for longer, give it no end.
LIFETIME_SECONDS_MAX = 400 * 24 * 3600
LEGS_MAX = 100


class HoldInput(serializers.Serializer):
    """Money to hold: either ``postings``, or ``debit_account``, ``credit_account`` and ``amount``.

    ``lifetime_seconds`` becomes a deadline by the database's clock; without it the hold stays.
    """

    reason = serializers.ChoiceField([value.value for value in HoldReason])
    description = serializers.CharField(max_length=200)
    postings = LegInput(many=True, required=False, allow_empty=False, max_length=LEGS_MAX)  # type: ignore[call-arg]  # of the list
    debit_account = serializers.CharField(max_length=64, required=False)
    credit_account = serializers.CharField(max_length=64, required=False)
    amount = MoneyField(positive=True, required=False)
    lifetime_seconds = serializers.IntegerField(
        min_value=1, max_value=LIFETIME_SECONDS_MAX, default=None, allow_null=True
    )
    source_event = serializers.CharField(max_length=200, default="", allow_blank=True)
    metadata = serializers.DictField(default=dict)
    is_up_to_available = serializers.BooleanField(
        default=False, help_text="Hold the amount or, if that is less, what is available."
    )
    closes_account = serializers.CharField(
        max_length=64,
        default="",
        allow_blank=True,
        help_text="An account of the legs: frozen at once, closed by the final capture.",
    )

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """One of the two ways of saying what is held, and not both."""
        short = [name in data for name in ("debit_account", "credit_account", "amount")]
        if ("postings" in data and any(short)) or ("postings" not in data and not all(short)):
            raise serializers.ValidationError(
                {"postings": ["Give postings, or debit_account, credit_account and amount."]}
            )
        return data

    @staticmethod
    def to_draft(data: dict[str, Any]) -> HoldDraft:
        """The draft that the checked data describes."""
        if "postings" in data:
            postings = [
                PostingDraft(leg["account"], Side(leg["side"]), leg["amount"])
                for leg in data["postings"]
            ]
        else:
            postings = [
                PostingDraft(data["debit_account"], Side.DEBIT, data["amount"]),
                PostingDraft(data["credit_account"], Side.CREDIT, data["amount"]),
            ]
        seconds = data["lifetime_seconds"]
        return HoldDraft(
            reason=HoldReason(data["reason"]),
            description=data["description"],
            postings=postings,
            lifetime=None if seconds is None else timedelta(seconds=seconds),
            source_event=data["source_event"],
            metadata=data["metadata"],
            is_up_to_available=data["is_up_to_available"],
            closes_account=data["closes_account"],
        )


class LegAmount(serializers.Serializer):
    """How much of one leg, named by its number."""

    leg = serializers.IntegerField(min_value=1, max_value=LEGS_MAX)
    amount = MoneyField(positive=True)


class _PartInput(serializers.Serializer):
    """How much of a hold: ``amount`` of a hold of two legs, ``legs`` of any; without, all of it."""

    amount = MoneyField(positive=True, default=None, allow_null=True)
    legs = LegAmount(many=True, required=False, allow_empty=False, max_length=LEGS_MAX)  # type: ignore[call-arg]  # of the list

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """One of the two ways of saying how much, each leg once."""
        legs = [leg["leg"] for leg in data.get("legs", ())]
        if (legs and data["amount"] is not None) or len(legs) != len(set(legs)):
            raise serializers.ValidationError({"legs": ["Give each leg once, or one amount."]})
        return data


class CaptureInput(_PartInput):
    """How much of a hold becomes an entry; ``is_final`` releases the rest."""

    is_final = serializers.BooleanField(default=False)
    kind = serializers.RegexField(r"^[a-z][a-z0-9_.]*\Z", max_length=50, default="hold.capture")
    description = serializers.CharField(max_length=200, default="", allow_blank=True)
    value_date = serializers.DateField(default=None, allow_null=True)
    effective_at = serializers.DateTimeField(default=None, allow_null=True)
    source_event = serializers.CharField(max_length=200, default="", allow_blank=True)
    metadata = serializers.DictField(default=dict)

    @staticmethod
    def to_draft(data: dict[str, Any]) -> CaptureDraft:
        """The draft that the checked data describes."""
        return CaptureDraft(**(data | {"legs": _by_leg(data)}))


class ReleaseInput(_PartInput):
    """How much of a hold is given back, and why."""

    reason = serializers.CharField(max_length=200)

    @staticmethod
    def to_draft(data: dict[str, Any]) -> ReleaseDraft:
        """The draft that the checked data describes."""
        return ReleaseDraft(**(data | {"legs": _by_leg(data)}))


def _by_leg(data: dict[str, Any]) -> dict[int, Money] | None:
    if "legs" not in data:
        return None
    return {leg["leg"]: leg["amount"] for leg in data["legs"]}


class HoldsQuery(serializers.Serializer):
    """Which holds to list."""

    account = serializers.CharField(max_length=64, required=False)
    status = serializers.ChoiceField([value.value for value in HoldStatus], required=False)
    reason = serializers.ChoiceField([value.value for value in HoldReason], required=False)
    source_event = serializers.CharField(max_length=200, required=False)


class HoldLegSerializer(serializers.Serializer):
    """One leg; ``held`` is ``captured``, ``released``, ``expired`` and ``open`` together."""

    leg = serializers.IntegerField()
    account = serializers.CharField()
    account_name = serializers.CharField()
    side = serializers.ChoiceField([value.value for value in Side])
    asked = MoneyField()
    held = MoneyField()
    captured = MoneyField()
    released = MoneyField()
    expired = MoneyField()
    open = MoneyField()


class HoldMovementSerializer(serializers.Serializer):
    """What happened to a hold; ``amounts`` has one amount for each leg."""

    number = serializers.IntegerField()
    kind = serializers.ChoiceField([value.value for value in HoldMovementKind])
    amounts = serializers.ListField(child=MoneyField())
    entry_id = PublicIdField("je", allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    actor = serializers.CharField()
    moved_at = serializers.DateTimeField()


class HoldSerializer(serializers.Serializer):
    """A hold. Its amounts are the sum of one side in each currency."""

    id = PublicIdField("hld")
    reason = serializers.ChoiceField([value.value for value in HoldReason])
    description = serializers.CharField()
    status = serializers.ChoiceField([value.value for value in HoldStatus])
    placed_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    source_event = serializers.CharField(allow_blank=True)
    closes_account = serializers.CharField(allow_blank=True)
    actor = serializers.CharField()
    metadata = serializers.DictField()
    held = serializers.ListField(child=MoneyField())
    captured = serializers.ListField(child=MoneyField())
    released = serializers.ListField(child=MoneyField())
    expired = serializers.ListField(child=MoneyField())
    open = serializers.ListField(child=MoneyField())
    legs = HoldLegSerializer(many=True)
    movements = HoldMovementSerializer(many=True)
