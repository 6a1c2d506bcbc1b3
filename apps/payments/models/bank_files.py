"""Files exchanged with banks, and the payouts that leave in them."""

from __future__ import annotations

from django.db import models

from apps.payments.domain.bank_files import BankFileState
from apps.payments.domain.states import Direction
from apps.payments.models.accounts import ProviderAccount
from apps.payments.models.attempts import Attempt
from apps.platform.models.rows import Identified, choices

_STATES = [state.value for state in BankFileState]
_OUT = Direction.OUT.value


class BankFile(Identified):
    """A file that we wrote or that came in. Its bytes are kept in the object store.

    ``message_id`` is our name of a file for ever, and of one that came in what it answers.
    ``count`` and ``total_minor`` are those of our books for a file that leaves, and of its own
    entries for a statement. Digest and message identify it: the same is never sent twice, nor read
    twice. ``problem_code`` is the code of the refusal that put it aside.
    """

    provider_account = models.ForeignKey(ProviderAccount, models.PROTECT, related_name="bank_files")
    direction = models.CharField(max_length=3, choices=choices(Direction))
    state = models.CharField(max_length=20, choices=choices(BankFileState))
    file_format = models.CharField(max_length=20)
    name = models.CharField(max_length=200)
    message_id = models.CharField(max_length=35, blank=True)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()
    stored_as = models.CharField(max_length=200)
    count = models.PositiveIntegerField(default=0)
    total_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3)
    problem_code = models.CharField(max_length=80, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    duplicates = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta(Identified.Meta):
        db_table = "payments_bank_file"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider_account", "direction", "sha256"],
                name="payments_bank_file_digest_once",
            ),
            models.UniqueConstraint(
                fields=["message_id"],
                condition=models.Q(direction=_OUT),
                name="payments_bank_file_message_once",
            ),
            models.CheckConstraint(
                name="payments_bank_file_state_known", condition=models.Q(state__in=_STATES)
            ),
            models.CheckConstraint(
                name="payments_bank_file_out_has_totals",
                condition=~models.Q(direction=_OUT)
                | (
                    models.Q(count__gt=0, total_minor__gt=0, total_minor__isnull=False)
                    & ~models.Q(message_id="")
                ),
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=models.Q(next_try_at__isnull=False),
                name="payments_bank_file_due",
            )
        ]

    def __str__(self) -> str:
        return self.name


class BankFileSighting(Identified):
    """A file as it stood in the bank's folder when we fetched it, so that we fetch it once."""

    provider_account = models.ForeignKey(ProviderAccount, models.PROTECT, related_name="+")
    file = models.ForeignKey(BankFile, models.PROTECT, related_name="sightings")
    name = models.CharField(max_length=200)
    size_bytes = models.BigIntegerField()
    modified_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "payments_bank_file_sighting"
        constraints = [
            models.UniqueConstraint(
                fields=["provider_account", "name", "size_bytes", "modified_at"],
                nulls_distinct=False,
                name="payments_bank_file_sighting_once",
            )
        ]

    def __str__(self) -> str:
        return self.name


class BankPayout(Identified):
    """Whom an attempt pays by bank, and the one file it left in.

    The file is set once; the database refuses a second. ``is_told`` says that the attempt has
    learnt that its file was handed over.
    """

    attempt = models.OneToOneField(Attempt, models.PROTECT, related_name="bank_payout")
    file = models.ForeignKey(BankFile, models.PROTECT, null=True, related_name="payouts")
    payee = models.JSONField()
    is_told = models.BooleanField(default=False)

    class Meta(Identified.Meta):
        db_table = "payments_bank_payout"
        indexes = [
            models.Index(
                fields=["file"],
                condition=models.Q(is_told=False, file__isnull=False),
                name="payments_bank_payout_untold",
            )
        ]

    def __str__(self) -> str:
        return str(self.attempt_id)
