"""Posting templates: what they may say, what they ask for, and the legs they come to. Pure."""

from apps.ledger.domain.templates.body import (
    Fixed,
    Parameter,
    ParameterType,
    Rest,
    Share,
    TemplateBody,
    TemplateLeg,
    Whole,
)
from apps.ledger.domain.templates.documents import (
    Example,
    TemplateDocument,
    VersionState,
    body_of,
    legs_as_json,
    read_document,
    reference,
    split_reference,
)
from apps.ledger.domain.templates.evaluation import Evaluated, allocate, evaluate
from apps.ledger.domain.templates.parameters import Values, read_parameters

__all__ = [
    "Evaluated",
    "Example",
    "Fixed",
    "Parameter",
    "ParameterType",
    "Rest",
    "Share",
    "TemplateBody",
    "TemplateDocument",
    "TemplateLeg",
    "Values",
    "VersionState",
    "Whole",
    "allocate",
    "body_of",
    "evaluate",
    "legs_as_json",
    "read_document",
    "read_parameters",
    "reference",
    "split_reference",
]
