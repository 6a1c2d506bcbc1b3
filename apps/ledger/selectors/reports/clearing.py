"""Open items and open keys by age: what has not found its other side yet, and for how long."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from django.db import connection

from apps.ledger.domain import Side
from apps.ledger.domain.items import AGES, age_bucket
from apps.ledger.selectors.as_of import account_balance_as_of
from apps.ledger.selectors.clearing import OpenKeyRow, clearing_accounts, open_keys
from apps.ledger.selectors.items import OpenItemRow, item_rules, open_items
from apps.ledger.selectors.reports.questions import Question
from apps.ledger.selectors.reports.words import about, days
from apps.platform.documents import Column, Document, Line, Section
from apps.platform.ids import public_id
from apps.platform.money import Money

#: Every age from the youngest: 0-1, 2-3, 4-7, 8-30, >30.
BUCKETS = tuple(dict.fromkeys(age_bucket(day) for day in range(AGES[-1] + 2)))
#: Parts the account from the key in the name of a line.
KEY_OF = "\n"

ITEM_COLUMNS = (
    Column("value_date", "Value date", "date"),
    Column("entry", "Entry", "code", 5),
    Column("description", "Description", "text", 6),
    Column("clearing_key", "Key", "text", 4),
    Column("age", "Days", "count"),
    Column("debit", "Open debit", "amount"),
    Column("credit", "Open credit", "amount"),
)
KEY_COLUMNS = (
    Column("key", "Key", "code", 5),
    Column("first_date", "First", "date"),
    Column("last_date", "Last", "date"),
    Column("postings", "Postings", "count"),
    *(Column(f"age_{bucket}", f"{bucket} days", "amount") for bucket in BUCKETS),
    Column("balance", "Balance", "amount"),
)


def open_items_report(question: Question) -> Document:
    """By account what is open, the oldest first; its two sides differ by the account's balance."""
    question.check()
    sections, wrong = [], []
    for rule in item_rules():
        if not rule.keeps_items or not _is_asked(question, rule.account, rule.currency):
            continue
        rows = open_items(rule.account, as_of=question.ends, limit=None)
        debits = sum(row.remaining.minor for row in rows if row.side is Side.DEBIT)
        credits = sum(row.remaining.minor for row in rows) - debits
        held = account_balance_as_of(rule.account, question.ends)
        if debits - credits != (held.debits - held.credits).minor:
            wrong.append(rule.account)
        total = [Money(debits, rule.currency), Money(credits, rule.currency)]
        lines = [*map(_item_line, rows), Line(["", "Total", "", "", None, *total], weight="total")]
        sections.append(Section(f"{rule.account} {rule.name}", rule.currency, lines))
    said = "Open debits less open credits are the balance of every account."
    return Document(
        name="open-items",
        title="Open items",
        columns=ITEM_COLUMNS,
        sections=sections,
        about=about(days(None, question.ends)),
        checks=[(not wrong, f"Open items of {', '.join(wrong)} differ." if wrong else said)],
    )


def clearing_report(question: Question) -> Document:
    """By clearing account the keys that are not at zero, in columns by their age."""
    question.check()
    keys: defaultdict[str, list[OpenKeyRow]] = defaultdict(list)
    for row in open_keys(account=question.account, as_of=question.ends, limit=None):
        keys[row.account].append(row)
    rules = [
        rule
        for rule in item_rules()
        if rule.account in keys and _is_asked(question, rule.account, rule.currency)
    ]
    sections = [
        Section(
            f"{rule.account} {rule.name}",
            rule.currency,
            [*map(_key_line, keys[rule.account]), _key_total(keys[rule.account], rule.currency)],
        )
        for rule in rules
    ]
    late = Counter(row.account for rule in rules for row in keys[rule.account] if row.is_late)
    said = "; ".join(f"{account}: {count} late" for account, count in sorted(late.items()))
    return Document(
        name="clearing",
        title="Clearing by age",
        columns=KEY_COLUMNS,
        sections=sections,
        about=about(days(None, question.ends)),
        checks=[(not late, f"{said}." if late else "No key is open longer than expected.")],
    )


def open_items_size(question: Question) -> int:
    """How many lines the report of open items would have, at least."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM ledger_item i JOIN ledger_account a ON a.id = i.account_id"
            " WHERE settled_minor < amount_minor AND (%(account)s = '' OR a.code = %(account)s)",
            {"account": question.account},
        )
        return int(cursor.fetchone()[0])


def clearing_size(question: Question) -> int:
    """How many keys the clearing report would name."""
    return sum(
        row.open_keys for row in clearing_accounts() if question.account in ("", row.account)
    )


def _is_asked(question: Question, account: str, currency: str) -> bool:
    return question.account in ("", account) and question.currency in ("", currency)


def _item_line(row: OpenItemRow) -> Line:
    entry = public_id("je", row.ref.entry_id)
    sides = [row.remaining, None] if row.side is Side.DEBIT else [None, row.remaining]
    said = row.description
    return Line(
        [row.value_date, entry, said, row.clearing_key, row.age_days, *sides],
        about=("entry", entry),
    )


def _key_line(row: OpenKeyRow) -> Line:
    ages = [row.balance if bucket == row.bucket else None for bucket in BUCKETS]
    return Line(
        [row.key, row.first_date, row.last_date, row.postings, *ages, row.balance],
        about=("key", f"{row.account}{KEY_OF}{row.key}"),
    )


def _key_total(rows: Sequence[OpenKeyRow], currency: str) -> Line:
    def total(some: Iterable[OpenKeyRow]) -> Money:
        return Money(sum(row.balance.minor for row in some), currency)

    ages = [total(row for row in rows if row.bucket == bucket) for bucket in BUCKETS]
    postings = sum(row.postings for row in rows)
    return Line(["Total", "", "", postings, *ages, total(rows)], weight="total")
