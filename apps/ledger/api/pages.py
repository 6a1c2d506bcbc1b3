"""Pages of rows that have a key of their own to be ordered by, cut like ``CursorPages``.

An account is found by its code and a posting by its number on the account; neither is ordered by an
instant. Pages go forward only: the chart is read from its first code, an account's postings from
the newest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.core import signing
from django.db.models import Model, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from apps.platform.api.pagination import CURSOR, limit_of
from apps.platform.errors import UnknownCursor
from apps.platform.tenant import current_tenant_id

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class KeyPages:
    """Pages of rows by ``key``, a column that is unique in the list."""

    key: str
    descending: bool = False

    def answer(
        self, request: Request, rows: QuerySet[M], present: Callable[[M], Mapping[str, Any]]
    ) -> Response:
        """One page: ``{data, next, previous}``; ``previous`` is always null."""
        limit = limit_of(request)
        salt = f"{current_tenant_id()}:{request.path_info}"
        given = request.query_params.get(CURSOR, "")
        if given:
            try:
                last = signing.loads(given, salt=salt)
            except signing.BadSignature:
                raise UnknownCursor from None
            rows = rows.filter(**{f"{self.key}__{'lt' if self.descending else 'gt'}": last})
        found = list(rows.order_by(f"{'-' if self.descending else ''}{self.key}")[: limit + 1])
        next_page = None
        if len(found) > limit:
            query = request.query_params.copy()
            query[CURSOR] = signing.dumps(getattr(found[limit - 1], self.key), salt=salt)
            text = urlencode(sorted(query.lists()), doseq=True)
            next_page = request.build_absolute_uri(f"?{text}")
        response = Response(
            {"data": [present(row) for row in found[:limit]], "next": next_page, "previous": None}
        )
        if next_page:
            response["Link"] = f'<{next_page}>; rel="next"'
        return response


@dataclass(frozen=True, slots=True)
class RowPages:
    """Pages of rows that a selector reads, cut after what ``mark`` says of the last one.

    A mark is what the selector goes on from, as plain JSON.
    """

    mark: Callable[[Any], list[Any]]

    def after(self, request: Request) -> list[Any] | None:
        """The mark that the request's cursor holds, if it has one."""
        given = request.query_params.get(CURSOR, "")
        if not given:
            return None
        try:
            mark: list[Any] = signing.loads(given, salt=_salt(request))
        except signing.BadSignature:
            raise UnknownCursor from None
        return mark

    def answer(
        self,
        request: Request,
        read: Callable[[int], Sequence[Any]],
        present: Callable[[Any], Mapping[str, Any]],
    ) -> Response:
        """One page: ``{data, next, previous}``; ``read`` is asked for one row more than that."""
        limit = limit_of(request)
        found = read(limit + 1)
        next_page = None
        if len(found) > limit:
            query = request.query_params.copy()
            query[CURSOR] = signing.dumps(self.mark(found[limit - 1]), salt=_salt(request))
            text = urlencode(sorted(query.lists()), doseq=True)
            next_page = request.build_absolute_uri(f"?{text}")
        response = Response(
            {"data": [present(row) for row in found[:limit]], "next": next_page, "previous": None}
        )
        if next_page:
            response["Link"] = f'<{next_page}>; rel="next"'
        return response


def _salt(request: Request) -> str:
    return f"{current_tenant_id()}:{request.path_info}"
