"""Recording rates: from a person, from the European Central Bank, from a provider."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from apps.identity.errors import StepUpRequired
from apps.identity.people import actor_of
from apps.ledger import tasks
from apps.ledger.domain.fx import RateDraft
from apps.ledger.errors.fx import (
    AlreadyDecided,
    RateDiffers,
    RatesUnreadable,
    RateUnsound,
    SelfApproval,
)
from apps.ledger.models import FxRate, FxRateProposal
from apps.ledger.selectors.fx import mid_rate, pending_proposals, rates
from apps.ledger.services.fx import (
    approve_rate,
    fetch_ecb_rates,
    import_ecb_rates,
    record_rate,
    refresh_ecb_rates,
    reject_rate,
)
from apps.platform import clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.errors import NotSent
from apps.tenancy.models import Tenant
from config.schedule import EVERY
from tests.identity.people import make_person
from tests.ledger.ecb_files import CSV, RATES, XML, xml
from tests.ledger.fx_world import say
from tests.platform.peers import peer
from tests.platform.servers import free_port

FRIDAY = datetime(2026, 11, 20, 16, tzinfo=UTC)


def manual(rate: str, begins: datetime | None = None, **facts: object) -> RateDraft:
    begins = begins or clock.now()
    about: dict[str, object] = {
        "base": "USD",
        "quote": "KES",
        "rate": Decimal(rate),
        "valid_from": begins,
        "valid_until": begins + timedelta(days=1),
    }
    return RateDraft(**(about | facts))  # type: ignore[arg-type]


def person(name: str) -> Actor:
    return actor_of(make_person(name))


def test_a_rate_near_the_one_in_force_is_recorded_at_once(mara: Tenant) -> None:
    say("USD/KES", "100", clock.now() - timedelta(hours=1))
    draft = manual("102")
    recorded = record_rate(draft=draft, actor=SYSTEM)
    assert recorded.rate_id is not None
    assert record_rate(draft=draft, actor=SYSTEM) == recorded
    assert mid_rate("USD", "KES").value == 102
    assert [row.source for row in rates(base="USD")] == ["manual", "provider"]
    with pytest.raises(RateDiffers):
        record_rate(draft=manual("101", draft.valid_from), actor=SYSTEM)
    with pytest.raises(RateUnsound):
        record_rate(draft=manual("0"), actor=SYSTEM)


@pytest.mark.parametrize(("known", "deviation"), [("100", 201), ("", None)])
def test_a_rate_far_off_waits_for_a_second_person(
    mara: Tenant, known: str, deviation: int | None
) -> None:
    if known:
        say("USD/KES", known, clock.now() - timedelta(hours=1))
    amina, brian = person("amina"), person("brian")
    recorded = record_rate(draft=manual("102.001"), actor=amina)
    assert recorded.rate_id is None
    (proposal,) = pending_proposals()
    assert (proposal.id, proposal.deviation_bps) == (recorded.proposal_id, deviation)
    assert FxRate.objects.count() == bool(known)
    with pytest.raises(SelfApproval):
        approve_rate(proposal_id=proposal.id, step_up_at=clock.now(), actor=amina)
    with pytest.raises(StepUpRequired):
        approve_rate(proposal_id=proposal.id, step_up_at=None, actor=brian)
    with pytest.raises(ValueError, match="person"):
        approve_rate(proposal_id=proposal.id, step_up_at=clock.now(), actor=SYSTEM)
    approve_rate(proposal_id=proposal.id, step_up_at=clock.now(), actor=brian)
    assert mid_rate("USD", "KES").rate == Decimal("102.001")
    with pytest.raises(AlreadyDecided):
        reject_rate(proposal_id=proposal.id, reason="Too late", actor=brian)
    assert pending_proposals() == []


def test_a_proposal_is_rejected_with_its_reason(mara: Tenant) -> None:
    proposal_id = record_rate(draft=manual("1"), actor=SYSTEM).proposal_id
    assert proposal_id is not None
    reject_rate(proposal_id=proposal_id, reason="A slip", actor=person("brian"))
    assert FxRateProposal.objects.get().reason == "A slip"
    assert FxRate.objects.count() == 0


def test_the_central_banks_file_is_imported_once(mara: Tenant) -> None:
    assert import_ecb_rates(content=XML, actor=SYSTEM) == len(RATES)
    assert import_ecb_rates(content=CSV, actor=SYSTEM) == 0
    with pytest.raises(RateDiffers):
        import_ecb_rates(content=xml(rates=RATES | {"USD": "1.1528"}), actor=SYSTEM)
    assert FxRate.objects.count() == len(RATES)
    say("USD/KES", "129", FRIDAY - timedelta(hours=2), days=9)
    mid = mid_rate("CHF", "KES", FRIDAY)  # through the euro, then the dollar
    assert [hop.rate.source for hop in mid.hops] == ["ecb", "ecb", "provider"]


def test_the_daily_file_is_fetched_when_a_new_one_is_due(mara: Tenant) -> None:
    served = [xml("2026-11-20")]

    def answer(connection: socket.socket, request: bytes) -> None:
        body = served[-1]
        status = b"200 OK" if body else b"503 Busy"
        head = b"HTTP/1.1 %b\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n"
        connection.sendall(head % (status, len(body)) + body)

    with peer(answer) as bank:
        url = bank.url("/stats/eurofxref/eurofxref-daily.xml")

        def refreshed_at(moment: str) -> int:
            now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
            with clock.reading(lambda: now):
                return refresh_ecb_rates(url=url)

        assert refreshed_at("2026-11-20T16:00") == 0  # nobody has asked for these rates
        assert bank.requests == []
        assert fetch_ecb_rates(url=url, actor=SYSTEM) == len(RATES)
        assert bank.requests[0].startswith(b"GET /stats/eurofxref/eurofxref-daily.xml HTTP/1.1")
        assert refreshed_at("2026-11-22T12:00") == 0  # a Sunday
        assert refreshed_at("2026-11-23T14:30") == 0  # Monday, before four
        assert len(bank.requests) == 1
        served.append(xml("2026-11-23"))
        assert refreshed_at("2026-11-23T15:30") == len(RATES)
        assert refreshed_at("2026-11-23T16:30") == 0
        served.append(b"")
        with pytest.raises(RatesUnreadable):
            refreshed_at("2026-11-24T15:30")
    with pytest.raises(NotSent):
        fetch_ecb_rates(url=f"http://127.0.0.1:{free_port()}/", actor=SYSTEM)
    assert {row.valid_from.day for row in FxRate.objects.all()} == {20, 23}


def test_the_schedule_asks_for_due_rates(mara: Tenant) -> None:
    assert tasks.refresh_ecb_rates.name in EVERY
    assert tasks.refresh_ecb_rates.run() == 0
