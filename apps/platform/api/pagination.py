"""Lists, page by page: a signed cursor that says after which row to go on.

Pages are cut by key, not by number: a row that arrives meanwhile neither repeats nor hides another,
and the thousandth page costs what the first does. There is no total; counting is not free.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django.core import signing
from django.db.models import Model, Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from apps.platform.api.refusals import FieldsRefused
from apps.platform.errors import UnknownCursor
from apps.platform.tenant import current_tenant_id

CURSOR = "cursor"
LIMIT = "limit"
LIMIT_DEFAULT = 50
LIMIT_MAX = 200
M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class _Position:
    """The row to go on from; ``is_back`` towards newer rows."""

    at: datetime
    id: UUID
    is_back: bool

    def sealed(self, salt: str) -> str:
        return signing.dumps([self.at.isoformat(), self.id.hex, self.is_back], salt=salt)

    @classmethod
    def opened(cls, text: str, salt: str) -> _Position:
        try:
            at, id, is_back = signing.loads(text, salt=salt)
        except signing.BadSignature:
            raise UnknownCursor from None
        return cls(datetime.fromisoformat(at), UUID(id), bool(is_back))


@dataclass(frozen=True, slots=True)
class CursorPages:
    """Pages of rows, newest first by ``instant`` (a column that never changes) and then ``id``.

    The table wants an index on the two columns.
    """

    instant: str = "created_at"

    def answer(
        self, request: Request, rows: QuerySet[M], present: Callable[[M], Mapping[str, Any]]
    ) -> Response:
        """One page: ``{data, next, previous}``, the two also as a ``Link`` header (RFC 8288)."""
        limit = limit_of(request)
        salt = f"{current_tenant_id()}:{request.path_info}"
        given = request.query_params.get(CURSOR, "")
        position = _Position.opened(given, salt) if given else None
        page, has_more = self._page(rows, position, limit)
        is_back = position is not None and position.is_back
        has_older = has_more or is_back
        has_newer = has_more if is_back else position is not None
        older, newer = page[-1:] if has_older else [], page[:1] if has_newer else []
        links = {
            "next": self._link(request, salt, older, is_back=False),
            "previous": self._link(request, salt, newer, is_back=True),
        }
        response = Response({"data": [present(row) for row in page], **links})
        if any(links.values()):
            response["Link"] = ", ".join(f'<{u}>; rel="{rel}"' for rel, u in links.items() if u)
        return response

    def _page(
        self, rows: QuerySet[M], position: _Position | None, limit: int
    ) -> tuple[list[M], bool]:
        """Rows of one page, newest first, and whether there are more in the same direction."""
        is_back = position is not None and position.is_back
        if position is not None:
            rows = rows.filter(self._beyond(position))
        order = (self.instant, "id") if is_back else (f"-{self.instant}", "-id")
        found = list(rows.order_by(*order)[: limit + 1])
        page = found[:limit]
        return (page[::-1] if is_back else page), len(found) > limit

    def _beyond(self, position: _Position) -> Q:
        side = "gt" if position.is_back else "lt"
        at = Q(**{f"{self.instant}__{side}e": position.at})
        strictly = Q(**{f"{self.instant}__{side}": position.at}) | Q(**{f"id__{side}": position.id})
        return at & strictly  # the first half is what the index uses

    def _link(self, request: Request, salt: str, edge: Sequence[M], *, is_back: bool) -> str | None:
        """The address of the page beyond the edge row, if there is one."""
        if not edge:
            return None
        position = _Position(getattr(edge[0], self.instant), edge[0].pk, is_back)
        query = request.query_params.copy()
        query[CURSOR] = position.sealed(salt)
        return request.build_absolute_uri(f"?{urlencode(sorted(query.lists()), doseq=True)}")


def limit_of(request: Request) -> int:
    """How many rows of a page are asked for; ``FieldsRefused`` when that is not a number."""
    text = request.query_params.get(LIMIT, str(LIMIT_DEFAULT))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= LIMIT_MAX):
        raise FieldsRefused({LIMIT: [f"A whole number from 1 to {LIMIT_MAX}."]}, ())
    return int(text)
