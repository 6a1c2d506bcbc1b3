"""Settlements over HTTP: ``/v1/settlements/…``. Deciding on batches is for people: not here."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.platform.api.endpoints import Endpoint
from apps.platform.api.pagination import CursorPages
from apps.platform.api.refusals import FieldsRefused
from apps.platform.api.schema import page_of
from apps.settlements import selectors, services
from apps.settlements.api.serializers import (
    BankStatementSerializer,
    BatchesQuery,
    BatchInput,
    BatchSerializer,
    BatchWithLinesSerializer,
    BreakSerializer,
    BreaksQuery,
    StatementInput,
    StatementsQuery,
)
from apps.settlements.models import Batch, Break, Statement
from apps.settlements.selectors.batches import batch_row, batches_with_approvals
from apps.settlements.selectors.breaks import breaks_with_lines, present_break
from apps.settlements.selectors.statements import statement_row, statements_with_counts

READ, WRITE = "settlements:read", "settlements:write"


def _batch(row: Batch) -> Mapping[str, Any]:
    return BatchSerializer(batch_row(row)).data


def _statement(row: Statement) -> Mapping[str, Any]:
    return BankStatementSerializer(statement_row(row)).data


def _break(row: Break) -> Mapping[str, Any]:
    return BreakSerializer(present_break(row)).data


def _whole_batch(batch_id: UUID) -> Mapping[str, Any]:
    row = selectors.batch(batch_id=batch_id)
    if row is None:
        raise Http404
    lines = selectors.disbursements_of(batch_id=batch_id)
    body: dict[str, Any] = dict(BatchSerializer(row).data)
    times = selectors.rail_times(provider_account=row.provider_account)
    return body | {
        "next_cut_off": times.next_cut_off.isoformat() if times else None,
        "expected_arrival": times.expected_arrival.isoformat() if times else None,
        "lines": BatchWithLinesSerializer().fields["lines"].to_representation(lines),
    }


class SettlementsEndpoint(Endpoint):
    """Reading and changing settlements are two scopes."""

    required_scope: ClassVar[dict[str, str]] = {"GET": READ, "POST": WRITE}


class BatchCollection(SettlementsEndpoint):
    """Batches of disbursements."""

    @extend_schema(
        operation_id="settlements_batches_list",
        parameters=[BatchesQuery],
        responses=page_of(BatchSerializer),
    )
    def get(self, request: Request) -> Response:
        """List batches, the newest first."""
        rows = batches_with_approvals().filter(**self.read_query(request, BatchesQuery))
        return CursorPages().answer(request, rows, _batch)

    @extend_schema(request=BatchInput, responses={201: BatchWithLinesSerializer})
    def post(self, request: Request) -> Response:
        """Draft a batch of everything that is owed."""
        facts = self.read(request, BatchInput)

        def work() -> tuple[int, Mapping[str, Any]]:
            batch_id = services.draft_payables_batch(**facts, actor=self.actor(request))
            return 201, _whole_batch(batch_id)

        return self.once(request, work)


class BatchItem(SettlementsEndpoint):
    """One batch."""

    @extend_schema(operation_id="settlements_batches_retrieve", responses=BatchWithLinesSerializer)
    def get(self, request: Request, id: str) -> Response:
        """Show a batch with its lines."""
        return Response(_whole_batch(self.read_id("bat", id)))


class BatchSubmission(SettlementsEndpoint):
    """Asking people to decide."""

    @extend_schema(request=None, responses={200: BatchWithLinesSerializer})
    def post(self, request: Request, id: str) -> Response:
        """Seal a batch's lines and put it before its approvers."""
        batch_id = self.read_id("bat", id)

        def work() -> tuple[int, Mapping[str, Any]]:
            services.submit_batch(batch_id=batch_id, actor=self.actor(request))
            return 200, _whole_batch(batch_id)

        return self.once(request, work)


class StatementCollection(SettlementsEndpoint):
    """What providers say happened."""

    parser_classes = (JSONParser, MultiPartParser)

    @extend_schema(
        operation_id="settlements_statements_list",
        parameters=[StatementsQuery],
        responses=page_of(BankStatementSerializer),
    )
    def get(self, request: Request) -> Response:
        """List imported statements, the newest first."""
        rows = statements_with_counts().filter(**self.read_query(request, StatementsQuery))
        return CursorPages("imported_at").answer(request, rows, _statement)

    @extend_schema(request=StatementInput, responses={201: BankStatementSerializer})
    def post(self, request: Request) -> Response:
        """Import a statement: proved, loaded, matched. The same file again adds nothing."""
        facts = self.read(request, StatementInput)
        name, content = file_of(facts)

        def work() -> tuple[int, Mapping[str, Any]]:
            statement_id = services.import_statement(
                provider_account=facts["provider_account"],
                profile=facts["profile"],
                name=name,
                content=content,
                actor=self.actor(request),
            )
            return 201, BankStatementSerializer(selectors.statement(statement_id=statement_id)).data

        return self.once(request, work)


class BreakCollection(SettlementsEndpoint):
    """Differences."""

    @extend_schema(
        operation_id="settlements_breaks_list",
        parameters=[BreaksQuery],
        responses=page_of(BreakSerializer),
    )
    def get(self, request: Request) -> Response:
        """List breaks, resolved ones included, the newest first."""
        rows = breaks_with_lines().filter(**self.read_query(request, BreaksQuery))
        return CursorPages("opened_at").answer(request, rows, _break)


class BreakItem(SettlementsEndpoint):
    """One difference."""

    @extend_schema(operation_id="settlements_breaks_retrieve", responses=BreakSerializer)
    def get(self, request: Request, id: str) -> Response:
        """Show a break."""
        row = selectors.one_break(break_id=self.read_id("brk", id))
        if row is None:
            raise Http404
        return Response(BreakSerializer(row).data)


def file_of(facts: Mapping[str, Any]) -> tuple[str, bytes]:
    """The name and bytes of a file, however they were sent."""
    if "file" in facts:
        file = facts["file"]
        return facts["name"] or str(file.name), file.read()
    if "content_base64" not in facts:
        raise FieldsRefused({"content_base64": ["This field is required."]}, ())
    try:
        content = base64.b64decode(facts["content_base64"], validate=True)
    except (binascii.Error, ValueError):
        raise FieldsRefused({"content_base64": ["Not base 64."]}, ()) from None
    return facts["name"] or "upload", content
