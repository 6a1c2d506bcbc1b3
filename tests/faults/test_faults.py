"""Rows of the fault matrix, short; ``make faults`` runs all of them for as long as it is told."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from apps.tenancy.models import Tenant
from apps.tenancy.schemas.definition import definition
from tests.faults.checks import Entry, Findings, compare
from tests.faults.rig import Books, suffer
from tests.faults.rows import ROWS

#: Seconds of soak; 0 is the short run of one row.
SOAK = float(os.environ.get("FAULTS_SOAK", "0"))
CHOSEN = os.environ.get("FAULTS_ROWS", "").split() or (list(ROWS) if SOAK else ["F1b"])
SEED = int(os.environ.get("FAULTS_SEED") or time.time())
SHORT_SECONDS = 1.5


@pytest.mark.servers
@pytest.mark.timeout(int(SOAK) + 300)
@pytest.mark.parametrize("name", CHOSEN)
def test_a_fault_loses_nothing_and_doubles_nothing(name: str, mara: Tenant) -> None:
    row = ROWS[name]
    books = Books(mara.schema_name, mara.id, definition(mara.schema_name))
    seconds = max(SHORT_SECONDS, SOAK / len(CHOSEN))
    outcome = suffer(row.strike, books, seed=SEED, seconds=seconds)
    found = outcome.findings
    print(
        f"\n{name:<4} {row.title:<36} acked {found.acked:>6}  found again {found.found_again:>3}"
        f"  lost {found.lost}  doubled {found.doubled}  recovery {outcome.recovery:6.2f} s"
        f"  seed {SEED}"
    )
    assert outcome.failures == {}
    assert found.acked > 0
    if row.loses_answers:
        assert outcome.answers_lost > 0, "no answer was lost: nothing was proved"


ANSWERS: list[dict[str, Any]] = [
    {"key": "1", "entry": "a", "replay": False, "minor": 5},
    {"key": "2", "entry": "b", "replay": True, "minor": 7},
    {"key": "3", "refused": "ledger/insufficient-funds", "minor": 9},
]
ENTRIES = [Entry("1", "a", 5, 5), Entry("2", "b", 7, 7)]
HOLDS = Findings(
    acked=2, found_again=1, lost=0, doubled=0, differing=0, refused_but_there=0, undecided=0,
    unasked=0, unbalanced=0,
)  # fmt: skip
#: What would be seen if a guard were missing, and the one check that must say so.
MUTANTS: Mapping[str, tuple[list[dict[str, Any]], list[Entry]]] = {
    "lost": (ANSWERS, ENTRIES[:1]),
    "doubled": (ANSWERS, [*ENTRIES, Entry("2", "c", 7, 7)]),
    "differing": (ANSWERS, [ENTRIES[0], Entry("2", "b", 8, 8)]),
    "refused_but_there": (ANSWERS, [*ENTRIES, Entry("3", "d", 9, 9)]),
    "undecided": ([*ANSWERS, {"key": "4", "undecided": True, "minor": 1}], ENTRIES),
    "unasked": (ANSWERS, [*ENTRIES, Entry("9", "e", 1, 1)]),
    "unbalanced": (ANSWERS, [ENTRIES[0], Entry("2", "b", 7, 6)]),
}


def test_sound_books_have_no_failure() -> None:
    assert compare(ANSWERS, ENTRIES) == HOLDS
    assert HOLDS.failures() == {}


@pytest.mark.parametrize("check", MUTANTS)
def test_every_check_can_fail(check: str) -> None:
    answers, entries = MUTANTS[check]
    assert compare(answers, entries).failures() == {check: 1}


def test_one_key_answered_with_two_entries_is_seen() -> None:
    other = {**ANSWERS[0], "entry": "z"}
    assert compare([*ANSWERS, other], ENTRIES) == replace(HOLDS, differing=1)
