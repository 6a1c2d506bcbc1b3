"""Posting an entry."""

from __future__ import annotations

from apps.ledger.domain import credit, debit
from apps.ledger.services import post_entries, post_entry
from apps.platform.actors import Actor
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, kes


def test_smoke(books: Tenant, amina: Actor) -> None:
    one = draft(debit("9100", kes(1000)), credit("9900", kes(150)), credit("9500.one", kes(850)))
    first = post_entry(draft=one, idempotency_key="k1", actor=amina)
    assert first.balances == {"9100": kes(1000), "9900": kes(150), "9500.one": kes(850)}
    again = post_entry(draft=one, idempotency_key="k1", actor=amina)
    assert again.is_replay
    assert again.entry_id == first.entry_id
    assert again.balances == first.balances
    many = post_entries(drafts={"k1": one, "k2": one, "k3": one}, actor=amina)
    assert [r.is_replay for r in many] == [True, False, False]
    assert many[2].balances == {"9100": kes(3000), "9900": kes(450), "9500.one": kes(2550)}
