"""Writing versions of posting templates, trying them, and letting them in and out of use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from apps.identity.services import require_step_up
from apps.ledger.domain import EntryDraft, EntryReceipt, PostingDraft
from apps.ledger.domain.templates import (
    VersionState,
    body_of,
    legs_as_json,
    read_document,
    reference,
    split_reference,
)
from apps.ledger.errors.templates import (
    TemplateCannotMove,
    TemplateExamplesFailed,
    TemplateNotFound,
    TemplateSelfActivation,
)
from apps.ledger.models import PostingTemplate, TemplateVersion
from apps.ledger.selectors import journal_entry
from apps.ledger.services.persons import deciding_person, person_behind
from apps.ledger.services.posting import Instruction, write
from apps.ledger.services.refusals import typed
from apps.ledger.services.retries import again_when_in_the_way
from apps.ledger.services.template_orders import TemplateOrder, draft_from
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.errors import DomainError
from apps.platform.ids import new_id
from apps.platform.use_cases import use_case


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleResult:
    """What one example posted in a dry run, as legs are stored, or why it was refused."""

    name: str
    passed: bool
    legs: list[dict[str, Any]]
    refusal: str = ""

    def as_json(self) -> dict[str, Any]:
        """As it is kept with the activation."""
        return {
            "name": self.name,
            "passed": self.passed,
            "legs": self.legs,
            "refusal": self.refusal,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """An entry as it would be posted: its draft, and the balances after it."""

    draft: EntryDraft
    receipt: EntryReceipt


@use_case("ledger.draft_template")
def draft_template(*, document: Mapping[str, Any], actor: Actor) -> str:
    """Keep a document as the next version of its template; returns its name, ``code@3``.

    The first version makes the template. A document that says what the newest version says makes
    none: that version's name is answered. ``TemplateUnsound`` names every problem.
    """
    read = read_document(document)
    template = PostingTemplate.objects.select_for_update().filter(code=read.code).first()
    if template is None:
        # Of two who begin the same template, the second one waits here and finds the first one's.
        made, _ = PostingTemplate.objects.get_or_create(
            code=read.code, defaults={"name": read.name, "created_at": clock.now()}
        )
        template = PostingTemplate.objects.select_for_update().get(id=made.id)
    if template.name != read.name:
        template.name = read.name
        template.save(update_fields=["name"])
    newest = template.versions.order_by("-number").first()
    content = read.as_json()
    # The name is the template's, not the version's.
    del content["code"], content["name"]
    if newest is not None and newest.content == content:
        audit.nothing_happened()
        return reference(template.code, newest.number)
    with typed():
        version = TemplateVersion.objects.create(
            template=template,
            number=newest.number + 1 if newest else 1,
            content=content,
            maker_person=person_behind(actor),
            maker=str(actor),
            created_at=clock.now(),
        )
    audit.note(reference(template.code, version.number))
    return reference(template.code, version.number)


@again_when_in_the_way
@use_case("ledger.check_template")
def check_template(*, template: str, actor: Actor) -> list[ExampleResult]:
    """Post every example of a version through the real posting path, and take it back at once."""
    version = locked_version(template)
    audit.nothing_happened()
    return _checked(version, actor)


@again_when_in_the_way
@use_case("ledger.activate_template")
def activate_template(*, template: str, step_up_at: datetime | None, actor: Actor) -> None:
    """Let a draft into use; the version that was active is retired. A person does, not its maker.

    Needs a second factor given within the last five minutes, at least one example, and that each
    posts exactly the legs it expects; what they posted is kept with the activation. Activating what
    is active does nothing.
    """
    version = locked_version(template)
    person = deciding_person(actor)
    if version.state == VersionState.ACTIVE:
        audit.nothing_happened()
        return
    if version.state != VersionState.DRAFT:
        raise TemplateCannotMove(
            template=template, from_state=version.state, to_state=VersionState.ACTIVE
        )
    if person == version.maker_person:
        raise TemplateSelfActivation(template=template)
    require_step_up(step_up_at=step_up_at)
    results = _checked(version, actor)
    failed = [one.name for one in results if not one.passed]
    if failed or not results:
        raise TemplateExamplesFailed(template=template, examples=len(results), failed=failed)
    present = version.template.versions.filter(state=VersionState.ACTIVE).first()
    if present is not None:
        _retire(present, f"Followed by version {version.number}", actor)
    version.state = VersionState.ACTIVE
    version.checks = [one.as_json() for one in results]
    version.activator_person, version.activator = person, str(actor)
    version.activated_at, version.step_up_at = clock.now(), step_up_at
    with typed():
        version.save()
    audit.note(str(version), examples=len(results))


@use_case("ledger.retire_template")
def retire_template(*, template: str, reason: str, actor: Actor) -> None:
    """Take a version out of use, or give a draft up, for good. Doing it again does nothing."""
    version = locked_version(template)
    if version.state == VersionState.RETIRED:
        audit.nothing_happened()
        return
    _retire(version, reason, actor)
    audit.note(str(version), reason=reason)


@again_when_in_the_way
@use_case("ledger.preview_template")
def preview_template(*, order: TemplateOrder, actor: Actor) -> Preview:
    """What ``post_from_template`` would post; raises what it would refuse. Nothing remains.

    A draft may be looked at too, when the order names its version.
    """
    draft = draft_from(order, order.version_named())
    audit.nothing_happened()
    receipt, _ = _rehearse(draft, actor)
    return Preview(draft=draft, receipt=receipt)


def locked_version(template: str) -> TemplateVersion:
    """``code@3``, with its template, locked until the transaction ends. ``TemplateNotFound``."""
    code, number = split_reference(template)
    rows = TemplateVersion.objects.select_for_update().select_related("template")
    version = rows.filter(template__code=code, number=number).first() if number else None
    if version is None:
        raise TemplateNotFound(template=template)
    return version


def _retire(version: TemplateVersion, reason: str, actor: Actor) -> None:
    version.state = VersionState.RETIRED
    version.retired_at, version.retired_by = clock.now(), str(actor)
    version.retired_reason = reason
    with typed():
        version.save()


def _checked(version: TemplateVersion, actor: Actor) -> list[ExampleResult]:
    return [_tried(version, example, actor) for example in version.content["examples"]]


def _tried(version: TemplateVersion, example: Mapping[str, Any], actor: Actor) -> ExampleResult:
    order = TemplateOrder(
        code=version.template.code, version=version.number, parameters=example["parameters"]
    )
    try:
        draft = draft_from(order, body_of(version.content), today=True)
        _, posted = _rehearse(draft, actor)
    except DomainError as refusal:
        text = f"{refusal.title} {refusal.advice}"
        return ExampleResult(name=example["name"], passed=False, legs=[], refusal=text)
    legs = legs_as_json(posted)
    return ExampleResult(name=example["name"], passed=legs == example["legs"], legs=legs)


def _rehearse(draft: EntryDraft, actor: Actor) -> tuple[EntryReceipt, list[PostingDraft]]:
    """Post it, read what was written, and roll that back, with what is checked at COMMIT.

    The entry names no template: it is made from a version that need not be active.
    """
    draft.check()
    instruction = Instruction(
        draft=draft, idempotency_key=f"rehearsal:{new_id()}", fingerprint=draft.fingerprint()
    )
    with transaction.atomic():
        receipt = write([instruction], actor)[0]
        with typed(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        posted = [
            PostingDraft(leg.account, leg.side, leg.amount, leg.clearing_key)
            for leg in journal_entry(receipt.entry_id).postings
        ]
        transaction.set_rollback(True)
    return receipt, posted
