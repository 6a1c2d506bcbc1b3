"""Every problem the API can answer with: ours from the error classes, the rest from one table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from http import HTTPStatus
from importlib import import_module
from importlib.util import find_spec
from inspect import cleandoc

from django.apps import apps

from apps.platform.errors import DomainError, Kind

DOCS = "/v1/docs/problems"

_STATUS = {
    Kind.INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
    Kind.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Kind.FORBIDDEN: HTTPStatus.FORBIDDEN,
    Kind.CONFLICT: HTTPStatus.CONFLICT,
    Kind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}
#: Refusals for which HTTP has a better word than their kind's.
_STATUS_OF_CODE = {
    "platform/idempotency-key-missing": HTTPStatus.BAD_REQUEST,
    "tenancy/tenant-conflict": HTTPStatus.BAD_REQUEST,
}


@dataclass(frozen=True, slots=True)
class KnownProblem:
    """One entry of the catalogue. ``facts`` are the extra members the problem carries."""

    code: str
    title: str
    status: int
    advice: str = ""
    about: str = ""
    facts: tuple[str, ...] = ()
    is_retryable: bool = False

    @property
    def type(self) -> str:
        """The address of the problem's entry in the documentation."""
        return f"{DOCS}#{self.code}"


#: What the web framework refuses by itself, by status.
FRAMEWORK = {
    known.status: known
    for known in (
        KnownProblem("platform/malformed-request", "The request cannot be read.", 400),
        KnownProblem(
            "platform/not-authenticated",
            "The request carries no valid credential.",
            401,
            "Send an API key or an access token as Authorization: Bearer …",
        ),
        KnownProblem(
            "platform/not-allowed",
            "The credential does not allow this.",
            403,
            "Ask an administrator for a credential with the scope the operation names.",
        ),
        KnownProblem("platform/not-found", "There is nothing here.", 404),
        KnownProblem("platform/method-not-allowed", "The address does not do that.", 405),
        KnownProblem("platform/not-acceptable", "The answer is only to be had as JSON.", 406),
        KnownProblem("platform/body-too-large", "The request is too large.", 413),
        KnownProblem(
            "platform/unsupported-media-type", "The request must be application/json.", 415
        ),
        KnownProblem(
            "platform/invalid-fields", "Some fields of the request cannot be accepted.", 422
        ),
        KnownProblem(
            "platform/too-many-requests",
            "Too many requests.",
            429,
            "Wait as long as Retry-After says.",
            is_retryable=True,
        ),
        KnownProblem(
            "platform/internal-error",
            "We made a mistake. It has been logged under the request id.",
            500,
            "Repeat with the same Idempotency-Key, or tell us the request id.",
        ),
        KnownProblem(
            "platform/unavailable",
            "The service cannot answer at the moment.",
            503,
            "Send the same request again later.",
            is_retryable=True,
        ),
    )
}


def framework_problem(status: int) -> KnownProblem:
    """The entry for a status the framework chose, or a plain one where the table has none."""
    if status in FRAMEWORK:
        return FRAMEWORK[status]
    return KnownProblem(f"platform/http-{status}", f"{HTTPStatus(status).phrase}.", status)


def known_problem(error: type[DomainError]) -> KnownProblem:
    """How a refusal looks over HTTP."""
    text = cleandoc(error.__doc__ or "")
    title, _, rest = text.partition("\n")
    facts = tuple(field.name for field in fields(error))
    return KnownProblem(
        code=error.code,
        title=title,
        status=_STATUS_OF_CODE.get(error.code, _STATUS[error.kind]),
        advice=error.advice,
        about=rest.strip(),
        facts=facts,
        is_retryable=error.kind is Kind.UNAVAILABLE or "retry_after_seconds" in facts,
    )


def all_problems() -> list[KnownProblem]:
    """The whole catalogue, by code."""
    for config in apps.get_app_configs():
        if config.name.startswith("apps.") and find_spec(f"{config.name}.errors"):
            import_module(f"{config.name}.errors")
    ours = (error for error in _below(DomainError) if error.__module__.startswith("apps."))
    known = [*map(known_problem, ours), *FRAMEWORK.values()]
    return sorted(known, key=lambda problem: problem.code)


def _below(error: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in error.__subclasses__():
        yield child
        yield from _below(child)
