"""Posting by template: from a code and parameters to an entry in the books."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from apps.ledger.domain import EntryDraft, EntryReceipt, fingerprint
from apps.ledger.domain.templates import (
    TemplateBody,
    VersionState,
    evaluate,
    read_parameters,
    reference,
    split_reference,
)
from apps.ledger.errors.templates import TemplateNotActive, TemplateParametersRefused
from apps.ledger.models import JournalEntry
from apps.ledger.selectors.templates import template_version
from apps.ledger.services.posting import Instruction, write
from apps.ledger.services.retries import again_when_in_the_way
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.ids import public_id
from apps.platform.tenant import current_tenant
from apps.platform.use_cases import use_case


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateOrder:
    """What is to be posted by a template. Parameters are JSON, as the template's types say.

    Without a ``version`` the active one is meant. ``value_date`` is left out when a parameter of
    the template gives the day; without either it is today in the tenant's zone.
    """

    code: str
    parameters: Mapping[str, Any]
    version: int | None = None
    value_date: date | None = None
    source_event: str = ""
    metadata: Mapping[str, object] = field(default_factory=dict)

    def version_named(self) -> TemplateBody:
        """What the version says that is meant. ``TemplateNotFound``."""
        named = self.code if self.version is None else reference(self.code, self.version)
        return template_version(named).body

    def fingerprint(self) -> bytes:
        """Equal for equal orders, whichever version they are carried out by."""
        return fingerprint(
            "template",
            self.code,
            self.version,
            dict(self.parameters),
            self.value_date,
            self.source_event,
            dict(self.metadata),
        )


@again_when_in_the_way
@use_case("ledger.post_from_template")
def post_from_template(*, order: TemplateOrder, idempotency_key: str, actor: Actor) -> EntryReceipt:
    """Post the entry a template comes to for these parameters, once per idempotency key.

    The entry names the version as ``code@3`` and keeps the parameters in its metadata, sealed with
    it. Asking again answers with the first receipt, even after another version became active.
    ``TemplateNotActive`` unless the version meant is the active one.
    """
    made = _version_of_entry(idempotency_key, order.code)
    number = made if made is not None else _active(order)
    draft = draft_from(order, template_version(reference(order.code, number)).body)
    draft = replace(draft, template=reference(order.code, number))
    draft.check()
    receipt = write(
        [
            Instruction(
                draft=draft, idempotency_key=idempotency_key, fingerprint=order.fingerprint()
            )
        ],
        actor,
    )[0]
    if receipt.is_replay:
        audit.nothing_happened()
    else:
        audit.note(public_id("je", receipt.entry_id), template=draft.template)
    return receipt


def draft_from(order: TemplateOrder, body: TemplateBody, *, today: bool = False) -> EntryDraft:
    """The entry an order comes to, naming no template. ``TemplateParametersRefused``.

    ``today`` lets it count today, whatever a parameter says.
    """
    values, problems = read_parameters(body, order.parameters)
    if problems:
        raise TemplateParametersRefused(template=order.code, problems=problems)
    try:
        made = evaluate(body, values)
    except ValueError as error:
        raise TemplateParametersRefused(template=order.code, problems=[str(error)]) from error
    if None not in (made.value_date, order.value_date) and made.value_date != order.value_date:
        problem = f"value_date: the parameter {body.value_date} gives the day; leave this out"
        raise TemplateParametersRefused(template=order.code, problems=[problem])
    day = None if today else made.value_date or order.value_date
    return EntryDraft(
        kind=body.kind,
        description=made.description,
        value_date=day or clock.today(current_tenant().zone),
        postings=made.postings,
        reason=body.reason,
        source_event=order.source_event,
        metadata={**order.metadata, "template": {"parameters": dict(order.parameters)}},
    )


def _version_of_entry(idempotency_key: str, code: str) -> int | None:
    """The version that made the entry of this key, if there is one."""
    if not idempotency_key:
        raise ValueError("posting takes an idempotency key")
    entry = JournalEntry.objects.filter(idempotency_key=idempotency_key).only("template").first()
    made_by, number = split_reference(entry.template) if entry else ("", None)
    return number if made_by == code else None


def _active(order: TemplateOrder) -> int:
    row = template_version(order.code)
    if row.state is not VersionState.ACTIVE or order.version not in (None, row.number):
        named = row.code if order.version is None else reference(row.code, order.version)
        raise TemplateNotActive(template=named)
    return row.number
