"""Where the disbursements and statement lines behind a journal entry are shown."""

from __future__ import annotations

from django.urls import reverse

from apps.ledger.domain.sources import SourceLink, register_source
from apps.platform.ids import parse_public_id, public_id
from apps.settlements.admin.batches import PAGE as BATCH
from apps.settlements.admin.statements import PAGE as STATEMENT
from apps.settlements.models import Disbursement, StatementLine


def source_of(kind: str, source_event: str) -> SourceLink | None:
    """The batch of a disbursement, or the statement of a line."""
    name = source_event.split(":", 1)[0]
    return _disbursement(name) or _statement_line(name)


def _disbursement(name: str) -> SourceLink | None:
    try:
        id = parse_public_id("dsb", name)
    except ValueError:
        return None
    row = Disbursement.objects.filter(id=id).first()
    if row is None:
        return None
    url = reverse(BATCH, args=[public_id("bat", row.batch_id)])
    return SourceLink(f"Disbursement {row.reference}", url)


def _statement_line(name: str) -> SourceLink | None:
    try:
        id = parse_public_id("sl", name)
    except ValueError:
        return None
    row = StatementLine.objects.filter(id=id).first()
    if row is None:
        return None
    url = reverse(STATEMENT, args=[public_id("stm", row.statement_id)])
    return SourceLink(f"Statement line {row.provider_reference}".strip(), url)


register_source("settlements", source_of)
