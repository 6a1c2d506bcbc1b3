"""Posting entries together, each group of them with an outcome of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection, transaction

from apps.ledger.domain import EntryReceipt
from apps.ledger.domain.journals import is_manual
from apps.ledger.errors import LinkedEntryRefused
from apps.ledger.services.keeping import keep_refusals
from apps.ledger.services.posting import Instruction, write
from apps.ledger.services.refusals import typed
from apps.platform.actors import Actor
from apps.platform.errors import DomainError, Kind

Outcome = EntryReceipt | DomainError
#: Places in the list of instructions that are posted all or none.
Group = Sequence[int]

# What several statements will lock, in the order in which everybody locks it.
_LOCK_JOURNAL = "LOCK TABLE ledger_journal_entry IN ROW EXCLUSIVE MODE"
_LOCK_BALANCES = """
    SELECT 1 FROM ledger_account_balance b JOIN ledger_account a ON a.id = b.account_id
     WHERE a.code = ANY (%s) AND b.mode = 'synchronous'
     ORDER BY b.account_id FOR NO KEY UPDATE OF b
"""


def write_each(
    instructions: Sequence[Instruction], actor: Actor, groups: Sequence[Group] | None = None
) -> list[Outcome]:
    """Post what can be posted and say of each instruction what came of it.

    ``groups`` hold every place once; without them each instruction is one by itself. The outcome is
    that of posting the groups one after the other, and what was refused leaves nothing but the
    record of its final refusals. It is done as one set, though: only if that is refused, by halves.
    Runs in the caller's transaction. What is ``unavailable`` refuses the whole call.
    """
    turn = _Turn(instructions, actor)
    groups = groups or [[place] for place in range(len(instructions))]
    turn.post([group for group in groups if not turn.refuses_unseen(group)])
    keep_refusals(
        [
            (instructions[place], outcome)
            for place, outcome in turn.outcomes.items()
            if isinstance(outcome, DomainError)
        ],
        actor,
    )
    return [turn.outcomes[place] for place in range(len(instructions))]


class _Turn:
    """One call: what it is about, and what has come of it so far."""

    def __init__(self, instructions: Sequence[Instruction], actor: Actor) -> None:
        self.instructions, self.actor = instructions, actor
        self.outcomes: dict[int, Outcome] = {}

    def refuses_unseen(self, group: Group) -> bool:
        """Refuse a group for what one of its drafts says by itself."""
        for place in group:
            try:
                self.instructions[place].draft.check()
            except DomainError as refusal:
                self._refused(group, place, refusal)
                return True
        return False

    def post(self, groups: Sequence[Group]) -> None:
        """As one set; if that is refused, one half after the other."""
        places = [place for group in groups for place in group]
        if not places:
            return
        try:
            with transaction.atomic():
                self._write(places)
        except DomainError as refusal:
            if refusal.kind is Kind.UNAVAILABLE:
                raise
            if len(places) == 1:
                self.outcomes[places[0]] = refusal
            elif len(groups) == 1:
                self._one_by_one(groups[0])
            else:
                self._lock(places)
                half = len(groups) // 2
                self.post(groups[:half])
                self.post(groups[half:])

    def _one_by_one(self, group: Group) -> None:
        """Find out which entry of the group is the one that is refused."""
        self._lock(group)
        place = group[0]
        try:
            with transaction.atomic():
                for place in group:
                    self._write([place])
        except DomainError as refusal:
            if refusal.kind is Kind.UNAVAILABLE:
                raise
            self._refused(group, place, refusal)

    def _write(self, places: Sequence[int]) -> None:
        chosen = [self.instructions[place] for place in places]
        self.outcomes |= zip(places, write(chosen, self.actor), strict=True)
        if any(is_manual(one.draft.kind) for one in chosen):
            with typed():
                connection.check_constraints()  # at COMMIT it would refuse them all

    def _refused(self, group: Group, culprit: int, refusal: DomainError) -> None:
        linked = LinkedEntryRefused(idempotency_key=self.instructions[culprit].idempotency_key)
        self.outcomes |= dict.fromkeys(group, linked) | {culprit: refusal}

    def _lock(self, places: Iterable[int]) -> None:
        codes = {leg.account for place in places for leg in self.instructions[place].draft.postings}
        with connection.cursor() as cursor:
            cursor.execute(_LOCK_JOURNAL)
            cursor.execute(_LOCK_BALANCES, [list(codes)])
