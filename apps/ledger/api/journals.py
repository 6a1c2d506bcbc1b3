"""Manual journals and approval rules over HTTP. Decisions are made by people, in the console."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.ledger.api.serializers import PostingInput
from apps.ledger.domain import POSTINGS_MAX, AccountClass, PostingDraft, Side
from apps.ledger.domain.journals import JournalDraft, JournalState, Verdict
from apps.ledger.domain.reversals import ReasonCode
from apps.ledger.models import ApprovalRule, ManualJournal
from apps.ledger.selectors.manual_journals import (
    journal_row,
    journals_with_approvals,
    manual_journal,
)
from apps.ledger.services import (
    change_journal,
    draft_journal,
    post_journal,
    submit_journal,
    withdraw_journal,
)
from apps.platform.api.endpoints import Endpoint
from apps.platform.api.fields import MoneyField, PublicIdField
from apps.platform.api.pagination import CursorPages
from apps.platform.api.schema import page_of

KIND = r"^manual(\.[a-z][a-z0-9_.]*)?\Z"


class JournalInput(serializers.Serializer):
    """A manual journal; ``reverses_on`` takes it back by itself on that day."""

    description = serializers.CharField(max_length=200)
    kind = serializers.RegexField(KIND, max_length=50, default="manual")
    value_date = serializers.DateField()
    reverses_on = serializers.DateField(default=None, allow_null=True)
    postings = PostingInput(many=True, allow_empty=False, max_length=POSTINGS_MAX)  # type: ignore[call-arg]  # of the list

    @staticmethod
    def to_draft(data: dict[str, Any]) -> JournalDraft:
        """The draft that the checked data describes."""
        postings = [
            PostingDraft(leg["account"], Side(leg["side"]), leg["amount"], leg["clearing_key"])
            for leg in data["postings"]
        ]
        return JournalDraft(**(data | {"postings": postings}))


class JournalVerdictSerializer(serializers.Serializer):
    """One person's decision on the present round."""

    verdict = serializers.ChoiceField([one.value for one in Verdict])
    user_name = serializers.CharField()
    comment = serializers.CharField(allow_blank=True)
    decided_at = serializers.DateTimeField()


class JournalLegSerializer(serializers.Serializer):
    """One leg of a manual journal."""

    account = serializers.CharField()
    side = serializers.ChoiceField([side.value for side in Side])
    amount = MoneyField()
    clearing_key = serializers.CharField(allow_blank=True)


class ManualJournalSerializer(serializers.Serializer):
    """A manual journal, who decided on it, and the entry it became."""

    id = PublicIdField("mj")
    state = serializers.ChoiceField([state.value for state in JournalState])
    kind = serializers.CharField()
    description = serializers.CharField()
    value_date = serializers.DateField()
    reverses_on = serializers.DateField(allow_null=True)
    postings = JournalLegSerializer(many=True)
    maker = serializers.CharField()
    created_at = serializers.DateTimeField()
    round = serializers.IntegerField()
    digest = serializers.CharField(allow_blank=True)
    approvals_needed = serializers.IntegerField()
    roles_needed = serializers.ListField(child=serializers.CharField())
    submitted_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    entry_id = PublicIdField("je", allow_null=True)
    reversal_id = PublicIdField("je", allow_null=True)
    verdicts = JournalVerdictSerializer(many=True)


class ApprovalRuleSerializer(serializers.Serializer):
    """How many people must approve manual journals like these, and which role they hold."""

    name = serializers.CharField(max_length=100)
    kinds = serializers.ListField(child=serializers.CharField(max_length=50), default=list)
    account_classes = serializers.ListField(
        child=serializers.ChoiceField([one.value for one in AccountClass]), default=list
    )
    currency = serializers.CharField(max_length=12, default="", allow_blank=True)
    above_minor = serializers.IntegerField(default=None, allow_null=True)
    approvals = serializers.IntegerField(min_value=0, max_value=10)
    role = serializers.CharField(max_length=40, default="", allow_blank=True)
    is_active = serializers.BooleanField(default=True)


class ReasonSerializer(serializers.Serializer):
    """A reason for taking an entry back."""

    code = serializers.CharField()
    title = serializers.CharField()


class JournalEndpoint(Endpoint):
    """Reading the books and writing to them are two scopes."""

    required_scope: ClassVar[dict[str, str]] = {"GET": "ledger:read", "POST": "ledger:write"}


class JournalCollection(JournalEndpoint):
    """Manual journals."""

    @extend_schema(operation_id="ledger_journals_list", responses=page_of(ManualJournalSerializer))
    def get(self, request: Request) -> Response:
        """List manual journals, the newest first."""
        return CursorPages("created_at").answer(request, journals_with_approvals(), _journal)

    @extend_schema(request=JournalInput, responses={201: ManualJournalSerializer})
    def post(self, request: Request) -> Response:
        """Keep a manual journal as a draft."""
        draft = JournalInput.to_draft(self.read(request, JournalInput))

        def work() -> tuple[int, Mapping[str, Any]]:
            return 201, _shown(draft_journal(draft=draft, actor=self.actor(request)))

        return self.once(request, work)


class JournalItem(JournalEndpoint):
    """One manual journal."""

    @extend_schema(operation_id="ledger_journals_retrieve", responses=ManualJournalSerializer)
    def get(self, request: Request, id: str) -> Response:
        """Show a manual journal."""
        return Response(_shown(self.read_id("mj", id)))


class JournalChange(JournalEndpoint):
    """Writing a manual journal anew."""

    @extend_schema(request=JournalInput, responses=ManualJournalSerializer)
    def post(self, request: Request, id: str) -> Response:
        """Write a journal anew; what was submitted or approved becomes a draft again."""
        journal_id = self.read_id("mj", id)
        draft = JournalInput.to_draft(self.read(request, JournalInput))

        def work() -> tuple[int, Mapping[str, Any]]:
            change_journal(journal_id=journal_id, draft=draft, actor=self.actor(request))
            return 200, _shown(journal_id)

        return self.once(request, work)


class JournalStep(JournalEndpoint):
    """A step that takes nothing but the journal."""

    def step(self, request: Request, id: str, take: Callable[..., object]) -> Response:
        """Take it once, and show the journal afterwards."""
        journal_id = self.read_id("mj", id)

        def work() -> tuple[int, Mapping[str, Any]]:
            take(journal_id=journal_id, actor=self.actor(request))
            return 200, _shown(journal_id)

        return self.once(request, work)


class JournalSubmission(JournalStep):
    """Submitting."""

    @extend_schema(request=None, responses=ManualJournalSerializer)
    def post(self, request: Request, id: str) -> Response:
        """Seal a draft and put it before its approvers."""
        return self.step(request, id, submit_journal)


class JournalWithdrawal(JournalStep):
    """Withdrawing."""

    @extend_schema(request=None, responses=ManualJournalSerializer)
    def post(self, request: Request, id: str) -> Response:
        """Give a draft up."""
        return self.step(request, id, withdraw_journal)


class JournalPosting(JournalStep):
    """Posting."""

    @extend_schema(request=None, responses=ManualJournalSerializer)
    def post(self, request: Request, id: str) -> Response:
        """Post what was approved; ``entry_id`` names the entry."""
        return self.step(request, id, post_journal)


class RuleCollection(Endpoint):
    """The rules of approval."""

    required_scope: ClassVar[dict[str, str]] = {"GET": "ledger:read"}

    @extend_schema(
        operation_id="ledger_approval_rules_list", responses=page_of(ApprovalRuleSerializer)
    )
    def get(self, request: Request) -> Response:
        """List the rules. They are written in the console, by a person."""
        data = ApprovalRuleSerializer(ApprovalRule.objects.order_by("name"), many=True).data
        return Response({"data": data, "next": None, "previous": None})


class ReasonCollection(Endpoint):
    """The catalogue of reasons."""

    required_scope: ClassVar[dict[str, str]] = {"GET": "ledger:read"}

    @extend_schema(operation_id="ledger_reversal_reasons_list", responses=page_of(ReasonSerializer))
    def get(self, request: Request) -> Response:
        """List the reasons for which entries are taken back."""
        data = [{"code": one.value, "title": one.label} for one in ReasonCode]
        return Response({"data": data, "next": None, "previous": None})


def _shown(journal_id: UUID) -> Mapping[str, Any]:
    return ManualJournalSerializer(manual_journal(journal_id)).data


def _journal(row: ManualJournal) -> Mapping[str, Any]:
    return ManualJournalSerializer(journal_row(row)).data
