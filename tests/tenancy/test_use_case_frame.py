"""A use case leaves an audit record in its own tenant's books."""

from __future__ import annotations

from apps.platform import clock, context
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


def test_the_audit_record_says_all_that_its_table_asks(mara: Tenant, amina: Actor) -> None:
    """It is written by a statement of its own, not by its model: none of the columns is missed."""
    with context.bound(context.request_id, "request-1"):
        nothing(actor=amina)
    fields = [field.attname for field in AuditRecord._meta.concrete_fields]
    record = AuditRecord.objects.get(use_case="tests.nothing")
    facts = {field: getattr(record, field) for field in fields}
    assert facts.pop("id").version == 7
    assert facts.pop("recorded_at") <= clock.now()
    assert facts == {
        "tenant": mara.id,
        "use_case": "tests.nothing",
        "actor_kind": "person",
        "actor_name": "amina",
        "actor_id": amina.id,
        "subject": "",
        "facts": {},
        "request_id": "request-1",
        "trace_id": "",
    }
