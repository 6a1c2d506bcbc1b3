"""What a tenant adds to its chart of accounts: units, dimensions, categories."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.ledger.models.accounts import Account
from apps.platform.currencies import CURRENCIES, EXPONENT_MAX
from apps.platform.models.rows import Identified, TenantRow


class Unit(TenantRow):
    """A unit of account of the tenant's own, such as loyalty points or text messages.

    Its code is never one of ISO 4217. Once an account counts in it, its exponent is what every
    amount means, and never changes.
    """

    code = models.CharField(primary_key=True, max_length=12)
    name = models.CharField(max_length=100)
    exponent = models.SmallIntegerField(help_text="Decimals of its minor unit, 0 to 9.")
    declared_at = models.DateTimeField()

    class Meta(TenantRow.Meta):
        db_table = "ledger_unit"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                name="ledger_unit_exponent_known",
                condition=Q(exponent__gte=0, exponent__lte=EXPONENT_MAX),
            ),
            models.CheckConstraint(
                name="ledger_unit_code_sound", condition=Q(code__regex=r"^[A-Z][A-Z0-9]{1,11}$")
            ),
            models.CheckConstraint(
                name="ledger_unit_code_not_a_currency", condition=~Q(code__in=sorted(CURRENCIES))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Dimension(Identified):
    """A question that postings answer beside their account: which branch, which product.

    An account may answer for all its postings (``Account.dimensions``), or else the entry does
    (``metadata["dimensions"]``). An empty list allows any value, any class, any kind of entry.
    """

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    allowed = models.JSONField(default=list, help_text="The values it may take; empty: any.")
    account_classes = models.JSONField(default=list, help_text="Where it is required.")
    kinds = models.JSONField(default=list, help_text="Kinds of entries in which it is required.")
    is_required = models.BooleanField(default=False)
    declared_at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "ledger_dimension"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Category(Identified):
    """Accounts grouped across the tree, such as everything that is owed to drivers."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    note = models.CharField(max_length=300, blank=True)
    declared_at = models.DateTimeField()
    accounts = models.ManyToManyField(Account, through="CategoryAccount", related_name="categories")

    class Meta(Identified.Meta):
        db_table = "ledger_category"
        ordering = ["code"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class CategoryAccount(TenantRow):
    """One account in one category; a header stands for all that is below it."""

    category = models.ForeignKey(Category, models.CASCADE, related_name="members")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")

    class Meta(TenantRow.Meta):
        db_table = "ledger_category_account"
        constraints = [
            models.UniqueConstraint(
                fields=["category", "account"], name="ledger_category_account_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.category_id}: {self.account_id}"
