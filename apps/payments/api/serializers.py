"""The form of requests and answers. Business rules are not here."""

from __future__ import annotations

from rest_framework import serializers

from apps.payments.domain import CaptureMethod, IntentStatus
from apps.platform.api.fields import MoneyField, PublicIdField


class AllocationLeg(serializers.Serializer):
    """Who is credited with how much of a payment."""

    account = serializers.CharField(max_length=64)
    amount = MoneyField(positive=True)


class NewIntent(serializers.Serializer):
    """A payment to ask for."""

    reference = serializers.CharField(max_length=100)
    amount = MoneyField(positive=True)
    payer_phone = serializers.CharField(max_length=20, required=False, default="")
    payment_method = serializers.CharField(max_length=200, required=False, default="")
    capture_method = serializers.ChoiceField(
        [m.value for m in CaptureMethod], required=False, default=CaptureMethod.AUTOMATIC
    )
    return_url = serializers.URLField(max_length=500, required=False, default="")
    allocation = AllocationLeg(many=True, allow_empty=False)
    description = serializers.CharField(max_length=200, required=False, default="")
    metadata = serializers.DictField(
        child=serializers.CharField(max_length=500, allow_blank=True), required=False, default=dict
    )


class Collection(serializers.Serializer):
    """How to collect; nothing is needed."""

    provider_account = serializers.SlugField(max_length=40, required=False, default="")


class IntentFilter(serializers.Serializer):
    """What to list."""

    status = serializers.ChoiceField([s.value for s in IntentStatus], required=False, default="")
    reference = serializers.CharField(max_length=100, required=False, default="")
    payer_phone = serializers.CharField(max_length=20, required=False, default="")


class RevealReason(serializers.Serializer):
    """What the number is needed for."""

    reason = serializers.CharField(max_length=200)


class Payer(serializers.Serializer):
    """The payer's whole number, in E.164."""

    phone = serializers.CharField()


class Intent(serializers.Serializer):
    """A payment intent."""

    id = PublicIdField("pi")
    reference = serializers.CharField()
    amount = MoneyField()
    authorised = MoneyField()
    captured = MoneyField()
    refunded = MoneyField()
    disputed = MoneyField()
    capture_method = serializers.CharField()
    status = serializers.ChoiceField([s.value for s in IntentStatus])
    payer = serializers.CharField()
    description = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class Attempt(serializers.Serializer):
    """One try at a provider."""

    id = PublicIdField("att")
    operation = serializers.CharField()
    number = serializers.IntegerField()
    amount = MoneyField()
    state = serializers.CharField()
    provider_account = serializers.CharField()
    provider_key = serializers.CharField()
    provider_refs = serializers.DictField(child=serializers.CharField())
    route = serializers.DictField()
    code = serializers.CharField()
    message = serializers.CharField()
    money_moved = serializers.CharField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    unknown_since = serializers.DateTimeField(allow_null=True)
    next_check_at = serializers.DateTimeField(allow_null=True)


class Event(serializers.Serializer):
    """A fact about a payment."""

    id = PublicIdField("evt")
    kind = serializers.CharField()
    learnt_from = serializers.CharField(source="source")
    amount = MoneyField()
    booked = MoneyField()
    provider_reference = serializers.CharField()
    provider_time = serializers.DateTimeField(allow_null=True)
    received_at = serializers.DateTimeField()
    journal = PublicIdField("je", allow_null=True)
    is_effective = serializers.BooleanField()


class IntentDetail(Intent):
    """A payment intent with its attempts, and what the payer must do now (``action``)."""

    action = serializers.DictField()

    allocation = AllocationLeg(many=True)
    metadata = serializers.DictField()
    attempts = Attempt(many=True)
