"""The queue page: work that waits, worked through with the keyboard."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from apps.console.pages.actions import Action, named, offered, text_of
from apps.console.pages.base import Page
from apps.console.values import Link, Tone, Value, is_numeric
from apps.platform.errors import DomainError
from apps.platform.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """One piece of work. ``key`` names it in forms, ``url`` opens it, ``total`` is summed."""

    key: str
    cells: Sequence[Value]
    url: str = ""
    total: Money | None = None
    actions: Sequence[Action] = field(default_factory=tuple)
    tone: Tone | None = None


class QueuePage(Page):
    """Rows with J and K to move, Enter to open, and the actions' own keys (A, R, B).

    An action ``approve`` of a row is carried out by ``do_approve(self, key, form)``.
    """

    template_name: ClassVar[str] = "console/queue.html"
    columns: ClassVar[Sequence[str]] = ()
    #: What an empty queue says, and where to go from there.
    empty_title: ClassVar[str] = "Nothing waits for you"
    empty_advice: ClassVar[str] = "New work appears here by itself."

    def rows(self) -> Sequence[QueueRow]:
        """The work, most urgent first; bounded."""
        raise NotImplementedError

    def empty_link(self) -> Link | None:
        """Where to go when nothing waits."""
        return None

    def context(self) -> dict[str, Any]:
        """Rows, their totals per currency, and the keys that work here."""
        rows = list(self.rows())
        totals: dict[str, Money] = {}
        counts: dict[str, int] = defaultdict(int)
        for row in rows:
            if row.total is not None:
                currency = row.total.currency
                totals[currency] = totals.get(currency, Money.zero(currency)) + row.total
                counts[currency] += 1
        work = [(row, offered(self.request, row.actions)) for row in rows]
        keys = {a.key: a.label.split(" ")[0] for _, actions in work for a in actions if a.key}
        return {
            "work": work,
            "totals": [totals[currency] for currency in sorted(totals)],
            "keys": keys,
            "numeric": [
                is_numeric(rows[0].cells[index]) if rows else False
                for index in range(len(self.columns))
            ],
            "has_actions": any(row.actions for row in rows),
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Carry out one action on one row."""
        key = request.POST.get("key", "")
        row = next((one for one in self.rows() if one.key == key), None)
        action = named(request, row.actions) if row else None
        if action is None:
            return self._problem(409, "Somebody else has already dealt with this. Look again.")
        if action.asks and not text_of(request.POST):
            return self._problem(422, f"{action.asks}: say why.")
        try:
            answer = getattr(self, f"do_{action.name}")(key, request.POST)
        except DomainError as error:
            return self.not_done(error)
        return answer if isinstance(answer, HttpResponseBase) else self.done(str(answer or ""))

    def _problem(self, status: int, problem: str) -> HttpResponse:
        return self.show(status=status, problem=problem)
