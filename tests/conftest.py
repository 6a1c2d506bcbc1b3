"""What every test may ask for: a migrated database with two tenants, and a place inside each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import setup_databases
from hypothesis import HealthCheck, settings

from apps.platform.actors import SYSTEM, Actor, ActorKind
from apps.platform.ids import new_id
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from apps.tenancy.selectors import tenant_by_slug
from apps.tenancy.services import provision_tenant

TENANTS = {
    "mara": {"name": "Mara Eats", "functional_currency": "KES", "zone": "Africa/Nairobi"},
    "baobab": {"name": "Baobab Kitchens", "functional_currency": "USD", "zone": "Africa/Nairobi"},
}

#: A busy machine is no fault of the code: neither how long an example takes nor its drawing counts.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Accept what the tests of the golden files found."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write new openapi.yaml, event schemas and SQL digests to tests/golden",
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that nobody waits for it alone at the end."""
    items.sort(key=lambda item: item.get_closest_marker("demo") is None)


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_modify_db_settings: None,
    django_db_blocker: pytest.FixtureRequest,
    django_db_keepdb: bool,
    django_db_createdb: bool,
) -> None:
    """The test database with two tenants, made once and kept.

    It replaces the plugin's own fixture, which makes no database when none of the chosen tests asks
    for ``db``: those that commit for good do not.
    """
    keep = django_db_keepdb and not django_db_createdb
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        setup_databases(verbosity=0, interactive=False, keepdb=keep, serialized_aliases=[])
        for slug, about in TENANTS.items():
            if tenant_by_slug(slug) is None:
                provision_tenant(
                    slug=slug,
                    name=about["name"],
                    functional_currency=about["functional_currency"],
                    zone=about["zone"],
                    domains=[f"{slug}.localhost"],
                    actor=SYSTEM,
                )


@pytest.fixture
def mara(db: None) -> Iterator[Tenant]:
    """Inside the books of Mara Eats (KES)."""
    tenant = tenant_by_slug("mara")
    assert tenant is not None
    with inside(tenant):
        yield tenant


@pytest.fixture
def baobab(db: None) -> Tenant:
    """Baobab Kitchens (USD); not entered. Use ``inside(baobab)``."""
    connection.set_schema_to_public()  # type: ignore[attr-defined]  # django-tenants' own backend
    tenant = tenant_by_slug("baobab")
    assert tenant is not None
    return tenant


@pytest.fixture
def amina() -> Actor:
    """A person who makes things."""
    return Actor(ActorKind.PERSON, "amina", new_id())


@pytest.fixture
def brian() -> Actor:
    """A person who approves them."""
    return Actor(ActorKind.PERSON, "brian", new_id())
