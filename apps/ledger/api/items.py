"""Open items, their settlement, and clearing keys over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.ledger.api.pages import RowPages
from apps.ledger.api.views import LedgerEndpoint
from apps.ledger.domain import Side
from apps.ledger.domain.items import ItemRef
from apps.ledger.models import ItemSettlement
from apps.ledger.selectors.clearing import (
    OpenKeyRow,
    clearing_accounts,
    key_postings,
    open_keys,
)
from apps.ledger.selectors.items import (
    OpenItemRow,
    item_rule,
    item_settlement,
    open_items,
    settlement_row,
    settlements_with_links,
)
from apps.ledger.services import (
    ItemRuleDraft,
    ItemShare,
    keep_by_items,
    settle_items,
    undo_settlement,
)
from apps.ledger.services.items import ITEMS_MAX
from apps.platform.api.fields import MoneyField
from apps.platform.api.pagination import CursorPages
from apps.platform.api.schema import page_of
from apps.platform.ids import public_id

SIDES = [side.value for side in Side]
ITEM_HELP = "An entry and its leg there: je_…/2."


class AsOfQuery(serializers.Serializer):
    """A day, by value date."""

    as_of = serializers.DateField(required=False, help_text="Left out: now.")


class RuleInput(serializers.Serializer):
    """How to keep an account from now on, and why."""

    keeps_items = serializers.BooleanField(default=False)
    clears_by_key = serializers.BooleanField(default=False)
    requires_key = serializers.BooleanField(default=False)
    clears_within_days = serializers.IntegerField(
        default=None, allow_null=True, min_value=0, max_value=3660
    )
    reason = serializers.CharField(max_length=200)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Something is begun; expectations about keys need keys."""
        if not attrs["clears_by_key"] and (
            attrs["requires_key"] or attrs["clears_within_days"] is not None
        ):
            raise serializers.ValidationError(
                {"clears_by_key": "Only an account that clears by key expects keys."}
            )
        if not attrs["keeps_items"] and not attrs["clears_by_key"]:
            raise serializers.ValidationError({"keeps_items": "Begin one of the two."})
        return attrs


class ItemRuleSerializer(serializers.Serializer):
    """How an account finds its postings again."""

    account = serializers.CharField()
    keeps_items = serializers.BooleanField()
    clears_by_key = serializers.BooleanField()
    requires_key = serializers.BooleanField()
    clears_within_days = serializers.IntegerField(allow_null=True)


class OpenItemSerializer(serializers.Serializer):
    """A posting of which something is not settled yet. ``bucket`` is its age in days, sorted."""

    item = serializers.CharField(source="ref", help_text=ITEM_HELP)
    side = serializers.ChoiceField(SIDES)
    amount = MoneyField()
    settled = MoneyField()
    remaining = MoneyField()
    value_date = serializers.DateField()
    age_days = serializers.IntegerField()
    bucket = serializers.CharField()
    description = serializers.CharField()
    source_event = serializers.CharField(allow_blank=True)
    clearing_key = serializers.CharField(allow_blank=True)


class ShareInput(serializers.Serializer):
    """An item, and how much of it when not all that remains."""

    item = serializers.CharField(max_length=60, help_text=ITEM_HELP)
    amount_minor = serializers.IntegerField(
        default=None, allow_null=True, min_value=1, max_value=2**63 - 1
    )

    def validate_item(self, value: str) -> ItemRef:
        """What is not of that form names nothing."""
        try:
            return ItemRef.parse(value)
        except ValueError:
            raise serializers.ValidationError(ITEM_HELP) from None


class SettlementInput(serializers.Serializer):
    """Debits and credits that settle each other, the oldest first."""

    items = serializers.ListField(child=ShareInput(), min_length=2, max_length=ITEMS_MAX)
    reason = serializers.CharField(max_length=200, default="", allow_blank=True)


class UndoInput(serializers.Serializer):
    """Why."""

    reason = serializers.CharField(max_length=200)


class LinkSerializer(serializers.Serializer):
    """A debit and a credit that settled each other by an amount."""

    debit = serializers.CharField(help_text=ITEM_HELP)
    credit = serializers.CharField(help_text=ITEM_HELP)
    amount = MoneyField()
    value_date = serializers.DateField(help_text="The later of the two: from then on it counts.")


class SettlementSerializer(serializers.Serializer):
    """Items that settled each other; ``undone_at`` says when they were opened again."""

    id = serializers.SerializerMethodField()
    account = serializers.CharField()
    amount = MoneyField()
    reason = serializers.CharField(allow_blank=True)
    actor = serializers.CharField()
    settled_at = serializers.DateTimeField()
    undone_at = serializers.DateTimeField(allow_null=True)
    links = LinkSerializer(many=True)

    def get_id(self, row: Any) -> str:
        """Its public id."""
        return public_id("its", row.id)


class ClearingSerializer(serializers.Serializer):
    """A clearing account. Amounts are debits less credits; ``unkeyed`` is what has no key."""

    account = serializers.CharField()
    name = serializers.CharField()
    clears_within_days = serializers.IntegerField(allow_null=True)
    open_keys = serializers.IntegerField()
    late_keys = serializers.IntegerField()
    oldest_days = serializers.IntegerField(allow_null=True)
    balance = MoneyField()
    unkeyed = MoneyField()


class KeysQuery(AsOfQuery):
    """Of one account, or of all."""

    account = serializers.CharField(max_length=64, default="")


class KeyQuery(serializers.Serializer):
    """One key of one account."""

    account = serializers.CharField(max_length=64)
    key = serializers.CharField(max_length=100)


class OpenKeySerializer(serializers.Serializer):
    """A key whose postings do not come to zero. ``balance`` is debits less credits."""

    account = serializers.CharField()
    key = serializers.CharField()
    balance = MoneyField()
    postings = serializers.IntegerField()
    first_date = serializers.DateField()
    last_date = serializers.DateField()
    age_days = serializers.IntegerField()
    bucket = serializers.CharField()
    is_late = serializers.BooleanField()


class KeyPostingSerializer(serializers.Serializer):
    """One posting of a key."""

    entry_id = serializers.SerializerMethodField()
    leg = serializers.IntegerField()
    side = serializers.ChoiceField(SIDES)
    amount = MoneyField()
    value_date = serializers.DateField()
    kind = serializers.CharField()
    description = serializers.CharField()

    def get_entry_id(self, row: Any) -> str:
        """Its entry's public id."""
        return public_id("je", row.entry_id)


def _settlement(row: ItemSettlement) -> Mapping[str, Any]:
    return SettlementSerializer(settlement_row(row)).data


class AccountItemRule(LedgerEndpoint):
    """How one account finds its postings again."""

    @extend_schema(operation_id="ledger_account_item_rule", responses=ItemRuleSerializer)
    def get(self, request: Request, code: str) -> Response:
        """Show whether an account is kept by open items or cleared by key."""
        return Response(ItemRuleSerializer(item_rule(code)).data)

    @extend_schema(
        operation_id="ledger_account_keep_by_items", request=RuleInput, responses=ItemRuleSerializer
    )
    def post(self, request: Request, code: str) -> Response:
        """Keep an account by open items, or clear it by key. What has begun cannot be ended."""
        facts = self.read(request, RuleInput)
        reason = facts.pop("reason")

        def work() -> tuple[int, Mapping[str, Any]]:
            keep_by_items(
                draft=ItemRuleDraft(account=code, **facts),
                reason=reason,
                actor=self.actor(request),
            )
            return 200, ItemRuleSerializer(item_rule(code)).data

        return self.once(request, work)


class AccountOpenItems(LedgerEndpoint):
    """What of an account is not settled."""

    @extend_schema(
        operation_id="ledger_account_open_items",
        parameters=[AsOfQuery],
        responses=page_of(OpenItemSerializer),
    )
    def get(self, request: Request, code: str) -> Response:
        """List open items, the oldest first; as of a day their sum is the balance of that day."""
        as_of = self.read_query(request, AsOfQuery).get("as_of")
        pages = RowPages(lambda row: [row.value_date.isoformat(), str(row.ref)])
        mark = pages.after(request)
        after = (date.fromisoformat(mark[0]), ItemRef.parse(mark[1])) if mark else None

        def read(limit: int) -> list[OpenItemRow]:
            return open_items(code, as_of=as_of, after=after, limit=limit)

        return pages.answer(request, read, lambda row: OpenItemSerializer(row).data)


class AccountSettlements(LedgerEndpoint):
    """What settled what on one account."""

    @extend_schema(
        operation_id="ledger_item_settlements_list", responses=page_of(SettlementSerializer)
    )
    def get(self, request: Request, code: str) -> Response:
        """List settlements, the newest first, undone ones among them."""
        rows = settlements_with_links().filter(account__code=item_rule(code).account)
        return CursorPages("settled_at").answer(request, rows, _settlement)

    @extend_schema(request=SettlementInput, responses={201: SettlementSerializer})
    def post(self, request: Request, code: str) -> Response:
        """Settle debits with credits, the oldest first, as far as the smaller side reaches."""
        asked = self.read(request, SettlementInput)

        def work() -> tuple[int, Mapping[str, Any]]:
            receipt = settle_items(
                account=code,
                items=[ItemShare(one["item"], one["amount_minor"]) for one in asked["items"]],
                reason=asked["reason"],
                idempotency_key=self.key(request),
                actor=self.actor(request),
            )
            return 201, SettlementSerializer(item_settlement(receipt.settlement_id)).data

        return self.once(request, work)


class ItemSettlementItem(LedgerEndpoint):
    """One settlement."""

    @extend_schema(operation_id="ledger_item_settlements_retrieve", responses=SettlementSerializer)
    def get(self, request: Request, id: str) -> Response:
        """Show a settlement with its links."""
        return Response(SettlementSerializer(item_settlement(self.read_id("its", id))).data)


class ItemSettlementUndo(LedgerEndpoint):
    """The undoing of a settlement."""

    @extend_schema(request=UndoInput, responses=SettlementSerializer)
    def post(self, request: Request, id: str) -> Response:
        """Open the items of a settlement again."""
        reason = self.read(request, UndoInput)["reason"]
        settlement_id = self.read_id("its", id)

        def work() -> tuple[int, Mapping[str, Any]]:
            undo_settlement(
                settlement_id=settlement_id,
                reason=reason,
                idempotency_key=self.key(request),
                actor=self.actor(request),
            )
            return 200, SettlementSerializer(item_settlement(settlement_id)).data

        return self.once(request, work)


class ClearingCollection(LedgerEndpoint):
    """Clearing accounts."""

    @extend_schema(operation_id="ledger_clearing", responses=ClearingSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List clearing accounts and how far they are from zero, those with late keys first."""
        return Response(ClearingSerializer(clearing_accounts(), many=True).data)


class ClearingKeys(LedgerEndpoint):
    """Keys that are not at zero."""

    @extend_schema(
        operation_id="ledger_clearing_keys",
        parameters=[KeysQuery],
        responses=page_of(OpenKeySerializer),
    )
    def get(self, request: Request) -> Response:
        """List open keys, the oldest first."""
        asked = self.read_query(request, KeysQuery)
        pages = RowPages(lambda row: [row.first_date.isoformat(), row.account, row.key])
        mark = pages.after(request)
        after = (date.fromisoformat(mark[0]), mark[1], mark[2]) if mark else None

        def read(limit: int) -> list[OpenKeyRow]:
            return open_keys(**asked, after=after, limit=limit)

        return pages.answer(request, read, lambda row: OpenKeySerializer(row).data)


class ClearingKeyPostings(LedgerEndpoint):
    """What was posted under a key."""

    @extend_schema(
        operation_id="ledger_clearing_key_postings",
        parameters=[KeyQuery],
        responses=KeyPostingSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List the postings of a key, the oldest first."""
        asked = self.read_query(request, KeyQuery)
        return Response(KeyPostingSerializer(key_postings(**asked), many=True).data)
