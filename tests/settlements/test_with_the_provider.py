"""The whole way with the simulated provider: paid, statement downloaded, imported, agreed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from apps.payments.selectors import payout_outcome
from apps.platform.actors import SYSTEM
from apps.platform.messaging import InboundEvent
from apps.platform.models import OutboxMessage
from apps.settlements import consumers, services
from apps.settlements.models import Batch, Break, Disbursement, ExpectedItem, MatchGroup
from apps.settlements.selectors import settlements_violations
from tests.payments import conftest as payments_world
from tests.payments.conftest import House
from tests.payments.world import COLLECTIONS, PAYOUTS, collect, kes, payment_when, until, work
from tests.settlements.world import balance, decide, owe, person, submitted

provider = payments_world.provider
inbox_url = payments_world.inbox_url
open_house = payments_world.open_house
HANDLERS: dict[str, Any] = {
    "payments.payment_captured": consumers.on_payment_captured,
    "payments.payout_paid": consumers.on_payout_paid,
    "payments.payout_failed": consumers.on_payout_failed,
    "payments.payout_unknown": consumers.on_payout_unknown,
}


@pytest.fixture(scope="module")
def shared_house(open_house: Callable[[], House], django_db_blocker: Any) -> House:
    with django_db_blocker.unblock():
        return open_house()


house = payments_world.house


def hear(since: set[UUID]) -> None:
    """Hand the events of payments to our consumers, as the broker would; each once."""
    for row in OutboxMessage.objects.order_by("recorded_at", "id"):
        if row.id in since or row.name not in HANDLERS:
            continue
        since.add(row.id)
        HANDLERS[row.name](
            InboundEvent(
                id=str(row.id),
                type=f"{row.name}.v1",
                subject=row.aggregate,
                time=row.recorded_at,
                data=row.payload,
                traceparent="",
                correlation="",
            )
        )


def statement(house: House, shortcode: str, form: str = "csv") -> bytes:
    answer = httpx.get(
        f"{house.provider.url}/portal/{shortcode}/statement.{form}",
        params={"from": "2020-01-01", "to": "2099-12-31"},
        auth=(f"key-{shortcode}-of-the-app", f"secret-{shortcode}-of-the-app"),
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text
    return answer.content


def imported(house: House, label: str, shortcode: str, profile: str, form: str) -> None:
    services.import_statement(
        provider_account=label,
        profile=profile,
        name=form,
        content=statement(house, shortcode, form),
        actor=SYSTEM,
    )


later = payments_world.later


def test_paid_unknown_failed_and_the_statements_agree(
    house: House, later: Callable[[float], None]
) -> None:
    heard: set[UUID] = set()
    services.prepare_books(currency="KES", provider_account=PAYOUTS, actor=SYSTEM)
    for number, (shillings, ending) in enumerate([(500, "01"), (300, "02"), (400, "08")], start=1):
        owe(f"S{number}", shillings, f"2547123456{ending}")
    batch = submitted(person("amina"))
    decide(batch, person("brian"))
    services.release_batch(batch_id=batch.id, actor=SYSTEM)

    def settled() -> bool:
        later(5)
        work()
        hear(heard)
        return Batch.objects.get(id=batch.id).state == "closed_with_exceptions"

    until(settled, "the batch closed")
    states = dict(Disbursement.objects.values_list("payee__reference", "state"))
    assert states == {"S1": "paid", "S2": "failed", "S3": "paid"}
    assert (balance("2900"), balance("2100.S2")) == (0, kes(300).minor)
    for line in Disbursement.objects.filter(state="paid"):
        assert payout_outcome(payout_ref=line.id).provider_reference == line.provider_reference

    payment_when(collect("254712345601", kes(1_000)), "succeeded")
    hear(heard)
    house.provider.tell(
        "paybill", shortcode=house.paybill, phone="254700000077", amount=50, account_reference="?"
    )
    imported(house, PAYOUTS, house.payer, "mpesa-csv", "csv")
    imported(house, COLLECTIONS, house.paybill, "camt.053", "camt053.xml")
    assert MatchGroup.objects.count() == ExpectedItem.objects.count() == 3
    kinds = sorted(Break.objects.values_list("provider_account", "kind"))
    assert (COLLECTIONS, "missing_internal") in kinds
    assert not [kind for _, kind in kinds if kind != "missing_internal"], kinds
    for account, shortcode in (("1100", house.paybill), ("1110", house.payer)):
        theirs = theirs_minor(house, shortcode)
        assert balance(account) - own_money(account) == theirs
    assert settlements_violations() == []


#: The simulator's opening deposit is on its statement; ours was booked by hand beside it.
OPENING = 100_000_000


def own_money(account: str) -> int:
    """What the tests booked by hand: the float, which the statement tells of as well, and debts."""
    return {"1110": OPENING, "1100": 120_000}[account]


def theirs_minor(house: House, shortcode: str) -> int:
    """What the provider's own statement ends with."""
    text = statement(house, shortcode).decode()
    line = next(line for line in text.splitlines() if line.startswith("Closing Balance:"))
    return int(line.partition(",")[2].replace(".", "").replace(",", "").strip('"'))
