"""The shapes of the ledger's requests and answers."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.ledger.domain import (
    POSTINGS_MAX,
    AccountClass,
    AccountStatus,
    EntryDraft,
    PostingDraft,
    Precondition,
    Side,
)
from apps.ledger.domain.periods import Late
from apps.ledger.domain.reversals import PPM, ReasonCode, ReversalPart
from apps.platform.api.fields import MoneyField, PublicIdField
from apps.platform.currencies import CODE


class AccountOpening(serializers.Serializer):
    """An account to open."""

    code = serializers.RegexField(r"^[A-Za-z0-9][A-Za-z0-9._:-]*\Z", max_length=64)
    name = serializers.CharField(max_length=200)
    account_class = serializers.ChoiceField([value.value for value in AccountClass])
    currency = serializers.RegexField(rf"^{CODE.pattern}\Z", help_text="ISO 4217, or a unit.")
    parent = serializers.CharField(max_length=64, default="", allow_blank=True)  # type: ignore[assignment]  # a field, not the base class's link
    is_header = serializers.BooleanField(default=False)
    floor_minor = serializers.IntegerField(default=None, allow_null=True)
    ceiling_minor = serializers.IntegerField(default=None, allow_null=True)


class AccountSerializer(serializers.Serializer):
    """An account and what it holds now. ``balance`` is positive on the account's normal side."""

    code = serializers.CharField(source="account")
    name = serializers.CharField()
    account_class = serializers.ChoiceField([value.value for value in AccountClass])
    currency = serializers.CharField()
    normal_side = serializers.ChoiceField([value.value for value in Side])
    parent = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # likewise
    is_header = serializers.BooleanField()
    status = serializers.ChoiceField([value.value for value in AccountStatus])
    floor = MoneyField(allow_null=True)
    ceiling = MoneyField(allow_null=True)
    debits = MoneyField()
    credits = MoneyField()
    balance = MoneyField()
    pending_in = MoneyField(help_text="What open holds will bring when they are captured.")
    pending_out = MoneyField(help_text="What open holds will take when they are captured.")
    available = MoneyField(help_text="The balance less what is pending out.")
    version = serializers.IntegerField(help_text="How many postings the account has.")
    opened_at = serializers.DateTimeField()


class LegInput(serializers.Serializer):
    """One leg: a positive amount on one side of an account."""

    account = serializers.CharField(max_length=64)
    side = serializers.ChoiceField([value.value for value in Side])
    amount = MoneyField(positive=True)


class PreconditionInput(serializers.Serializer):
    """What must be true of an account for the entry to be posted, as the entry finds it."""

    account = serializers.CharField(max_length=64)
    version = serializers.IntegerField(default=None, allow_null=True, min_value=0)
    min_balance_minor = serializers.IntegerField(default=None, allow_null=True)
    max_balance_minor = serializers.IntegerField(default=None, allow_null=True)


class PostingInput(LegInput):
    """One leg to post."""

    clearing_key = serializers.CharField(
        max_length=100,
        default="",
        allow_blank=True,
        help_text="What it opens or clears; the postings of one key should come to zero.",
    )


class EntryInput(serializers.Serializer):
    """A journal entry to post."""

    description = serializers.CharField(max_length=200)
    kind = serializers.RegexField(r"^[a-z][a-z0-9_.]*\Z", max_length=50, default="manual")
    value_date = serializers.DateField()
    effective_at = serializers.DateTimeField(default=None, allow_null=True)
    source_event = serializers.CharField(max_length=200, default="", allow_blank=True)
    late = serializers.ChoiceField(
        [value.value for value in Late],
        default=Late.RULE.value,
        help_text="What becomes of an entry whose day is closed; empty: as the kind's rule says.",
    )
    reason = serializers.CharField(max_length=40, default="", allow_blank=True)
    metadata = serializers.DictField(default=dict)
    preconditions = PreconditionInput(many=True, default=list, max_length=100)  # type: ignore[call-arg]  # of the list
    postings = PostingInput(many=True, allow_empty=False, max_length=POSTINGS_MAX)  # type: ignore[call-arg]  # of the list

    @staticmethod
    def to_draft(data: dict[str, Any]) -> EntryDraft:
        """The draft that the checked data describes."""
        postings = [
            PostingDraft(leg["account"], Side(leg["side"]), leg["amount"], leg["clearing_key"])
            for leg in data["postings"]
        ]
        conditions = [Precondition(**condition) for condition in data["preconditions"]]
        made = {"postings": postings, "preconditions": conditions, "late": Late(data["late"])}
        return EntryDraft(**(data | made))


class PostingSerializer(serializers.Serializer):
    """One leg. ``balance_after`` is the account's, positive on its normal side."""

    account = serializers.CharField()
    account_name = serializers.CharField()
    side = serializers.ChoiceField([value.value for value in Side])
    amount = MoneyField()
    clearing_key = serializers.CharField(allow_blank=True)
    account_version = serializers.IntegerField(allow_null=True)
    balance_after = MoneyField(allow_null=True)


class EntrySerializer(serializers.Serializer):
    """A journal entry with its postings."""

    id = PublicIdField("je")
    kind = serializers.CharField()
    description = serializers.CharField()
    value_date = serializers.DateField()
    effective_at = serializers.DateTimeField(allow_null=True)
    posted_at = serializers.DateTimeField()
    source_event = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True)
    template = serializers.CharField(allow_blank=True)
    approval_id = serializers.UUIDField(allow_null=True)
    actor = serializers.CharField()
    reverses = PublicIdField("je", allow_null=True)
    reversed_by = PublicIdField("je", allow_null=True, help_text="Once nothing of it remains.")
    reversals = serializers.ListField(child=PublicIdField("je"))
    metadata = serializers.DictField()
    postings = PostingSerializer(many=True)


class AccountPostingSerializer(serializers.Serializer):
    """A posting as the account's history shows it."""

    entry_id = PublicIdField("je")
    description = serializers.CharField()
    value_date = serializers.DateField()
    posted_at = serializers.DateTimeField()
    side = serializers.ChoiceField([value.value for value in Side])
    amount = MoneyField()
    account_version = serializers.IntegerField(allow_null=True)
    balance_after = MoneyField(allow_null=True)


class EntriesQuery(serializers.Serializer):
    """Which entries to list."""

    kind = serializers.CharField(max_length=50, required=False)
    source_event = serializers.CharField(max_length=200, required=False)
    template = serializers.CharField(
        max_length=80, required=False, help_text="The version that made them: code@3."
    )


class ReversedLegInput(serializers.Serializer):
    """How much of one leg is taken back."""

    leg = serializers.IntegerField(min_value=1, help_text="Its place in the entry, from 1.")
    amount_minor = serializers.IntegerField(min_value=1)


class ReversalInput(serializers.Serializer):
    """Why an entry is taken back, and the day the reversal counts (today if not given).

    Without ``share_ppm``, ``amount`` or ``legs`` all that remains is taken back.
    """

    reason = serializers.CharField(max_length=200)
    reason_code = serializers.ChoiceField(
        [code.value for code in ReasonCode], default=ReasonCode.CORRECTION.value
    )
    value_date = serializers.DateField(default=None, allow_null=True)
    share_ppm = serializers.IntegerField(
        default=None,
        allow_null=True,
        min_value=1,
        max_value=PPM,
        help_text="A share of the whole entry in parts per million.",
    )
    amount = MoneyField(default=None, allow_null=True, positive=True)
    legs = ReversedLegInput(many=True, default=None, allow_null=True, allow_empty=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """At most one way to say how much."""
        if sum(attrs[name] is not None for name in ("share_ppm", "amount", "legs")) > 1:
            raise serializers.ValidationError({"legs": "Give one of share_ppm, amount and legs."})
        return attrs

    @staticmethod
    def to_facts(data: dict[str, Any]) -> dict[str, Any]:
        """What the use case takes."""
        legs = data["legs"]
        return {
            "reason": data["reason"],
            "reason_code": ReasonCode(data["reason_code"]),
            "value_date": data["value_date"],
            "part": ReversalPart(
                legs={leg["leg"]: leg["amount_minor"] for leg in legs} if legs else None,
                share_ppm=data["share_ppm"],
                amount=data["amount"],
            ),
        }


class TrialBalanceQuery(serializers.Serializer):
    """At the end of which value date; without it, now."""

    as_of = serializers.DateField(required=False)


class TrialBalanceRowSerializer(serializers.Serializer):
    """One account's sums."""

    account = serializers.CharField()
    name = serializers.CharField()
    account_class = serializers.CharField()
    debits = MoneyField()
    credits = MoneyField()
    balance = MoneyField()


class CurrencyTotalSerializer(serializers.Serializer):
    """Both sides of one currency; in sound books the difference is zero."""

    currency = serializers.CharField()
    debits_minor = serializers.IntegerField()
    credits_minor = serializers.IntegerField()
    difference_minor = serializers.IntegerField()


class TrialBalanceSerializer(serializers.Serializer):
    """Every account that was ever posted to, and the totals by currency."""

    is_balanced = serializers.BooleanField()
    rows = TrialBalanceRowSerializer(many=True)
    totals = CurrencyTotalSerializer(many=True)
