"""A use case leaves an audit record in its own tenant's books."""

from __future__ import annotations

from apps.platform.actors import Actor
from apps.platform.models import AuditRecord
from apps.platform.use_cases import use_case
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant


@use_case("tests.nothing")
def nothing(*, actor: Actor) -> None:
    """Do nothing, on the record."""


def test_the_audit_record_stays_with_its_tenant(mara: Tenant, baobab: Tenant, amina: Actor) -> None:
    with inside(mara):
        nothing(actor=amina)
        assert AuditRecord.objects.get(use_case="tests.nothing").tenant == mara.id
    with inside(baobab):
        assert not AuditRecord.objects.filter(use_case="tests.nothing").exists()
