"""Posting templates and their versions."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.ledger.domain.templates import VersionState, reference
from apps.ledger.models.periods import PERSON, REASON
from apps.platform.models.rows import Identified, choices


class PostingTemplate(Identified):
    """A way of posting that has a code. What it means is said by its versions."""

    code = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "ledger_template"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class TemplateVersion(Identified):
    """One version: legs, parameters and examples as ``TemplateDocument.as_json`` writes them.

    What it says never changes, whatever its state: another wording is another version. ``checks``
    holds what every example posted when it was activated. The database refuses an activation by its
    maker, without a fresh second factor, or with an example that did not post what it expects.
    """

    template = models.ForeignKey(PostingTemplate, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=7, choices=choices(VersionState), default="draft")
    content = models.JSONField()
    maker_person = models.CharField(max_length=PERSON)
    maker = models.CharField(max_length=221)
    created_at = models.DateTimeField()
    checks = models.JSONField(default=list)
    activator_person = models.CharField(max_length=PERSON, blank=True)
    activator = models.CharField(max_length=221, blank=True)
    step_up_at = models.DateTimeField(null=True)
    activated_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)
    retired_by = models.CharField(max_length=221, blank=True)
    retired_reason = models.CharField(max_length=REASON, blank=True)

    class Meta(Identified.Meta):
        db_table = "ledger_template_version"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["template", "number"], name="ledger_template_version_once"
            ),
            models.UniqueConstraint(
                fields=["template"],
                condition=Q(state=VersionState.ACTIVE),
                name="ledger_template_version_one_active",
            ),
            models.CheckConstraint(
                name="ledger_template_version_state_known",
                condition=Q(state__in=[value.value for value in VersionState]),
            ),
        ]

    def __str__(self) -> str:
        return reference(self.template.code, self.number)
