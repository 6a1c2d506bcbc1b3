"""Books in which restaurants are owed money, and people: a maker, two checkers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from apps.platform.actors import Actor
from apps.tenancy.models import Tenant
from tests.settlements.world import open_books, owe, person


@pytest.fixture
def books(mara: Tenant) -> Iterator[Tenant]:
    """Float of KES 100,000; R1 is owed 1,250, R2 700, R3 too little to be paid out."""
    open_books()
    owe("R1", 1250)
    owe("R2", 700, "254712345602")
    owe("R3", 5, "254712345603")
    yield mara
    if not connection.needs_rollback:
        connection.check_constraints()


@pytest.fixture
def amina(mara: Tenant) -> Actor:
    """Makes batches."""
    return person("amina")


@pytest.fixture
def brian(mara: Tenant) -> Actor:
    """Decides on them."""
    return person("brian")


@pytest.fixture
def grace(mara: Tenant) -> Actor:
    """Decides on them as well."""
    return person("grace")
