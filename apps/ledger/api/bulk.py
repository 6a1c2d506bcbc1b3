"""Many entries in one request, dry runs, and what was refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.ledger.api.serializers import EntryInput
from apps.ledger.api.views import LedgerEndpoint
from apps.ledger.domain import EntryDraft, EntryOutcome, Together
from apps.ledger.errors import LinkedEntryRefused, RefusalNotFound
from apps.ledger.models import Refusal
from apps.ledger.services import post_each, rehearse_entries
from apps.ledger.services.refusals import is_final
from apps.platform.api.fields import MoneyField, PublicIdField
from apps.platform.api.pagination import CursorPages
from apps.platform.api.problems import problem_body
from apps.platform.api.schema import page_of
from apps.platform.errors import DomainError

#: More entries than this in one request gain nothing: cut them into several.
ENTRIES_MAX = 1000
POSTED, REPLAYED, REFUSED = "posted", "replayed", "refused"


class BulkEntryInput(EntryInput):
    """An entry among others. ``key`` is its own idempotency key, as if it were posted by itself."""

    key = serializers.RegexField(r"^[\x21-\x7e]{1,255}\Z")
    group = serializers.CharField(max_length=100, default=None, allow_null=True)


class BulkInput(serializers.Serializer):
    """Entries, posted in their order, and how they hang together.

    ``atomic``: all or none. ``independent``: each for itself. ``linked``: those of a ``group`` all
    or none, where the first of them stands; one without a group for itself.
    """

    mode = serializers.ChoiceField([value.value for value in Together])
    entries = BulkEntryInput(many=True, allow_empty=False, max_length=ENTRIES_MAX)  # type: ignore[call-arg]  # of the list

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A key is given once; groups only where they mean something."""
        keys = [entry["key"] for entry in attrs["entries"]]
        if len(set(keys)) < len(keys):
            raise serializers.ValidationError({"entries": "Each entry takes a key of its own."})
        is_grouped = any(entry["group"] is not None for entry in attrs["entries"])
        if is_grouped and attrs["mode"] != Together.LINKED:
            raise serializers.ValidationError({"mode": "Only linked entries have groups."})
        return attrs


class AccountAfterSerializer(serializers.Serializer):
    """What an account held when the entry was complete, positive on its normal side."""

    account = serializers.CharField()
    balance = MoneyField()


class OutcomeSerializer(serializers.Serializer):
    """What came of one entry. ``problem`` is what a request for it alone would be answered with."""

    key = serializers.CharField()
    outcome = serializers.ChoiceField([POSTED, REPLAYED, REFUSED])
    entry_id = PublicIdField("je", allow_null=True)
    value_date = serializers.DateField(allow_null=True)
    posted_at = serializers.DateTimeField(allow_null=True)
    balances = AccountAfterSerializer(many=True)
    problem = serializers.DictField(allow_null=True)


class BulkSerializer(serializers.Serializer):
    """The outcomes, in the order of the entries."""

    posted = serializers.IntegerField()
    replayed = serializers.IntegerField()
    refused = serializers.IntegerField()
    outcomes = OutcomeSerializer(many=True)


class RefusalSerializer(serializers.Serializer):
    """A refusal for good: what was asked for under ``key``, and the answer it has got since."""

    id = PublicIdField("rfs")
    key = serializers.CharField(source="idempotency_key")
    code = serializers.CharField()
    facts = serializers.DictField()
    kind = serializers.CharField()
    description = serializers.CharField()
    value_date = serializers.DateField()
    source_event = serializers.CharField(allow_blank=True)
    actor = serializers.CharField()
    refused_at = serializers.DateTimeField()


class RefusalsQuery(serializers.Serializer):
    """Which refusals to list."""

    code = serializers.CharField(max_length=80, required=False)
    kind = serializers.CharField(max_length=50, required=False)
    source_event = serializers.CharField(max_length=200, required=False)


class _BulkEndpoint(LedgerEndpoint):
    """Reading such a request and writing its answer."""

    def asked(self, request: Request) -> tuple[bool, dict[str, Any]]:
        """Whether the entries are atomic, and what the use cases take."""
        data = self.read(request, BulkInput)
        prefix = f"api:{self.actor(request).id}:"
        is_atomic = data["mode"] == Together.ATOMIC
        drafts: dict[str, EntryDraft] = {}
        groups: dict[str, str] = {}
        for entry in data["entries"]:
            key, group = prefix + entry.pop("key"), entry.pop("group")
            drafts[key] = EntryInput.to_draft(entry)
            if is_atomic or group is not None:
                groups[key] = "" if is_atomic else group
        return is_atomic, {"drafts": drafts, "groups": groups, "actor": self.actor(request)}


class EntryBulk(_BulkEndpoint):
    """Many entries at once."""

    @extend_schema(request=BulkInput, responses=BulkSerializer)
    def post(self, request: Request) -> Response:
        """Post many entries: all or none, each for itself, or by groups.

        Atomic entries are answered with the problem of the one that was refused; otherwise the
        request succeeds, and each entry has its own outcome. What is refused for good uses up its
        key, like an entry that is posted.
        """
        is_atomic, asked = self.asked(request)

        def work() -> tuple[int, Mapping[str, Any]]:
            outcomes = post_each(**asked)
            if is_atomic:
                _raise_refused(outcomes)
            return 200, _told(outcomes)

        return self.once(request, work, keeps=is_final)


class EntryDryRun(_BulkEndpoint):
    """Trying entries out."""

    @extend_schema(request=BulkInput, responses=BulkSerializer)
    def post(self, request: Request) -> Response:
        """Say what posting these entries would be answered with now.

        Nothing is written and no key is used up; atomic entries are answered one by one here, too.
        """
        _, asked = self.asked(request)
        return Response(_told(rehearse_entries(**asked), is_dry=True))


class RefusalCollection(LedgerEndpoint):
    """What was refused for good."""

    @extend_schema(
        operation_id="ledger_refusals_list",
        parameters=[RefusalsQuery],
        responses=page_of(RefusalSerializer),
    )
    def get(self, request: Request) -> Response:
        """List refusals, the newest first."""
        rows = Refusal.objects.filter(**self.read_query(request, RefusalsQuery))
        return CursorPages("refused_at").answer(
            request, rows, lambda row: RefusalSerializer(row).data
        )


class RefusalItem(LedgerEndpoint):
    """One refusal."""

    @extend_schema(operation_id="ledger_refusals_retrieve", responses=RefusalSerializer)
    def get(self, request: Request, id: str) -> Response:
        """Show a refusal."""
        row = Refusal.objects.filter(id=self.read_id("rfs", id)).first()
        if row is None:
            raise RefusalNotFound(refusal_id=id)
        return Response(RefusalSerializer(row).data)


def _raise_refused(outcomes: Sequence[EntryOutcome]) -> None:
    """The refusal of the entry that took the others with it, pointing at that entry."""
    for place, one in enumerate(outcomes):
        refusal = one.refusal
        if refusal is None or isinstance(refusal, LinkedEntryRefused):
            continue
        for each in (refusal, *refusal.others):
            each.pointer = f"/entries/{place}{each.pointer}"
        raise refusal


def _told(outcomes: Sequence[EntryOutcome], *, is_dry: bool = False) -> Mapping[str, Any]:
    rows = [_row(one, is_dry=is_dry) for one in outcomes]
    counts = {
        name: sum(row["outcome"] == name for row in rows) for name in (POSTED, REPLAYED, REFUSED)
    }
    return BulkSerializer({**counts, "outcomes": rows}).data


def _row(one: EntryOutcome, *, is_dry: bool) -> dict[str, Any]:
    """``is_dry``: what was only tried has neither an id nor an instant."""
    receipt, refusal = one.receipt, one.refusal
    row: dict[str, Any] = {
        "key": _own(one.idempotency_key),
        "outcome": REFUSED,
        "entry_id": None,
        "value_date": None,
        "posted_at": None,
        "balances": [],
        "problem": None if refusal is None else _problem(refusal),
    }
    if receipt is not None:
        is_there = receipt.is_replay or not is_dry
        row |= {
            "outcome": REPLAYED if receipt.is_replay else POSTED,
            "entry_id": receipt.entry_id if is_there else None,
            "value_date": receipt.value_date,
            "posted_at": receipt.posted_at if is_there else None,
            "balances": [
                {"account": account, "balance": balance}
                for account, balance in receipt.balances.items()
            ],
        }
    return row


def _problem(refusal: DomainError) -> dict[str, Any]:
    body = problem_body(refusal)
    if isinstance(refusal, LinkedEntryRefused):
        body["facts"]["idempotency_key"] = _own(refusal.idempotency_key)
        body["detail"] = f"idempotency_key={_own(refusal.idempotency_key)}"
    return body


def _own(key: str) -> str:
    """The key as the client gave it, without what makes it the client's."""
    return key.split(":", 2)[2]
