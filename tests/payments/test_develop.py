"""The developers' command: against test tenants, through the simulator's own control side."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from apps.payments import services
from apps.payments.models import Callback, ProviderAccount
from apps.payments.selectors.feed import Feed
from apps.platform.actors import SYSTEM
from apps.platform.clock import now
from apps.platform.ids import new_id, public_id
from apps.tenancy.models import Tenant
from tests.payments.books import open_accounts
from tests.payments.conftest import House
from tests.payments.world import COLLECTIONS, new_intent


def develop(*words: str, tenant: str) -> str:
    out = StringIO()
    call_command("develop", *words, "--tenant", tenant, stdout=out)
    return out.getvalue()


def test_a_developer_has_the_simulator_do_something(house: House) -> None:
    slug = house.tenant.slug
    said = develop("simulate", COLLECTIONS, "deposit", "account=working", "amount_minor:=500",
                   tenant=slug)  # fmt: skip
    assert said.strip().startswith("{")
    with pytest.raises(CommandError, match="refuses"):
        develop("simulate", COLLECTIONS, "no-such-situation", tenant=slug)
    for wrong in ("amount:=x", "amount"):
        with pytest.raises(CommandError, match="JSON"):
            develop("simulate", COLLECTIONS, "deposit", wrong, tenant=slug)


@pytest.mark.django_db
def test_events_are_told_once_and_only_those_asked_for(mara: Tenant) -> None:
    open_accounts()
    feed, others = Feed(now(), "payments.payment_*"), Feed(now(), "ledger.*")
    list(others.news())
    intent_id = new_intent("254708000001")
    services.cancel_payment_intent(intent_id=intent_id, actor=SYSTEM)
    told = list(feed.news())
    assert [event.name for event in told] == ["payments.payment_cancelled"]
    assert list(feed.news()) == list(others.news()) == []
    assert develop("listen", "payments.*", "--for", "0", tenant="mara") == ""


@pytest.mark.django_db
def test_a_callback_is_processed_again_and_a_live_tenant_is_left_alone(mara: Tenant) -> None:
    open_accounts()
    callback = Callback.objects.create(
        provider_account=ProviderAccount.objects.get(label=COLLECTIONS), kind="confirmation",
        dedupe="d", body=b"{}", body_sha256="0" * 64, next_try_at=now(), received_at=now(),
        state="quarantined",
    )  # fmt: skip
    name = public_id("cb", callback.id)
    assert name in develop("replay", name, tenant="mara")
    callback.refresh_from_db()
    assert callback.state == "new"
    for thing in (public_id("whd", new_id()), "cb_x", "pi_x"):
        with pytest.raises(CommandError):
            develop("replay", thing, tenant="mara")
    with pytest.raises(CommandError, match="no tenant"):
        develop("replay", name, tenant="nobody")
    Tenant.objects.filter(id=mara.id).update(mode="live")
    for words in (["replay", name], ["listen", "--for", "0"], ["simulate", COLLECTIONS, "clock"]):
        with pytest.raises(CommandError, match="test tenants only"):
            develop(*words, tenant="mara")
