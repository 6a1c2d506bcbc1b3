"""Recurring entries over HTTP. They are approved by people, in the console."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.ledger.api.journals import JournalLegSerializer
from apps.ledger.api.limits import EndingInput
from apps.ledger.api.serializers import PostingInput
from apps.ledger.api.views import LedgerEndpoint
from apps.ledger.domain import POSTINGS_MAX, PostingDraft, Side
from apps.ledger.domain.recurring import (
    EVERY_MAX,
    Frequency,
    RecurringDraft,
    Rhythm,
    ScheduleState,
)
from apps.ledger.models import RecurringEntry
from apps.ledger.selectors.recurring import (
    occurrences,
    recurring_entry,
    recurring_row,
    recurring_with_approvals,
)
from apps.ledger.services import (
    draft_recurring,
    end_recurring,
    pause_recurring,
    resume_recurring,
)
from apps.platform.api.fields import PublicIdField
from apps.platform.api.pagination import CursorPages
from apps.platform.api.schema import page_of


class RhythmSerializer(serializers.Serializer):
    """When it is posted. Days are of the tenant's zone, and each is counted from ``starts``."""

    frequency = serializers.ChoiceField([one.value for one in Frequency])
    every = serializers.IntegerField(min_value=1, max_value=EVERY_MAX, default=1)
    at_month_end = serializers.BooleanField(default=False)
    starts = serializers.DateField()
    ends = serializers.DateField(default=None, allow_null=True)


class RecurringInput(serializers.Serializer):
    """A recurring entry: its legs, and the rhythm of its days."""

    description = serializers.CharField(max_length=200)
    rhythm = RhythmSerializer()
    postings = PostingInput(many=True, allow_empty=False, max_length=POSTINGS_MAX)  # type: ignore[call-arg]  # of the list

    @staticmethod
    def to_draft(data: dict[str, Any]) -> RecurringDraft:
        """The draft that the checked data describes."""
        rhythm = data["rhythm"]
        return RecurringDraft(
            description=data["description"],
            rhythm=Rhythm(**rhythm | {"frequency": Frequency(rhythm["frequency"])}),
            postings=[
                PostingDraft(leg["account"], Side(leg["side"]), leg["amount"], leg["clearing_key"])
                for leg in data["postings"]
            ],
        )


class RecurringApprovalSerializer(serializers.Serializer):
    """One person's approval."""

    user_name = serializers.CharField()
    decided_at = serializers.DateTimeField()


class RecurringOccurrenceSerializer(serializers.Serializer):
    """One day that is in the books."""

    day = serializers.DateField()
    entry_id = PublicIdField("je")
    posted_at = serializers.DateTimeField()


class RecurringSerializer(serializers.Serializer):
    """A recurring entry; ``refusal`` says why a day that has come is not in the books."""

    id = PublicIdField("rec")
    state = serializers.ChoiceField([one.value for one in ScheduleState])
    description = serializers.CharField()
    rhythm = RhythmSerializer()
    postings = JournalLegSerializer(many=True)
    maker = serializers.CharField()
    created_at = serializers.DateTimeField()
    digest = serializers.CharField()
    approvals_needed = serializers.IntegerField()
    roles_needed = serializers.ListField(child=serializers.CharField())
    approvals = RecurringApprovalSerializer(many=True)
    done = serializers.IntegerField()
    next_days = serializers.ListField(child=serializers.DateField())
    due = serializers.IntegerField()
    refusal = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True)


class RecurringWithOccurrencesSerializer(RecurringSerializer):
    """A recurring entry and its last days in the books, the newest first."""

    occurrences = RecurringOccurrenceSerializer(many=True)


def _shown(id: UUID) -> Mapping[str, Any]:
    days = RecurringOccurrenceSerializer(occurrences(id), many=True).data
    return RecurringSerializer(recurring_entry(id)).data | {"occurrences": days}


def _listed(row: RecurringEntry) -> Mapping[str, Any]:
    return RecurringSerializer(recurring_row(row)).data


class RecurringCollection(LedgerEndpoint):
    """Recurring entries."""

    @extend_schema(operation_id="ledger_recurring_list", responses=page_of(RecurringSerializer))
    def get(self, request: Request) -> Response:
        """List recurring entries, the newest first."""
        return CursorPages("created_at").answer(request, recurring_with_approvals(), _listed)

    @extend_schema(request=RecurringInput, responses={201: RecurringWithOccurrencesSerializer})
    def post(self, request: Request) -> Response:
        """Keep a recurring entry for people to approve."""
        draft = RecurringInput.to_draft(self.read(request, RecurringInput))

        def work() -> tuple[int, Mapping[str, Any]]:
            return 201, _shown(draft_recurring(draft=draft, actor=self.actor(request)))

        return self.once(request, work)


class RecurringItem(LedgerEndpoint):
    """One recurring entry."""

    @extend_schema(
        operation_id="ledger_recurring_retrieve", responses=RecurringWithOccurrencesSerializer
    )
    def get(self, request: Request, id: str) -> Response:
        """Show a recurring entry, its next days and its last ones."""
        return Response(_shown(self.read_id("rec", id)))


class RecurringStep(LedgerEndpoint):
    """A step of a recurring entry."""

    def step(self, request: Request, id: str, take: Callable[..., object], **more: str) -> Response:
        """Take it once, and show the recurring entry afterwards."""
        recurring_id = self.read_id("rec", id)

        def work() -> tuple[int, Mapping[str, Any]]:
            take(recurring_id=recurring_id, actor=self.actor(request), **more)
            return 200, _shown(recurring_id)

        return self.once(request, work)


class RecurringPause(RecurringStep):
    """Pausing."""

    @extend_schema(request=EndingInput, responses=RecurringWithOccurrencesSerializer)
    def post(self, request: Request, id: str) -> Response:
        """Post nothing of it until it is resumed."""
        return self.step(request, id, pause_recurring, **self.read(request, EndingInput))


class RecurringResumption(RecurringStep):
    """Resuming."""

    @extend_schema(request=None, responses=RecurringWithOccurrencesSerializer)
    def post(self, request: Request, id: str) -> Response:
        """Post again, the days of the pause first."""
        return self.step(request, id, resume_recurring)


class RecurringEnding(RecurringStep):
    """Ending."""

    @extend_schema(request=EndingInput, responses=RecurringWithOccurrencesSerializer)
    def post(self, request: Request, id: str) -> Response:
        """Post nothing of it ever again."""
        return self.step(request, id, end_recurring, **self.read(request, EndingInput))
