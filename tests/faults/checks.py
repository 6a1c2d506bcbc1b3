"""What clients were told, held against what is in the books."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

_ENTRIES = """
    SELECT e.idempotency_key, e.id, coalesce(sum(p.amount_minor) FILTER (WHERE p.side = 'D'), 0),
           coalesce(sum(p.amount_minor) FILTER (WHERE p.side = 'C'), 0)
      FROM {0}.ledger_journal_entry e LEFT JOIN {0}.ledger_posting p ON p.entry_id = e.id
     WHERE e.idempotency_key NOT LIKE 'funds.%%'
     GROUP BY e.idempotency_key, e.id
"""
_ANNOUNCED = """
    SELECT abs((SELECT count(*) FROM {0}.ledger_journal_entry)
             - (SELECT count(DISTINCT aggregate) FROM {0}.platform_outbox_message
                 WHERE name = 'ledger.entry_posted'))
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as the database has it, amounts in minor units."""

    key: str
    id: str
    debits: int
    credits: int


@dataclass(frozen=True, slots=True)
class Findings:
    """What the comparison found; all but ``acked`` and ``found_again`` must be 0."""

    acked: int
    #: Requests whose first attempt had been carried out though its answer was lost.
    found_again: int
    lost: int
    doubled: int
    differing: int
    refused_but_there: int
    undecided: int
    unasked: int
    unbalanced: int

    def failures(self) -> dict[str, int]:
        """The checks that do not hold."""
        fields = ("lost", "doubled", "differing", "refused_but_there", "undecided", "unasked",
                  "unbalanced")  # fmt: skip
        return {name: getattr(self, name) for name in fields if getattr(self, name)}


def answers_in(log: Path) -> list[dict[str, Any]]:
    """The clients' own record, in the order of the answers."""
    return [json.loads(line) for line in log.read_text().splitlines()]


def entries_in(session: psycopg.Connection, schema: str) -> list[Entry]:
    """What the books hold, without what the accounts were funded with."""
    rows = session.execute(_ENTRIES.format(schema).encode()).fetchall()
    return [Entry(key, id.hex, int(debits), int(credits)) for key, id, debits, credits in rows]


def unannounced_in(session: psycopg.Connection, schema: str) -> int:
    """By how much entries and the events that announce them differ in number."""
    rows = session.execute(_ANNOUNCED.format(schema).encode()).fetchall()
    return int(rows[0][0])


def compare(answers: Sequence[Mapping[str, Any]], entries: Iterable[Entry]) -> Findings:
    """Every answer against the books, and the books against every answer."""
    by_key: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_key[entry.key].append(entry)
    acked = [answer for answer in answers if "entry" in answer]
    first: dict[str, Mapping[str, Any]] = {}
    for answer in acked:
        first.setdefault(answer["key"], answer)
    return Findings(
        acked=len(first),
        found_again=sum(bool(answer["replay"]) for answer in first.values()),
        lost=sum(key not in by_key for key in first),
        doubled=sum(len(found) - 1 for found in by_key.values()),
        # One key, one entry, whoever asks and whenever; and of the amount that was asked for.
        differing=sum(
            answer["entry"] != entry.id or answer["minor"] != entry.debits
            for answer in acked
            for entry in by_key[answer["key"]][:1]
        ),
        refused_but_there=len({a["key"] for a in answers if "refused" in a} & by_key.keys()),
        undecided=sum("undecided" in answer for answer in answers),
        unasked=len(by_key.keys() - {answer["key"] for answer in answers}),
        unbalanced=sum(
            entry.debits != entry.credits or not entry.debits
            for found in by_key.values()
            for entry in found
        ),
    )
