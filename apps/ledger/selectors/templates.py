"""Posting templates, their versions, and what was made from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from apps.ledger.domain.templates import (
    TemplateBody,
    VersionState,
    body_of,
    reference,
    split_reference,
)
from apps.ledger.errors.templates import TemplateNotFound
from apps.ledger.models import JournalEntry, PostingTemplate, TemplateVersion

ENTRIES_SHOWN = 50


@dataclass(frozen=True, slots=True)
class VersionGlance:
    """A version among the others of its template."""

    number: int
    state: VersionState
    maker: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """One version. ``content`` is its document; ``checks`` what its examples posted, once active.

    ``versions`` are all of the template's, the newest first.
    """

    id: UUID
    code: str
    name: str
    number: int
    state: VersionState
    content: Mapping[str, Any]
    maker: str
    maker_person: str
    created_at: datetime
    checks: list[dict[str, Any]]
    activator: str
    activated_at: datetime | None
    retired_at: datetime | None
    retired_by: str
    retired_reason: str
    versions: tuple[VersionGlance, ...]

    @property
    def reference(self) -> str:
        """``card-sale@3``, as its entries name it."""
        return reference(self.code, self.number)

    @property
    def body(self) -> TemplateBody:
        """What it means."""
        return body_of(self.content)

    @property
    def document(self) -> dict[str, Any]:
        """Its document under the template's present name, to be exported and imported."""
        return {"code": self.code, "name": self.name, **self.content}


def templates_with_versions() -> QuerySet[PostingTemplate]:
    """The templates with their versions, the newest first."""
    return PostingTemplate.objects.prefetch_related(
        Prefetch("versions", TemplateVersion.objects.order_by("-number"))
    )


def template_version(named: str) -> VersionRow:
    """``code@3``, or for ``code`` its active version, else its newest. ``TemplateNotFound``."""
    code, number = split_reference(named)
    template = templates_with_versions().filter(code=code).first()
    if template is None:
        raise TemplateNotFound(template=named)
    return version_row(template, number)


def version_row(template: PostingTemplate, number: int | None = None) -> VersionRow:
    """The row of one version of a template that was read with its versions."""
    versions = list(template.versions.all())
    found = next(
        (
            one
            for one in versions
            if (one.state == VersionState.ACTIVE if number is None else one.number == number)
        ),
        None if number else versions[0],
    )
    if found is None:
        raise TemplateNotFound(template=reference(template.code, number or 0))
    return VersionRow(
        id=found.id,
        code=template.code,
        name=template.name,
        number=found.number,
        state=VersionState(found.state),
        content=found.content,
        maker=found.maker,
        maker_person=found.maker_person,
        created_at=found.created_at,
        checks=found.checks,
        activator=found.activator,
        activated_at=found.activated_at,
        retired_at=found.retired_at,
        retired_by=found.retired_by,
        retired_reason=found.retired_reason,
        versions=tuple(
            VersionGlance(one.number, VersionState(one.state), one.maker, one.created_at)
            for one in versions
        ),
    )


def entries_of_template(named: str) -> QuerySet[JournalEntry]:
    """The entries made from ``code@3``, the newest first."""
    return JournalEntry.objects.filter(template=named).exclude(template="").order_by("-posted_at")
