"""What is refused about posting templates."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class TemplateNotFound(DomainError):
    """There is no posting template of that code and version."""

    code = "ledger/template-not-found"
    kind = Kind.NOT_FOUND
    advice = "Look in the list of templates; a version is named like card-sale@3."

    template: str


@dataclass(eq=False, kw_only=True)
class TemplateUnsound(DomainError):
    """A posting template cannot mean what it says."""

    code = "ledger/template-unsound"
    kind = Kind.INVALID
    advice = "Correct each problem; nothing has been kept."

    problems: list[str]


@dataclass(eq=False, kw_only=True)
class TemplateParametersRefused(DomainError):
    """The parameters are not those that the template asks for."""

    code = "ledger/template-parameters"
    kind = Kind.INVALID
    advice = "Give every parameter the template names, each of its type, and no other."

    template: str
    problems: list[str]


@dataclass(eq=False, kw_only=True)
class TemplateNotActive(DomainError):
    """Entries are made from the active version of a template only."""

    code = "ledger/template-not-active"
    kind = Kind.CONFLICT
    advice = "Have a version activated by a second person, or name the one that is active."

    template: str


@dataclass(eq=False, kw_only=True)
class TemplateCannotMove(DomainError):
    """The version of the template cannot go to that state from where it is."""

    code = "ledger/template-cannot-move"
    kind = Kind.CONFLICT
    advice = "Look again: somebody has dealt with it meanwhile. What is retired stays so."

    template: str
    from_state: str
    to_state: str


@dataclass(eq=False, kw_only=True)
class TemplateSelfActivation(DomainError):
    """Whoever wrote a version of a template does not activate it."""

    code = "ledger/template-self-activation"
    kind = Kind.FORBIDDEN
    advice = "Ask a colleague who may activate templates."

    template: str


@dataclass(eq=False, kw_only=True)
class TemplateExamplesFailed(DomainError):
    """A version is activated only when it has examples and each posts to the legs it expects."""

    code = "ledger/template-examples-failed"
    kind = Kind.CONFLICT
    advice = "Read what each example posted; write a new version, or put the accounts in order."

    template: str
    examples: int
    failed: list[str]
