"""The base of every REST endpoint."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, ClassVar
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, ListSerializer, Serializer
from rest_framework.views import APIView

from apps.platform.actors import Actor
from apps.platform.api.pagination import CURSOR, LIMIT
from apps.platform.api.problems import MEDIA_TYPE, problem_body
from apps.platform.api.refusals import FieldsRefused, escaped
from apps.platform.api.schema import EndpointSchema
from apps.platform.cards import refuse_card_numbers
from apps.platform.errors import DomainError
from apps.platform.idempotency import Intention, Work, answer_once, fingerprint
from apps.platform.ids import parse_public_id

_TENANT_IN_PATH = re.compile(r"^/t/[^/]+")


class Endpoint(APIView):
    """One resource, thin: read the request, call one use case or selector, write the answer.

    ``required_scope`` names, for each HTTP method, the scope a credential must carry. A method
    without one is closed to everybody.
    """

    required_scope: ClassVar[dict[str, str]] = {}
    schema = EndpointSchema()

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """No cache on the way keeps an answer: each holds somebody's money (RFC 9111, 5.2.2.5)."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer.headers.setdefault("Cache-Control", "no-store")
        return answer

    def actor(self, request: Request) -> Actor:
        """Who asks, as the credential says."""
        actor = getattr(request.user, "actor", None)
        if not isinstance(actor, Actor):
            raise NotAuthenticated
        return actor

    def read(self, request: Request, serializer: type[Serializer]) -> dict[str, Any]:
        """The body, checked for form. A field the serializer does not know is refused."""
        return _checked(serializer(data=request.data), request.data)

    def read_query(self, request: Request, serializer: type[Serializer]) -> dict[str, Any]:
        """The query's parameters, likewise; those of paging are read elsewhere."""
        given = {k: v for k, v in request.query_params.items() if k not in (CURSOR, LIMIT)}
        return _checked(serializer(data=given), given)

    def read_id(self, prefix: str, text: str) -> UUID:
        """An id from the address. What is not one names nothing: 404."""
        try:
            return parse_public_id(prefix, text)
        except ValueError:
            raise Http404 from None

    def once(
        self, request: Request, work: Work, keeps: Callable[[DomainError], bool] | None = None
    ) -> Response:
        """Run ``work`` once per client and ``Idempotency-Key``; a repetition gets the same answer.

        ``work`` returns the status (2xx) and the body. It runs in one transaction with the key, so
        what it raises takes the key along; but a refusal that ``keeps`` approves of is an answer
        like any other and uses up the key. Permissions have been checked before, at every call.
        """
        refuse_card_numbers(request.headers.get("Idempotency-Key", ""), "Idempotency-Key")
        intention = Intention(
            scope=str(self.actor(request).id or self.actor(request)),
            key=request.headers.get("Idempotency-Key", ""),
            fingerprint=_fingerprint(request),
        )
        answer = answer_once(intention, work if keeps is None else _keeping(work, keeps))
        response = Response(answer.body, status=answer.status)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            response.content_type = MEDIA_TYPE
        if answer.is_replay:
            response["Idempotent-Replayed"] = "stale" if answer.is_stale else "true"
        return response


def _keeping(work: Work, keeps: Callable[[DomainError], bool]) -> Work:
    def answered() -> tuple[int, Mapping[str, Any]]:
        try:
            return work()
        except DomainError as refusal:
            if not keeps(refusal):
                raise
            body = problem_body(refusal)
            return body["status"], body

    return answered


def _fingerprint(request: Request) -> bytes:
    """Method, address with its ids, and body; not headers, nor the way the tenant was named."""
    path = _TENANT_IN_PATH.sub("", request.path_info)
    query = sorted(request.query_params.lists())
    return fingerprint(request.method, path, query, _canonical(request.data))


def _canonical(body: Any) -> Any:
    if hasattr(body, "lists"):  # a form
        return {name: [_canonical(value) for value in values] for name, values in body.lists()}
    if isinstance(body, UploadedFile):
        digest = hashlib.sha256()
        for chunk in body.chunks():
            digest.update(chunk)
        body.seek(0)
        return {"file": body.name, "sha256": digest.hexdigest()}
    return body


def _checked(serializer: BaseSerializer, given: Any) -> dict[str, Any]:
    refuse_card_numbers(given)
    unknown = list(_unknown(serializer, given))
    is_valid = serializer.is_valid(raise_exception=False)
    if unknown or not is_valid:
        raise FieldsRefused(serializer.errors, unknown)
    checked: dict[str, Any] = serializer.validated_data
    refuse_card_numbers(checked)  # numbers sent for a text are texts by now
    return checked


def _unknown(serializer: object, given: Any, place: str = "") -> Iterator[str]:
    """JSON pointers of what the client sent and may not send."""
    if isinstance(serializer, ListSerializer) and isinstance(given, list):
        for index, item in enumerate(given):
            yield from _unknown(serializer.child, item, f"{place}/{index}")
    elif isinstance(serializer, Serializer) and isinstance(given, Mapping):
        for name, value in given.items():
            here = f"{place}/{escaped(name)}"
            field = serializer.fields.get(name)
            if field is None or field.read_only:
                yield here
            else:
                yield from _unknown(field, value, here)
