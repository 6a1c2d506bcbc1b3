"""Finding batches, disbursements, exceptions and provider references."""

from __future__ import annotations

from django.urls import reverse

from apps.console.registry import register_search
from apps.console.search import Hit, exact_then_prefix
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.settlements.admin.batches import PAGE as BATCH
from apps.settlements.admin.breaks import KINDS
from apps.settlements.admin.breaks import PAGE as BREAK
from apps.settlements.admin.statements import PAGE as STATEMENT
from apps.settlements.domain import BreakKind
from apps.settlements.models import Batch, Break, Disbursement, StatementLine

VIEW = "settlements.view"


def find_batches(text: str, limit: int) -> list[Hit]:
    """By reference."""
    rows: list[Batch] = exact_then_prefix(Batch.objects.all(), ["reference"], text.upper(), limit)
    return [
        Hit(
            row.reference,
            f"{Money(row.total_minor, row.currency)}, {row.state.replace('_', ' ')}",
            reverse(BATCH, args=[public_id("bat", row.id)]),
            "outbox",
        )
        for row in rows
    ]


def find_disbursements(text: str, limit: int) -> list[Hit]:
    """By our reference or the provider's."""
    rows: list[Disbursement] = exact_then_prefix(
        Disbursement.objects.select_related("payee"),
        ["reference", "provider_reference"],
        text.upper(),
        limit,
    )
    return [
        Hit(
            row.reference,
            f"{row.payee.name}, {Money(row.amount_minor, row.currency)}",
            f"{reverse(BATCH, args=[public_id('bat', row.batch_id)])}#{public_id('dsb', row.id)}",
            "payments",
        )
        for row in rows
    ]


def find_breaks(text: str, limit: int) -> list[Hit]:
    """By reference."""
    rows: list[Break] = exact_then_prefix(Break.objects.all(), ["reference"], text.upper(), limit)
    return [
        Hit(
            row.reference,
            KINDS[BreakKind(row.kind)],
            reverse(BREAK, args=[public_id("brk", row.id)]),
            "rule",
        )
        for row in rows
    ]


def find_lines(text: str, limit: int) -> list[Hit]:
    """A statement line by the provider's reference, in full."""
    rows = StatementLine.objects.filter(provider_reference=text.upper())[:limit]
    return [
        Hit(
            row.provider_reference,
            f"{Money(row.amount_minor, row.currency)} {row.direction}, {row.provider_account}",
            f"{reverse(STATEMENT, args=[public_id('stm', row.statement_id)])}"
            f"#{public_id('sl', row.id)}",
            "receipt_long",
        )
        for row in rows
    ]


register_search("Batches", find_batches, permission=VIEW, prefixes=["BAT-"])
register_search("Disbursements", find_disbursements, permission=VIEW, prefixes=["DSB-"])
register_search("Exceptions", find_breaks, permission=VIEW, prefixes=["BRK-"])
register_search("Statement lines", find_lines, permission=VIEW)
