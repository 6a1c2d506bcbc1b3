"""The journal: entries and their postings, written once."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from apps.ledger.domain import POSTINGS_MAX
from apps.ledger.models.accounts import UNIT_LENGTH, Account
from apps.platform.models.rows import Identified, TenantRow

SIDES = [("D", "Debit"), ("C", "Credit")]


class JournalEntry(Identified):
    """A balanced set of postings. Written once; corrected only by a reversing entry.

    The table also has ``txid`` (xid8), the transaction that wrote the row: the cursor for readers
    that must not miss a late commit. ``reason`` is a reason code, ``template`` the code and version
    of the posting template it was made from, ``approval_id`` what allowed it. ``fingerprint`` tells
    a repeated request from a reused key; ``digest`` is the hash of everything the entry says, its
    postings included, and its metadata under ``metadata_salt``, so that both can be erased and the
    rest still be proven.
    """

    kind = models.CharField(max_length=50)
    description = models.CharField(max_length=200)
    value_date = models.DateField()
    effective_at = models.DateTimeField(null=True)
    posted_at = models.DateTimeField()
    idempotency_key = models.CharField(max_length=320, null=True)  # noqa: DJ001  NULL is no key
    fingerprint = models.BinaryField()
    source_event = models.CharField(max_length=200, blank=True)
    reverses = models.ForeignKey(
        "self", models.PROTECT, null=True, db_index=False, related_name="reversals"
    )
    reason = models.CharField(max_length=40, blank=True)
    approval_id = models.UUIDField(null=True)
    template = models.CharField(max_length=80, blank=True)
    actor = models.CharField(max_length=221)
    actor_id = models.UUIDField(null=True)
    metadata = models.JSONField(encoder=DjangoJSONEncoder, default=dict)
    metadata_salt = models.UUIDField(null=True, editable=False)
    digest = models.BinaryField()

    class Meta(Identified.Meta):
        db_table = "ledger_journal_entry"
        ordering = ["-id"]
        verbose_name_plural = "journal entries"
        indexes = [
            models.Index(fields=["posted_at", "id"], name="ledger_journal_entry_posted_at"),
            models.Index(
                fields=["reverses"],
                condition=Q(reverses__isnull=False),
                name="ledger_journal_entry_reversals",
            ),
            models.Index(
                fields=["template", "posted_at"],
                condition=~Q(template=""),
                name="ledger_journal_entry_templates",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["idempotency_key"], name="ledger_journal_entry_key_once"
            ),
            models.UniqueConstraint(
                fields=["source_event", "kind"],
                condition=~Q(source_event=""),
                name="ledger_journal_entry_source_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.value_date} {self.description}"


class Posting(TenantRow):
    """One leg of an entry: a positive amount on one side of one account.

    ``account_version`` is the version it brought the account to, so the postings of an account are
    numbered 1, 2, 3 … and ``balance_after_minor`` (normal side) can be followed along them. A
    posting of an account that is not kept synchronously has neither until it is folded in.
    ``clearing_key`` says which open item of a clearing account it belongs to.
    No foreign key guards account and entry: it would put a share lock on the hottest rows. The
    posting function is the only writer, checks that they exist, and the audit checks it again.
    """

    pk = models.CompositePrimaryKey("entry_id", "leg")
    entry = models.ForeignKey(
        JournalEntry, models.PROTECT, db_constraint=False, db_index=False, related_name="postings"
    )
    account = models.ForeignKey(
        Account, models.PROTECT, db_constraint=False, db_index=False, related_name="postings"
    )
    account_version = models.BigIntegerField(null=True)
    amount_minor = models.BigIntegerField()
    balance_after_minor = models.BigIntegerField(null=True)
    posted_at = models.DateTimeField()
    value_date = models.DateField()
    leg = models.SmallIntegerField(help_text="Its place in the entry, from 1.")
    side = models.CharField(max_length=1, choices=SIDES)
    currency = models.CharField(max_length=UNIT_LENGTH)
    clearing_key = models.CharField(max_length=100, null=True)  # noqa: DJ001  NULL is no key

    class Meta(TenantRow.Meta):
        db_table = "ledger_posting"
        indexes = [
            models.Index(
                fields=["account", "value_date", "posted_at"],
                name="ledger_posting_value_date",
            ),
            models.Index(
                fields=["account"],
                include=["side", "amount_minor", "value_date"],
                condition=Q(account_version=None),
                name="ledger_posting_unfolded",
            ),
        ]
        # One CHECK, not four: each is read anew for every statement.
        constraints = [
            models.UniqueConstraint(
                fields=["account", "account_version"], name="ledger_posting_version_once"
            ),
            models.CheckConstraint(
                name="ledger_posting_sound",
                condition=Q(amount_minor__gt=0, side__in=["D", "C"], leg__range=(1, POSTINGS_MAX))
                & (
                    Q(
                        account_version__isnull=False,
                        account_version__gt=0,
                        balance_after_minor__isnull=False,
                    )
                    | Q(account_version=None, balance_after_minor=None)
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.amount_minor} {self.currency}"
