"""Connectors: how they are found, what accounts they accept, and one token for all workers."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from apps.payments import services
from apps.payments.connectors import registry
from apps.payments.connectors.base import (
    Collector,
    Connector,
    Context,
    Disburser,
    StatementSource,
    Verifier,
    WebhookReader,
)
from apps.payments.connectors.mpesa import access
from apps.payments.errors import (
    AccountFactsDiffer,
    InvalidAccountConfig,
    LiveProviderForTestTenant,
    UnknownConnector,
)
from apps.payments.models import ProviderAccount
from apps.payments.selectors.contexts import context_for
from apps.platform.actors import SYSTEM
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from tests.payments.conftest import House
from tests.payments.world import COLLECTIONS, account_draft

SAMPLE = """
from apps.payments.connectors.mpesa.connector import MpesaConnector

class Sample(MpesaConnector):
    code = "sample"
    inbound_name = "sample"

CONNECTOR = Sample()
"""


@pytest.fixture
def sample_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installed package that brings a connector, and one that tries to take a rail over."""
    about = tmp_path / "sample_rail-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: sample-rail\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[{registry.GROUP}]\nsample = sample_rail:CONNECTOR\n")
    (tmp_path / "sample_rail.py").write_text(SAMPLE)
    monkeypatch.syspath_prepend(str(tmp_path))
    registry.connectors.cache_clear()
    yield
    registry.connectors.cache_clear()
    sys.modules.pop("sample_rail", None)


def test_a_connector_comes_with_a_package(sample_package: None) -> None:
    assert set(registry.connectors()) == {
        "bank", "cash", "mpesa", "paypal", "sample", "stripe",
    }  # fmt: skip
    assert registry.connector_called_back_at("sample").code == "sample"


def test_an_unknown_rail_is_refused() -> None:
    with pytest.raises(UnknownConnector):
        registry.connector("carrier-pigeon")


def test_mpesa_keeps_every_promise() -> None:
    rail = registry.connector("mpesa")
    promises = (Connector, Collector, Disburser, Verifier, WebhookReader, StatementSource)
    assert [p.__name__ for p in promises if not isinstance(rail, p)] == []
    keys = rail.capabilities({"shortcode": "600001"}).keys
    unsafe = [operation for operation, policy in keys.items() if not policy.is_honoured]
    assert not unsafe or isinstance(rail, Verifier)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"shortcode": "x"}, "shortcode"),
        ({"operations": ["teleport"]}, "operations"),
        ({"operations": ["payout"], "initiator_name": ""}, "initiator_name"),
        ({"base_url": "ftp://x"}, "base_url"),
        ({"tariff": {"payout_bands": [[1]]}}, "tariff"),
        ({"passkey": "a secret"}, "passkey"),
    ],
)
def test_a_wrong_configuration_is_refused(
    mara: Tenant, config: dict[str, object], field: str
) -> None:
    sound = account_draft(COLLECTIONS, "600001", "http://127.0.0.1:1")
    draft = replace(sound, config={**sound.config, **config})
    with pytest.raises(InvalidAccountConfig) as refused:
        services.open_provider_account(draft=draft, actor=SYSTEM)
    assert refused.value.field == field
    assert not ProviderAccount.objects.exists()


@pytest.mark.django_db
def test_a_test_tenant_never_reaches_a_live_provider(mara: Tenant) -> None:
    draft = replace(account_draft(COLLECTIONS, "600001", "http://x"), environment="live")
    with pytest.raises(LiveProviderForTestTenant):
        services.open_provider_account(draft=draft, actor=SYSTEM)
    assert not ProviderAccount.objects.exists()


@pytest.mark.django_db
def test_opening_again_changes_nothing_and_other_facts_are_refused(mara: Tenant) -> None:
    draft = account_draft(COLLECTIONS, "600001", "http://x")
    first = services.open_provider_account(draft=draft, actor=SYSTEM)
    assert services.open_provider_account(draft=draft, actor=SYSTEM) == first
    with pytest.raises(AccountFactsDiffer):
        services.open_provider_account(draft=replace(draft, clearing_account="1"), actor=SYSTEM)


def test_many_workers_fetch_one_token(house: House) -> None:
    """Each new token ends the life of the one before, so a second fetch would do harm."""
    account = ProviderAccount.objects.get(label=COLLECTIONS)
    context = context_for(account)
    context.cache.delete(access._key(context))
    fetched: list[str] = []

    class Counting:
        def send(self, method: str, url: str, **rest: object) -> object:
            fetched.append(url)
            return context.http.send(method, url, **rest)  # type: ignore[arg-type]

    counting: Context = replace(context, http=Counting())  # type: ignore[arg-type]
    tokens: list[str] = []

    def fetch() -> None:
        with inside(house.tenant):
            tokens.append(access._token(counting, refused=""))

    threads = [threading.Thread(target=fetch) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(fetched), len(tokens), len(set(tokens))) == (1, 12, 1)


def test_a_token_that_was_ended_by_somebody_is_replaced_once(house: House) -> None:
    context = context_for(ProviderAccount.objects.get(label=COLLECTIONS))
    context.cache.set(access._key(context), "ended", 600)
    exchange = access.post(context, "/mpesa/stkpushquery/v1/query", {"BusinessShortCode": "1"})
    assert exchange.status == 400  # past the gate, and refused for what it asks
    assert context.cache.get(access._key(context)) != "ended"
