"""Callbacks as they came in: stored first, understood later."""

from __future__ import annotations

from django.db import models

from apps.payments.domain.states import CallbackState
from apps.payments.models.accounts import ProviderAccount
from apps.payments.models.attempts import Attempt
from apps.platform.models.rows import Identified, choices
from apps.platform.models.sealed import SealedBytes
from apps.platform.secrets.sealing import seal_bytes, sealed_by

_PURPOSE = "payments.callback"


def sealed_body(body: bytes) -> bytes:
    """The bytes as the table keeps them, for statements that are written out."""
    return seal_bytes(_PURPOSE, body)


class Callback(Identified):
    """The bytes a provider sent to an address that we gave it. The body never changes; it names
    people, so it is sealed, and sealed anew under a new program key (``sealed_by``).

    ``dedupe`` is the provider's own name for the message; a second one with the same name and the
    same bytes only counts up ``duplicates``. One with other bytes is kept beside it, quarantined.
    What came to an address of the account has no attempt; with a wrong signature it is not genuine,
    and is never read.
    """

    provider_account = models.ForeignKey(ProviderAccount, models.PROTECT, related_name="callbacks")
    attempt = models.ForeignKey(Attempt, models.PROTECT, null=True, related_name="callbacks")
    kind = models.CharField(max_length=20)  # which of the addresses it came to
    headers = models.JSONField(default=dict)
    is_genuine = models.BooleanField(default=True)
    dedupe = models.CharField(max_length=200)
    body = SealedBytes(purpose=_PURPOSE)
    sealed_by = models.CharField(max_length=8, default=sealed_by)
    body_sha256 = models.CharField(max_length=64)
    content_type = models.CharField(max_length=100, blank=True)
    remote_ip = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    state = models.CharField(
        max_length=20, choices=choices(CallbackState), default=CallbackState.NEW
    )
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    last_error = models.CharField(max_length=300, blank=True)
    duplicates = models.PositiveIntegerField(default=0)
    last_duplicate_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True)

    class Meta(Identified.Meta):
        db_table = "payments_callback"
        ordering = ["received_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider_account", "dedupe"], name="payments_callback_dedupe_once"
            ),
            models.CheckConstraint(
                name="payments_callback_state_known",
                condition=models.Q(state__in=[state.value for state in CallbackState]),
            ),
        ]
        indexes = [
            models.Index(fields=["received_at", "id"], name="payments_callback_paging"),
            models.Index(
                fields=["next_try_at", "id"],
                condition=models.Q(state=CallbackState.NEW.value),
                name="payments_callback_due",
            ),
        ]

    def __str__(self) -> str:
        return self.dedupe
