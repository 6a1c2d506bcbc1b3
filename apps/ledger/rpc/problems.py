"""Refusals as Connect errors: the code says what the caller can do, the detail is the problem."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from protobuf.wkt import Struct

from apps.identity.errors import CredentialRefused
from apps.ledger.rpc.v1 import ledger_pb as pb
from apps.platform.api.problems import framework_body, problem_body
from apps.platform.errors import DomainError, Kind
from apps.tenancy.errors import CredentialMissing, CredentialUnknown

_CODES = {
    Kind.INVALID: Code.INVALID_ARGUMENT,
    Kind.NOT_FOUND: Code.NOT_FOUND,
    Kind.FORBIDDEN: Code.PERMISSION_DENIED,
    Kind.CONFLICT: Code.FAILED_PRECONDITION,
    Kind.UNAVAILABLE: Code.UNAVAILABLE,
}
#: Who cannot be recognised. The REST API answers 401.
_NOBODY = (CredentialMissing, CredentialRefused, CredentialUnknown)
_UNAUTHENTICATED = 401
_INVALID_FIELDS = 422
_INTERNAL = 500


class MessageRefused(Exception):
    """A message is not of the form it must have: what is wrong, and where."""

    def __init__(self, pointer: str, code: str, detail: str) -> None:
        super().__init__(f"{pointer}: {detail}")
        self.pointer = pointer
        self.code = code
        self.detail = detail

    def below(self, pointer: str) -> MessageRefused:
        """The same complaint about a message that is a part of a larger one."""
        return MessageRefused(f"{pointer}{self.pointer}", self.code, self.detail)


Refusal = DomainError | MessageRefused


def problem(error: Refusal) -> pb.Problem:
    """The refusal as a message."""
    if isinstance(error, MessageRefused):
        field = {"pointer": error.pointer, "code": error.code, "detail": error.detail}
        return _message(framework_body(_INVALID_FIELDS, [field]))
    body = problem_body(error)
    if isinstance(error, _NOBODY):
        body["status"] = _UNAUTHENTICATED
    return _message(body)


def connect_error(error: Refusal) -> ConnectError:
    """The refusal as a call ends with it."""
    told = problem(error)
    return ConnectError(_code(error), told.detail, details=[told])


def internal_error() -> ConnectError:
    """A mistake of ours: it says no more than that, and by which request id it was logged."""
    told = internal_problem()
    return ConnectError(Code.INTERNAL, told.title, details=[told])


def internal_problem() -> pb.Problem:
    """The same, of a part of a batch."""
    return _message(framework_body(_INTERNAL))


def _code(error: Refusal) -> Code:
    if isinstance(error, MessageRefused):
        return Code.INVALID_ARGUMENT
    return Code.UNAUTHENTICATED if isinstance(error, _NOBODY) else _CODES[error.kind]


def _message(body: Mapping[str, Any]) -> pb.Problem:
    return pb.Problem(
        type=body["type"],
        title=body["title"],
        status=body["status"],
        detail=body["detail"],
        code=body["code"],
        advice=body["advice"],
        facts=Struct.from_python(body["facts"]),
        errors=[pb.FieldProblem(**field) for field in body["errors"]],
        request_id=body["request_id"],
        retryable=body["retryable"],
    )
