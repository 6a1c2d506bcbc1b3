"""Tenants and the host names they are reached by."""

from __future__ import annotations

from django.db import models
from django_tenants.models import DomainMixin, TenantMixin

from apps.platform.ids import new_id
from apps.platform.models.rows import choices
from apps.tenancy.domain import TenantMode, TenantState


class Tenant(TenantMixin):
    """One organisation. Its books live in the schema ``schema_name`` and nowhere else.

    ``slug`` names it in host names, subjects and headers; ``functional_currency`` is the currency
    its results are measured in (IAS 21.9); ``zone`` is the IANA time zone of its business days.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    state = models.CharField(
        max_length=20, choices=choices(TenantState), default=TenantState.PROVISIONING
    )
    mode = models.CharField(max_length=10, choices=choices(TenantMode), default=TenantMode.TEST)
    functional_currency = models.CharField(max_length=3)
    zone = models.CharField(max_length=50, default="UTC")
    brand_color = models.CharField(max_length=7, default="#22665a", help_text="#rrggbb")
    brand_symbol = models.CharField(max_length=40, default="account_balance")
    created_at = models.DateTimeField()
    state_changed_at = models.DateTimeField()
    suspended_reason = models.CharField(max_length=200, blank=True)

    auto_create_schema = False
    auto_drop_schema = False

    class Meta:
        db_table = "tenancy_tenant"
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(
                name="tenancy_tenant_state_known",
                condition=models.Q(state__in=[state.value for state in TenantState]),
            ),
            models.CheckConstraint(
                name="tenancy_tenant_mode_known",
                condition=models.Q(mode__in=[mode.value for mode in TenantMode]),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Domain(DomainMixin):
    """A host name that leads to a tenant."""

    class Meta(DomainMixin.Meta):
        db_table = "tenancy_domain"

    def __str__(self) -> str:
        return str(self.domain)
