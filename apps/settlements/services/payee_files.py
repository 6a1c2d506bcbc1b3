"""Payees by the file."""

from __future__ import annotations

import hashlib
from dataclasses import astuple
from uuid import UUID

from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.ids import public_id
from apps.platform.use_cases import use_case
from apps.settlements.domain import DetailsDecision
from apps.settlements.domain.payee_files import PayeeLine, RowProblem, read_payees
from apps.settlements.errors import UnreadablePayees
from apps.settlements.models import Payee, PayeeFile
from apps.settlements.services.payees import change_payee_details, register_payee


@use_case("settlements.import_payees")
def import_payees(*, name: str, content: bytes, actor: Actor) -> UUID:
    """Register the payees of a CSV and write changed details; returns the id of its record.

    Rows that are wrong are left out, each with what is wrong in it: correct them and send the whole
    file again, for rows that are known already change nothing. New details, as always, wait for a
    second person. Raises ``UnreadablePayees`` when the file as a whole cannot be read.
    """
    try:
        lines, problems, rows = read_payees(content)
    except ValueError as error:
        raise UnreadablePayees(reason=str(error)) from None
    known = {
        payee.reference: payee
        for payee in Payee.objects.filter(
            reference__in=[line.reference for line in lines]
        ).prefetch_related("beneficiaries__decisions")
    }
    added = changed = unchanged = 0
    for line in lines:
        payee = known.get(line.reference)
        if payee is None:
            _register(line, actor)
            added += 1
        elif (payee.name, payee.kind, payee.currency) != (line.name, line.kind, line.currency):
            sentence = "names a payee we know with another name, kind or currency"
            problems.append(RowProblem(line.row, "reference", sentence))
        elif _is_newest(payee, line):
            unchanged += 1
        else:
            change_payee_details(payee_id=payee.id, details=line.details, actor=actor)
            changed += 1
    record = PayeeFile.objects.create(
        name=name[:200],
        sha256=hashlib.sha256(content).hexdigest(),
        rows=rows,
        added=added,
        changed=changed,
        unchanged=unchanged,
        problems=[list(astuple(one)) for one in sorted(problems, key=lambda one: one.row)],
        imported_at=clock.now(),
        imported_by=str(actor),
    )
    audit.note(public_id("pf", record.id), added=added, changed=changed, wrong=len(problems))
    return record.id


def _register(line: PayeeLine, actor: Actor) -> None:
    register_payee(
        reference=line.reference,
        name=line.name,
        kind=line.kind,
        details=line.details,
        currency=line.currency,
        actor=actor,
    )


def _is_newest(payee: Payee, line: PayeeLine) -> bool:
    newest = max(payee.beneficiaries.all(), key=lambda one: one.version)
    is_rejected = any(said.decision == DetailsDecision.REJECT for said in newest.decisions.all())
    return newest.details == line.details and not is_rejected
