"""The ledger over HTTP: ``/v1/ledger/…``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.ledger.api.pages import KeyPages
from apps.ledger.api.serializers import (
    AccountOpening,
    AccountPostingSerializer,
    AccountSerializer,
    EntriesQuery,
    EntryInput,
    EntrySerializer,
    ReversalInput,
    TrialBalanceQuery,
    TrialBalanceSerializer,
)
from apps.ledger.models import Account, JournalEntry, Posting
from apps.ledger.selectors import account_balance, journal_entry, trial_balance
from apps.ledger.selectors.chart import account_row, accounts_with_balances
from apps.ledger.selectors.journal import account_posting, entries_with_postings, entry_row
from apps.ledger.services import open_account, post_entry, reverse_entry
from apps.ledger.services.refusals import is_final
from apps.platform.api.endpoints import Endpoint
from apps.platform.api.pagination import CursorPages
from apps.platform.api.schema import page_of

READ, WRITE = "ledger:read", "ledger:write"


def _account(row: Account) -> Mapping[str, Any]:
    return AccountSerializer(account_row(row)).data


def _entry(row: JournalEntry) -> Mapping[str, Any]:
    return EntrySerializer(entry_row(row)).data


def _posting(row: Posting) -> Mapping[str, Any]:
    return AccountPostingSerializer(account_posting(row)).data


class LedgerEndpoint(Endpoint):
    """Reading the books and writing to them are two scopes."""

    required_scope: ClassVar[dict[str, str]] = {"GET": READ, "POST": WRITE}

    def key(self, request: Request) -> str:
        """The request's key, made the client's own: it becomes the entry's idempotency key."""
        return f"api:{self.actor(request).id}:{request.headers.get('Idempotency-Key', '')}"


class AccountCollection(LedgerEndpoint):
    """The chart of accounts, by code."""

    @extend_schema(operation_id="ledger_accounts_list", responses=page_of(AccountSerializer))
    def get(self, request: Request) -> Response:
        """List accounts with their balances."""
        return KeyPages("code").answer(request, accounts_with_balances(), _account)

    @extend_schema(request=AccountOpening, responses={201: AccountSerializer})
    def post(self, request: Request) -> Response:
        """Open an account."""
        facts = self.read(request, AccountOpening)

        def work() -> tuple[int, Mapping[str, Any]]:
            open_account(**facts, actor=self.actor(request))
            return 201, AccountSerializer(account_balance(facts["code"])).data

        return self.once(request, work)


class AccountItem(LedgerEndpoint):
    """One account."""

    @extend_schema(operation_id="ledger_accounts_retrieve", responses=AccountSerializer)
    def get(self, request: Request, code: str) -> Response:
        """Show an account and what it holds now."""
        return Response(AccountSerializer(account_balance(code)).data)


class AccountPostings(LedgerEndpoint):
    """What was posted to one account."""

    @extend_schema(
        operation_id="ledger_account_postings_list", responses=page_of(AccountPostingSerializer)
    )
    def get(self, request: Request, code: str) -> Response:
        """List an account's postings, the newest first, each with the balance after it."""
        account_balance(code)
        rows = Posting.objects.filter(account__code=code).select_related("entry")
        return KeyPages("account_version", descending=True).answer(request, rows, _posting)


class EntryCollection(LedgerEndpoint):
    """The journal."""

    @extend_schema(
        operation_id="ledger_entries_list",
        parameters=[EntriesQuery],
        responses=page_of(EntrySerializer),
    )
    def get(self, request: Request) -> Response:
        """List entries, the newest first."""
        filters = self.read_query(request, EntriesQuery)
        rows = entries_with_postings().filter(**filters)
        return CursorPages("posted_at").answer(request, rows, _entry)

    @extend_schema(request=EntryInput, responses={201: EntrySerializer})
    def post(self, request: Request) -> Response:
        """Post a balanced entry. A refusal for good uses up the key, like an entry."""
        draft = EntryInput.to_draft(self.read(request, EntryInput))

        def work() -> tuple[int, Mapping[str, Any]]:
            receipt = post_entry(
                draft=draft,
                idempotency_key=self.key(request),
                actor=self.actor(request),
                is_refusal_kept=True,
            )
            return 201, EntrySerializer(journal_entry(receipt.entry_id)).data

        return self.once(request, work, keeps=is_final)


class EntryItem(LedgerEndpoint):
    """One journal entry."""

    @extend_schema(operation_id="ledger_entries_retrieve", responses=EntrySerializer)
    def get(self, request: Request, id: str) -> Response:
        """Show an entry with its postings."""
        return Response(EntrySerializer(journal_entry(self.read_id("je", id))).data)


class EntryReversal(LedgerEndpoint):
    """Taking an entry back."""

    @extend_schema(request=ReversalInput, responses={201: EntrySerializer})
    def post(self, request: Request, id: str) -> Response:
        """Reverse what remains of an entry, or a part. Answers with the reversing entry."""
        entry_id = self.read_id("je", id)
        facts = ReversalInput.to_facts(self.read(request, ReversalInput))

        def work() -> tuple[int, Mapping[str, Any]]:
            receipt = reverse_entry(
                entry_id=entry_id,
                idempotency_key=self.key(request),
                actor=self.actor(request),
                **facts,
            )
            return 201, EntrySerializer(journal_entry(receipt.entry_id)).data

        return self.once(request, work)


class TrialBalancePage(LedgerEndpoint):
    """Both sides of the books."""

    @extend_schema(parameters=[TrialBalanceQuery], responses=TrialBalanceSerializer)
    def get(self, request: Request) -> Response:
        """Show every account's sums, now or at the end of a value date."""
        asked = self.read_query(request, TrialBalanceQuery)
        return Response(TrialBalanceSerializer(trial_balance(as_of=asked.get("as_of"))).data)
