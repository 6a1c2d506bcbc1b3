"""The seal, exports and the posting breaker over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.ledger.api.views import LedgerEndpoint
from apps.ledger.domain.exports import camt053_document
from apps.ledger.selectors.book import camt_statement
from apps.ledger.selectors.sealing import (
    posting_stop,
    proof_of_number,
    receipt,
    seal_status,
)
from apps.ledger.services import erase_metadata, erase_subject
from apps.ledger.services.exporting import FORMATS, start_book_export
from apps.platform.api.fields import PublicIdField
from apps.platform.api.jobs import JobSerializer
from apps.platform.jobs import job_status


class HeadSerializer(serializers.Serializer):
    """A signed head: ``statement`` to the letter, its Ed25519 ``signature`` in base64."""

    statement = serializers.CharField()
    key = serializers.CharField()
    public_key = serializers.CharField()
    signature = serializers.CharField()


class ProofSerializer(serializers.Serializer):
    """The Merkle path (RFC 9162) from an entry's seal to the root of its batch; hexadecimal."""

    batch = serializers.IntegerField()
    index = serializers.IntegerField(help_text="Place in the batch, from 0.")
    size = serializers.IntegerField()
    path = serializers.ListField(child=serializers.CharField())
    root = serializers.CharField()  # type: ignore[assignment]  # a field, not the base class's own


class ErasedSerializer(serializers.Serializer):
    """That metadata was erased."""

    reason = serializers.CharField()
    at = serializers.DateTimeField()


class ReceiptSerializer(serializers.Serializer):
    """Proof that an entry is in the sealed books; ``ledger_verify --receipt`` checks it offline."""

    format = serializers.CharField()
    entry = serializers.CharField()
    seal = serializers.IntegerField()
    payload = serializers.CharField(help_text="The entry's canonical text.")
    previous = serializers.CharField()
    hash = serializers.CharField()
    proof = ProofSerializer()
    head = HeadSerializer(allow_null=True)
    anchor = serializers.CharField(allow_blank=True)
    metadata_erased = ErasedSerializer(allow_null=True)


class SealStatusSerializer(serializers.Serializer):
    """How far the books are sealed."""

    sealed = serializers.IntegerField(help_text="Entries in the chain; the last one's number.")
    unsealed = serializers.IntegerField()
    oldest_unsealed_at = serializers.DateTimeField(allow_null=True)
    unsigned_batches = serializers.IntegerField(source="unsigned")
    unanchored_batches = serializers.IntegerField(source="unanchored")
    head = HeadSerializer(allow_null=True, help_text="The newest head that is signed.")


class ProofQuery(serializers.Serializer):
    """Which seal."""

    seal = serializers.IntegerField(min_value=1)


class ExportInput(serializers.Serializer):
    """In which format."""

    format = serializers.ChoiceField(sorted(FORMATS))


class SpanQuery(serializers.Serializer):
    """From one value date to another, both included."""

    starts = serializers.DateField()
    ends = serializers.DateField()


class PostingStopSerializer(serializers.Serializer):
    """Why posting is stopped."""

    reason = serializers.CharField()
    checks = serializers.ListField(child=serializers.CharField())
    opened_by = serializers.CharField()
    opened_at = serializers.DateTimeField()


class PostingBreakerSerializer(serializers.Serializer):
    """Whether entries are posted."""

    is_stopped = serializers.BooleanField()
    stop = PostingStopSerializer(allow_null=True)


class EntryReceiptItem(LedgerEndpoint):
    """The receipt of one entry."""

    @extend_schema(operation_id="ledger_entries_receipt", responses=ReceiptSerializer)
    def get(self, request: Request, id: str) -> Response:
        """Show the proof that the entry is below a signed root."""
        return Response(ReceiptSerializer(receipt(self.read_id("je", id))).data)


class SealHead(LedgerEndpoint):
    """The head of the chain."""

    @extend_schema(operation_id="ledger_seal_head", responses=SealStatusSerializer)
    def get(self, request: Request) -> Response:
        """Show how far the books are sealed, and the newest signed head."""
        return Response(SealStatusSerializer(seal_status()).data)


class SealProof(LedgerEndpoint):
    """The place of one seal below its root."""

    @extend_schema(
        operation_id="ledger_seal_proof", parameters=[ProofQuery], responses=ProofSerializer
    )
    def get(self, request: Request) -> Response:
        """Show the Merkle path of a seal by its number."""
        asked = self.read_query(request, ProofQuery)
        return Response(ProofSerializer(proof_of_number(asked["seal"])).data)


class Exports(LedgerEndpoint):
    """The whole book as a file."""

    @extend_schema(
        operation_id="ledger_exports_create", request=ExportInput, responses={202: JobSerializer}
    )
    def post(self, request: Request) -> Response:
        """Start an export of the sealed book; its job tells how far it is and has the file."""
        asked = self.read(request, ExportInput)

        def work() -> tuple[int, Mapping[str, Any]]:
            job = start_book_export(export_format=asked["format"], actor=self.actor(request))
            return 202, JobSerializer(job_status(job)).data

        return self.once(request, work)


class AccountCamt053(LedgerEndpoint):
    """An account's statement for programs that read what banks send."""

    @extend_schema(
        operation_id="ledger_accounts_camt053",
        parameters=[SpanQuery],
        responses={(200, "application/xml"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        """Write the account's statement as ISO 20022 camt.053.001.08."""
        asked = self.read_query(request, SpanQuery)
        content = camt053_document(camt_statement(account=code, **asked))
        response = HttpResponse(content, content_type="application/xml")
        response["Content-Disposition"] = f'attachment; filename="{code}.camt053.xml"'
        return response


class PostingBreakerPage(LedgerEndpoint):
    """The posting circuit-breaker."""

    @extend_schema(operation_id="ledger_posting_breaker", responses=PostingBreakerSerializer)
    def get(self, request: Request) -> Response:
        """Show whether posting is stopped, and why. A person resumes it in the console."""
        stop = posting_stop()
        return Response(
            PostingBreakerSerializer({"is_stopped": stop is not None, "stop": stop}).data
        )


class SubjectInput(serializers.Serializer):
    """Whom the metadata names: one of its fields with exactly this text."""

    name = serializers.CharField(max_length=100)
    value = serializers.CharField(max_length=500)


class ErasureInput(serializers.Serializer):
    """What to erase, one entry's metadata or a subject's, and why."""

    entry = PublicIdField("je", required=False)
    subject = SubjectInput(required=False)
    reason = serializers.CharField(max_length=300)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of the two."""
        if ("entry" in attrs) == ("subject" in attrs):
            raise serializers.ValidationError("Name an entry or a subject, not both.")
        return attrs


class ErasureSerializer(serializers.Serializer):
    """Of how many entries the metadata was destroyed."""

    erased_entries = serializers.IntegerField()


class MetadataErasures(LedgerEndpoint):
    """Erasing personal data from books that cannot be changed."""

    @extend_schema(
        operation_id="ledger_metadata_erasures_create",
        request=ErasureInput,
        responses={201: ErasureSerializer},
    )
    def post(self, request: Request) -> Response:
        """Destroy metadata for good. The entries and their seals stay provable."""
        asked = self.read(request, ErasureInput)

        def work() -> tuple[int, Mapping[str, Any]]:
            actor, reason = self.actor(request), asked["reason"]
            if "entry" in asked:
                erased = erase_metadata(entry_ids=[asked["entry"]], reason=reason, actor=actor)
            else:
                erased = erase_subject(**asked["subject"], reason=reason, actor=actor)
            return 201, {"erased_entries": erased}

        return self.once(request, work)
