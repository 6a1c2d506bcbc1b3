"""Reading open items and what settled them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Prefetch, QuerySet

from apps.ledger.domain import Side
from apps.ledger.domain.items import ItemRef, age_bucket
from apps.ledger.errors import AccountNotFound, SettlementNotFound
from apps.ledger.models import Account, ItemLink, ItemRule, ItemSettlement
from apps.platform import clock
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.tenant import current_tenant

#: What a page or an answer shows at once.
SHOWN_MAX = 200
SETTLEMENTS_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRuleRow:
    """How an account finds its postings again: see ``models.ItemRule``."""

    account: str
    name: str
    currency: str
    keeps_items: bool
    clears_by_key: bool
    requires_key: bool
    clears_within_days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItemRow:
    """An item of which something remains. ``age_days`` counts from its value date."""

    ref: ItemRef
    side: Side
    amount: Money
    settled: Money
    remaining: Money
    value_date: date
    age_days: int
    description: str
    source_event: str
    clearing_key: str

    @property
    def entry(self) -> str:
        """The public id of its entry."""
        return public_id("je", self.ref.entry_id)

    @property
    def is_debit(self) -> bool:
        """On which side it is."""
        return self.side is Side.DEBIT

    @property
    def bucket(self) -> str:
        """Its age in words of the report."""
        return age_bucket(self.age_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItems:
    """What is open on each side of an account, of how many items; debits less credits balance."""

    account: str
    as_of: date
    items: int
    debits: Money
    credits: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """A debit and a credit that settled each other by an amount."""

    debit: ItemRef
    credit: ItemRef
    amount: Money
    value_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementRow:
    """A settlement with its links, who made it, and what undid it."""

    id: UUID
    account: str
    amount: Money
    reason: str
    actor: str
    settled_at: datetime
    undone_by: UUID | None
    undone_at: datetime | None
    links: tuple[LinkRow, ...]


def item_rule(account: str) -> ItemRuleRow:
    """How that account is kept; an account without a rule keeps and expects nothing."""
    row = Account.objects.select_related("item_rule").filter(code=account).first()
    if row is None:
        raise AccountNotFound(account=account)
    return _rule_row(row, getattr(row, "item_rule", None))


def item_rules() -> list[ItemRuleRow]:
    """Every account that is kept by items or cleared by key, by code."""
    rules = ItemRule.objects.select_related("account").order_by("account__code")
    return [_rule_row(rule.account, rule) for rule in rules]


# As of a day an item is settled by the links that count by then: those of the later value date of
# their two items. So what is open as of any day is the balance as of that day.
_ITEMS = """
    WITH item AS (
        SELECT i.entry_id, i.leg, i.side, i.amount_minor, i.value_date, CASE
                   WHEN %(is_now)s THEN i.settled_minor
                   ELSE coalesce((
                       SELECT sum(n.amount_minor)
                         FROM (SELECT * FROM ledger_item_link
                                WHERE debit_entry_id = i.entry_id AND debit_leg = i.leg
                                UNION ALL
                               SELECT * FROM ledger_item_link
                                WHERE credit_entry_id = i.entry_id AND credit_leg = i.leg) n
                        WHERE n.value_date <= %(as_of)s
                          AND NOT EXISTS (SELECT 1 FROM ledger_item_settlement u
                                           WHERE u.undoes_id = n.settlement_id)), 0)
               END AS settled_minor
          FROM ledger_item i JOIN ledger_account a ON a.id = i.account_id
         WHERE a.code = %(account)s AND (%(is_now)s OR i.value_date <= %(as_of)s)
           AND (NOT %(is_now)s OR i.settled_minor < i.amount_minor)
    )
"""
_PAGE = """
    SELECT i.entry_id, i.leg, i.side, i.amount_minor, i.settled_minor, i.value_date,
           e.description, e.source_event, coalesce(p.clearing_key, '')
      FROM item i
      JOIN ledger_journal_entry e ON e.id = i.entry_id
      JOIN ledger_posting p ON p.entry_id = i.entry_id AND p.leg = i.leg
     WHERE i.settled_minor < i.amount_minor
       AND (%(after_date)s::date IS NULL
            OR (i.value_date, i.entry_id, i.leg)
               > (%(after_date)s::date, %(after_entry)s::uuid, %(after_leg)s::smallint))
     ORDER BY i.value_date, i.entry_id, i.leg
     LIMIT %(limit)s
"""
_SUMS = """
    SELECT count(*), coalesce(sum(amount_minor - settled_minor) FILTER (WHERE side = 'D'), 0),
           coalesce(sum(amount_minor - settled_minor) FILTER (WHERE side = 'C'), 0)
      FROM item WHERE settled_minor < amount_minor
"""


def open_items(
    account: str,
    *,
    as_of: date | None = None,
    after: tuple[date, ItemRef] | None = None,
    limit: int | None = SHOWN_MAX,
) -> list[OpenItemRow]:
    """What is not settled yet, the oldest first; with ``as_of`` what was open at that day's end.

    ``after`` is the value date and name of the last row of the page before. What is known today
    about settlements is used for every day. ``AccountNotFound``.
    """
    currency = item_rule(account).currency
    day = as_of or clock.today(current_tenant().zone)
    asked: dict[str, Any] = {
        "account": account,
        "is_now": as_of is None,
        "as_of": day,
        "after_date": after[0] if after else None,
        "after_entry": after[1].entry_id if after else None,
        "after_leg": after[1].leg if after else None,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ITEMS + _PAGE, asked)
        return [
            OpenItemRow(
                ref=ItemRef(entry_id, leg),
                side=Side.DEBIT if side == Side.DEBIT.letter else Side.CREDIT,
                amount=Money(amount, currency),
                settled=Money(int(settled), currency),
                remaining=Money(amount - int(settled), currency),
                value_date=value_date,
                age_days=(day - value_date).days,
                description=description,
                source_event=source_event,
                clearing_key=key,
            )
            for (
                entry_id,
                leg,
                side,
                amount,
                settled,
                value_date,
                description,
                source_event,
                key,
            ) in cursor.fetchall()
        ]


def open_item_sums(account: str, *, as_of: date | None = None) -> OpenItems:
    """What is open on each side; debits less credits are the balance at that day's end."""
    currency = item_rule(account).currency
    day = as_of or clock.today(current_tenant().zone)
    with connection.cursor() as cursor:
        cursor.execute(_ITEMS + _SUMS, {"account": account, "is_now": as_of is None, "as_of": day})
        items, debits, credits = cursor.fetchone()
    return OpenItems(
        account=account,
        as_of=day,
        items=items,
        debits=Money(int(debits), currency),
        credits=Money(int(credits), currency),
    )


def settlements(account: str, *, limit: int = SETTLEMENTS_SHOWN) -> list[SettlementRow]:
    """What was settled on an account, the newest first, undone ones among them."""
    rows = settlements_with_links().filter(account__code=account).order_by("-id")
    return [settlement_row(row) for row in rows[:limit]]


def item_settlement(id: UUID) -> SettlementRow:
    """One settlement. ``SettlementNotFound``."""
    row = settlements_with_links().filter(id=id).first()
    if row is None:
        raise SettlementNotFound(settlement_id=public_id("its", id))
    return settlement_row(row)


def settlements_with_links() -> QuerySet[ItemSettlement]:
    """Settlements with all that ``settlement_row`` reads."""
    return (
        ItemSettlement.objects.filter(undoes=None)
        .select_related("account", "undone_by")
        .prefetch_related(Prefetch("links", ItemLink.objects.order_by("number")))
    )


def settlement_row(row: ItemSettlement) -> SettlementRow:
    """The row of one settlement."""
    currency = row.account.currency
    undoing = getattr(row, "undone_by", None)
    links = tuple(_link_row(link, currency) for link in row.links.all())
    return SettlementRow(
        id=row.id,
        account=row.account.code,
        amount=Money(sum(link.amount.minor for link in links), currency),
        reason=row.reason,
        actor=row.actor,
        settled_at=row.settled_at,
        undone_by=undoing.id if undoing else None,
        undone_at=undoing.settled_at if undoing else None,
        links=links,
    )


def _link_row(link: ItemLink, currency: str) -> LinkRow:
    return LinkRow(
        debit=ItemRef(link.debit_entry_id, link.debit_leg),
        credit=ItemRef(link.credit_entry_id, link.credit_leg),
        amount=Money(link.amount_minor, currency),
        value_date=link.value_date,
    )


def _rule_row(account: Account, rule: ItemRule | None) -> ItemRuleRow:
    return ItemRuleRow(
        account=account.code,
        name=account.name,
        currency=account.currency,
        keeps_items=rule is not None and rule.keeps_items,
        clears_by_key=rule is not None and rule.clears_by_key,
        requires_key=rule is not None and rule.requires_key,
        clears_within_days=rule.clears_within_days if rule else None,
    )
