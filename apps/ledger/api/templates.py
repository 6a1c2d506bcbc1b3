"""Posting templates over HTTP. A version is activated by a second person, in the console."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.ledger.api.pages import KeyPages
from apps.ledger.api.serializers import EntrySerializer
from apps.ledger.api.views import LedgerEndpoint
from apps.ledger.domain.templates import ParameterType, VersionState, legs_as_json
from apps.ledger.models import PostingTemplate
from apps.ledger.selectors import journal_entry
from apps.ledger.selectors.templates import (
    VersionRow,
    template_version,
    templates_with_versions,
    version_row,
)
from apps.ledger.services import (
    TemplateOrder,
    check_template,
    draft_template,
    post_from_template,
    preview_template,
    retire_template,
)
from apps.platform.api.fields import MoneyField
from apps.platform.api.schema import page_of
from apps.platform.money import Money

SIDES = ["debit", "credit"]


class TemplateParameterShape(serializers.Serializer):
    """Something the template asks for; ``money`` without a currency is in the entry's own."""

    name = serializers.CharField(max_length=30)
    type = serializers.ChoiceField([one.value for one in ParameterType])
    label = serializers.CharField(max_length=80, default="", allow_blank=True)  # type: ignore[assignment]  # a field, not the base class's text
    currency = serializers.CharField(max_length=12, default="", allow_blank=True)


class TemplateLegShape(serializers.Serializer):
    """One leg. ``account`` is a code, or ``$name`` for a parameter of type account."""

    side = serializers.ChoiceField(SIDES)
    account = serializers.CharField(max_length=64)
    amount = serializers.DictField(
        help_text=(
            '{"parameter": "name"}; or {"basis_points": 250, "of": "name"} ($name for a parameter),'
            ' by the largest remainder, ties half to even; or {"amount": 100, "currency": "KES"};'
            ' or {"rest": true}. A leg that comes to zero is left out.'
        )
    )
    clearing_key = serializers.CharField(max_length=100, default="", allow_blank=True)


@extend_schema_field(MoneyField())
class StoredMoneyField(MoneyField):
    """Money as a document holds it."""

    def to_representation(self, value: Any) -> dict[str, object]:
        """For an answer."""
        return super().to_representation(Money(value["amount"], value["currency"]))


class TemplateExpectedLegShape(serializers.Serializer):
    """A leg that an example must post."""

    account = serializers.CharField(max_length=64)
    side = serializers.ChoiceField(SIDES)
    amount = StoredMoneyField()
    clearing_key = serializers.CharField(max_length=100, default="", allow_blank=True)


class TemplateExampleShape(serializers.Serializer):
    """Parameters and the legs, in their order, that they must come to."""

    name = serializers.CharField(max_length=100)
    parameters = serializers.DictField()
    legs = TemplateExpectedLegShape(many=True)


class TemplateDocumentShape(serializers.Serializer):
    """What a version of a template says; what is exported can be imported."""

    code = serializers.CharField(max_length=60)
    name = serializers.CharField(max_length=200)
    kind = serializers.CharField(max_length=50)
    reason = serializers.CharField(max_length=40, default="", allow_blank=True)
    description = serializers.CharField(
        max_length=200, help_text="{name} stands for a parameter, here and in clearing keys."
    )
    value_date = serializers.CharField(
        max_length=31, default="", allow_blank=True, help_text="$name of a parameter of type date."
    )
    parameters = TemplateParameterShape(many=True, default=list)
    legs = TemplateLegShape(many=True)
    examples = TemplateExampleShape(many=True, default=list)


class TemplateCheckSerializer(serializers.Serializer):
    """What one example posted in a dry run, or why it was refused."""

    name = serializers.CharField()
    passed = serializers.BooleanField()
    legs = TemplateExpectedLegShape(many=True)
    refusal = serializers.CharField(allow_blank=True)


class TemplateVersionSerializer(serializers.Serializer):
    """One of a template's versions."""

    number = serializers.IntegerField()
    state = serializers.ChoiceField([one.value for one in VersionState])
    created_at = serializers.DateTimeField()


class TemplateSerializer(serializers.Serializer):
    """A version of a template: the active one, else the newest, unless another was named."""

    reference = serializers.CharField(help_text="code@version, as its entries name it.")
    code = serializers.CharField()
    name = serializers.CharField()
    number = serializers.IntegerField()
    state = serializers.ChoiceField([one.value for one in VersionState])
    maker = serializers.CharField()
    created_at = serializers.DateTimeField()
    activator = serializers.CharField(allow_blank=True)
    activated_at = serializers.DateTimeField(allow_null=True)
    retired_at = serializers.DateTimeField(allow_null=True)
    retired_by = serializers.CharField(allow_blank=True)
    retired_reason = serializers.CharField(allow_blank=True)
    document = TemplateDocumentShape()
    checks = TemplateCheckSerializer(many=True)
    versions = TemplateVersionSerializer(many=True)


class TemplateOrderInput(serializers.Serializer):
    """What to post. Without a version, by the active one; without a day, today."""

    parameters = serializers.DictField(
        help_text="By name: money as amount and currency, basis points as a whole number, a day"
        " such as 2026-03-02, the code of an account, or a text."
    )
    version = serializers.IntegerField(min_value=1, default=None, allow_null=True)
    value_date = serializers.DateField(default=None, allow_null=True)
    source_event = serializers.CharField(max_length=200, default="", allow_blank=True)
    metadata = serializers.DictField(default=dict)


class TemplatePreviewSerializer(serializers.Serializer):
    """The entry as it would be posted now, and the balances after it."""

    kind = serializers.CharField()
    description = serializers.CharField()
    value_date = serializers.DateField()
    postings = TemplateExpectedLegShape(many=True)
    balances = serializers.DictField(child=MoneyField())


class TemplateRetirementInput(serializers.Serializer):
    """Why it goes out of use."""

    reason = serializers.CharField(max_length=200)


class TemplateCollection(LedgerEndpoint):
    """Posting templates."""

    @extend_schema(operation_id="ledger_templates_list", responses=page_of(TemplateSerializer))
    def get(self, request: Request) -> Response:
        """List templates by code, each with its active version, or its newest."""
        return KeyPages("code").answer(request, templates_with_versions(), _listed)

    @extend_schema(request=TemplateDocumentShape, responses={201: TemplateSerializer})
    def post(self, request: Request) -> Response:
        """Keep a document as the next version of its template, a draft."""
        self.read(request, TemplateDocumentShape)
        document: Any = request.data  # as it was sent: reading it is the domain's

        def work() -> tuple[int, Mapping[str, Any]]:
            named = draft_template(document=document, actor=self.actor(request))
            return 201, _shown(template_version(named))

        return self.once(request, work)


class TemplateItem(LedgerEndpoint):
    """One template, or one version of it."""

    @extend_schema(operation_id="ledger_templates_retrieve", responses=TemplateSerializer)
    def get(self, request: Request, code: str) -> Response:
        """Show ``code`` (the active version, else the newest) or ``code@3``."""
        return Response(_shown(template_version(code)))


class TemplateCheck(LedgerEndpoint):
    """Trying the examples."""

    @extend_schema(request=None, responses=TemplateCheckSerializer(many=True))
    def post(self, request: Request, code: str) -> Response:
        """Post every example of ``code@3`` in a dry run and say what each came to."""
        results = check_template(
            template=template_version(code).reference, actor=self.actor(request)
        )
        return Response(TemplateCheckSerializer([one.as_json() for one in results], many=True).data)


class TemplateRetirement(LedgerEndpoint):
    """Taking out of use."""

    @extend_schema(request=TemplateRetirementInput, responses=TemplateSerializer)
    def post(self, request: Request, code: str) -> Response:
        """Take ``code@3`` out of use, or give the draft up, for good."""
        reason = self.read(request, TemplateRetirementInput)["reason"]

        def work() -> tuple[int, Mapping[str, Any]]:
            retire_template(template=code, reason=reason, actor=self.actor(request))
            return 200, _shown(template_version(code))

        return self.once(request, work)


class TemplatePreview(LedgerEndpoint):
    """Looking before posting."""

    @extend_schema(request=TemplateOrderInput, responses=TemplatePreviewSerializer)
    def post(self, request: Request, code: str) -> Response:
        """Answer what would be posted now, or refuse as posting would; nothing is kept."""
        order = TemplateOrder(code=code, **self.read(request, TemplateOrderInput))
        preview = preview_template(order=order, actor=self.actor(request))
        draft = preview.draft
        body = {
            "kind": draft.kind,
            "description": draft.description,
            "value_date": preview.receipt.value_date,
            "postings": legs_as_json(draft.postings),
            "balances": preview.receipt.balances,
        }
        return Response(TemplatePreviewSerializer(body).data)


class TemplateEntries(LedgerEndpoint):
    """Posting by template."""

    @extend_schema(request=TemplateOrderInput, responses={201: EntrySerializer})
    def post(self, request: Request, code: str) -> Response:
        """Post the entry that the active version comes to for these parameters."""
        order = TemplateOrder(code=code, **self.read(request, TemplateOrderInput))

        def work() -> tuple[int, Mapping[str, Any]]:
            receipt = post_from_template(
                order=order, idempotency_key=self.key(request), actor=self.actor(request)
            )
            return 201, EntrySerializer(journal_entry(receipt.entry_id)).data

        return self.once(request, work)


def _listed(template: PostingTemplate) -> Mapping[str, Any]:
    return _shown(version_row(template))


def _shown(row: VersionRow) -> Mapping[str, Any]:
    return TemplateSerializer(row).data
