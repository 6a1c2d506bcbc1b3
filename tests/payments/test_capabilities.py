"""The matrix says what the code does: written down, over the API and in the console."""

from __future__ import annotations

import pytest

from apps.payments.connectors.files import FileRail
from apps.payments.connectors.promises import keeps
from apps.payments.connectors.registry import connectors
from apps.payments.domain.states import Operation
from apps.payments.selectors.capabilities import connector_offers, written_down
from apps.tenancy.models import Tenant
from tests.architecture.test_golden import compare, is_update  # noqa: F401  a fixture
from tests.architecture.test_shape import ROOT
from tests.identity.people import make_person, signed_in
from tests.payments.books import Caller, open_accounts
from tests.payments.world import COLLECTIONS


def test_the_page_in_the_repository_is_what_the_code_says(*, is_update: bool) -> None:  # noqa: F811
    page = ROOT / "apps/payments/connectors/CAPABILITIES.md"
    compare(page, written_down(), is_update=is_update)


def test_every_promised_operation_is_in_it_with_limits_and_no_other() -> None:
    for code, rail in connectors().items():
        offers = {one.operation: one for one in connector_offers(code)}
        assert set(offers) == {
            one
            for one in Operation
            if keeps(rail, one) or (isinstance(rail, FileRail) and one == "payout")
        }, code
        assert all(one.limits and one.key for one in offers.values()), code


@pytest.mark.django_db
def test_api_and_console_show_the_tenants_accounts(mara: Tenant) -> None:
    open_accounts()
    told = Caller(mara, "payments:read").get("capabilities").json()
    (mine,) = [one for one in told["accounts"] if one["account"] == COLLECTIONS]
    assert (mine["operation"], mine["key"]) == ("purchase", "never sent twice")
    assert mine["limits"] == [
        {"currencies": ["KES"], "least_minor": 100, "most_minor": 25_000_000, "step_minor": 100}
    ]
    client = signed_in(make_person("person-viewer", "viewer"))
    page = client.get("/console/payments/capabilities").content.decode()
    assert "KES 1.00 to 250,000.00 in steps of 1.00" in page
