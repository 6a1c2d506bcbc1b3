"""Whom we pay, and where to."""

from __future__ import annotations

from django.db import models

from apps.platform.models.rows import Identified, choices
from apps.settlements.domain import DetailsDecision, PayeeKind, PayoutDetails, Rail


class Payee(Identified):
    """A restaurant or driver we owe money to. ``ledger_account`` is the code of its payable."""

    reference = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=150)
    kind = models.CharField(max_length=20, choices=choices(PayeeKind))
    ledger_account = models.CharField(max_length=64, unique=True)
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "settlements_payee"
        ordering = ["reference"]

    def __str__(self) -> str:
        return self.name


class Beneficiary(Identified):
    """One version of a payee's payout details. Never changed: a change is the next version.

    ``cools_until`` is when money may go there at the earliest, unless a second person lifts it.
    """

    payee = models.ForeignKey(Payee, models.PROTECT, related_name="beneficiaries")
    version = models.PositiveIntegerField()
    rail = models.CharField(max_length=10, choices=choices(Rail), default=Rail.PHONE)
    phone = models.CharField(max_length=15, blank=True)
    account_name = models.CharField(max_length=70, blank=True)
    iban = models.CharField(max_length=34, blank=True)
    account = models.CharField(max_length=34, blank=True)
    bic = models.CharField(max_length=11, blank=True)
    clearing_member = models.CharField(max_length=35, blank=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)
    author_person = models.CharField(max_length=150)
    cools_until = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "settlements_beneficiary"
        constraints = [
            models.UniqueConstraint(
                fields=["payee", "version"], name="settlements_beneficiary_version_once"
            ),
            models.CheckConstraint(
                name="settlements_beneficiary_one_destination",
                condition=models.Q(rail="phone", iban="", account="") & ~models.Q(phone="")
                | models.Q(rail="bank", phone="", account="") & ~models.Q(iban="")
                | models.Q(rail="bank", phone="", iban="")
                & ~models.Q(account="")
                & (~models.Q(bic="") | ~models.Q(clearing_member="")),
            ),
            models.CheckConstraint(
                name="settlements_beneficiary_cools_after_it_was_made",
                condition=models.Q(cools_until__gte=models.F("created_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payee_id} v{self.version}"

    @property
    def details(self) -> PayoutDetails:
        """As a value."""
        return PayoutDetails(
            rail=Rail(self.rail),
            phone=self.phone,
            account_name=self.account_name,
            iban=self.iban,
            account=self.account,
            bic=self.bic,
            clearing_member=self.clearing_member,
        )


class BeneficiaryDecision(Identified):
    """What a second person said of one version of payout details. Append-only."""

    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, related_name="decisions")
    decision = models.CharField(max_length=10, choices=choices(DetailsDecision))
    person = models.CharField(max_length=150)
    user_id = models.UUIDField()
    user_name = models.CharField(max_length=200)
    comment = models.CharField(max_length=1000, blank=True)
    step_up_at = models.DateTimeField()
    decided_at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "settlements_beneficiary_decision"
        constraints = [
            models.UniqueConstraint(
                fields=["beneficiary"],
                condition=models.Q(decision__in=["verify", "reject"]),
                name="settlements_beneficiary_verified_or_rejected_once",
            ),
            models.UniqueConstraint(
                fields=["beneficiary"],
                condition=models.Q(decision="lift"),
                name="settlements_beneficiary_lifted_once",
            ),
            models.CheckConstraint(
                name="settlements_beneficiary_decision_reasoned",
                condition=models.Q(decision="verify") | ~models.Q(comment=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.beneficiary_id} {self.decision}"


class PayeeFile(Identified):
    """A file of payees as it was read. Append-only.

    ``problems`` holds ``[row, column, sentence]`` for every row that was left out.
    """

    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()
    added = models.PositiveIntegerField()
    changed = models.PositiveIntegerField()
    unchanged = models.PositiveIntegerField()
    problems = models.JSONField(default=list)
    imported_at = models.DateTimeField()
    imported_by = models.CharField(max_length=200)

    class Meta(Identified.Meta):
        db_table = "settlements_payee_file"
        ordering = ["-imported_at"]

    def __str__(self) -> str:
        return self.name
