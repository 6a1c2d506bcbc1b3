"""The chain over the journal, the heads that were signed, and metadata that was erased."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.ledger.models.entries import JournalEntry
from apps.platform.models.rows import TenantRow


class Seal(TenantRow):
    """One link of the chain: an entry's dense number, and the hash that binds it to all before.

    Written by the sealer alone, after the entry is committed. ``payload`` is the entry's digest;
    a trigger recomputes ``hash`` and refuses a link that does not continue the chain.
    """

    number = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(
        JournalEntry, models.PROTECT, db_constraint=False, related_name="seal"
    )
    payload = models.BinaryField()
    previous = models.BinaryField()
    hash = models.BinaryField()
    algorithm = models.SmallIntegerField()

    class Meta(TenantRow.Meta):
        db_table = "ledger_seal"
        constraints = [
            models.CheckConstraint(name="ledger_seal_number_positive", condition=Q(number__gt=0))
        ]

    def __str__(self) -> str:
        return f"seal {self.number}"


class SealBatch(TenantRow):
    """The seals of one run under one Merkle root, whose head is signed and anchored outside.

    The table also has ``horizon`` (xid8): every entry of an older transaction is sealed. Signature
    and place in the object store come later and are written once.
    """

    number = models.BigIntegerField(primary_key=True)
    first = models.BigIntegerField()
    last = models.BigIntegerField(unique=True)
    root = models.BinaryField()
    head = models.BinaryField(help_text="The hash of the last seal.")
    sealed_at = models.DateTimeField()
    key_id = models.CharField(max_length=64, blank=True)
    public_key = models.BinaryField(null=True)
    statement = models.TextField(blank=True, help_text="What was signed, to the letter.")
    signature = models.BinaryField(null=True)
    signed_at = models.DateTimeField(null=True)
    object_name = models.CharField(max_length=250, blank=True)
    locked_until = models.DateTimeField(null=True, help_text="Until then the store keeps it.")
    anchored_at = models.DateTimeField(null=True)

    class Meta(TenantRow.Meta):
        db_table = "ledger_seal_batch"
        indexes = [
            models.Index(
                fields=["number"],
                condition=Q(anchored_at=None),
                name="ledger_seal_batch_open",
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="ledger_seal_batch_span", condition=Q(first__gt=0, last__gte=models.F("first"))
            ),
            models.CheckConstraint(
                name="ledger_seal_batch_signed_whole",
                condition=Q(signature=None, signed_at=None, statement="", anchored_at=None)
                | (
                    Q(signature__isnull=False, signed_at__isnull=False)
                    & ~Q(statement="")
                    & ~Q(key_id="")
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"seals {self.first} to {self.last}"


class MetadataErasure(TenantRow):
    """That an entry's metadata was erased, why and by whom. The row that opens the one door.

    ``digest`` is what the metadata and its salt hashed to, so the entry still proves itself.
    The table also has ``txid`` (xid8): the door is open in the row's own transaction only.
    """

    entry = models.OneToOneField(
        JournalEntry, models.PROTECT, primary_key=True, related_name="erasure"
    )
    digest = models.CharField(max_length=64)
    reason = models.CharField(max_length=300)
    actor = models.CharField(max_length=221)
    actor_id = models.UUIDField(null=True)
    erased_at = models.DateTimeField()

    class Meta(TenantRow.Meta):
        db_table = "ledger_metadata_erasure"
        constraints = [
            models.CheckConstraint(
                name="ledger_metadata_erasure_has_reason", condition=~Q(reason="")
            )
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}: {self.reason}"
