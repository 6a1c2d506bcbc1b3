"""Filters that live in the URL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib.admin import FieldListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import DateTimeField, QuerySet
from django.http import HttpRequest

from apps.console.rendering import day_text, zone
from apps.platform import clock
from apps.platform.tenant import current_tenant


class PeriodFilter(FieldListFilter):
    """Days from and until, both included, in the tenant's time zone.

    ``list_filter = [("created_at", PeriodFilter)]`` reads ``created_at__from=2026-11-01`` and
    ``created_at__until=2026-11-22``; usual periods are one click.
    """

    template = "console/filters/period.html"

    def __init__(
        self,
        field: Any,
        request: HttpRequest,
        params: dict[str, Any],
        model: Any,
        model_admin: Any,
        field_path: str,
    ) -> None:
        self.from_name = f"{field_path}__from"
        self.until_name = f"{field_path}__until"
        self.has_times = isinstance(field, DateTimeField)
        super().__init__(field, request, params, model, model_admin, field_path)
        self.first = self._day(self.from_name)
        self.last = self._day(self.until_name)

    def expected_parameters(self) -> list[str | None]:
        """The two names in the URL."""
        return [self.from_name, self.until_name]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Rows whose instant falls on one of the days."""
        if self.first:
            queryset = queryset.filter(**{f"{self.field_path}__gte": self._start(self.first)})
        if self.last:
            after = self._start(self.last + timedelta(days=1))
            queryset = queryset.filter(**{f"{self.field_path}__lt": after})
        return queryset

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Any day, then the usual periods."""
        chosen = (self.first, self.last)
        yield {
            "selected": chosen == (None, None),
            "query_string": changelist.get_query_string(remove=self.expected_parameters()),
            "display": "Any day",
        }
        for name, first, last in periods(clock.today(current_tenant().zone)):
            query = {self.from_name: first.isoformat(), self.until_name: last.isoformat()}
            yield {
                "selected": chosen == (first, last),
                "query_string": changelist.get_query_string(query),
                "display": name,
            }

    @property
    def applied(self) -> str:
        """What is filtered now, in words, or nothing."""
        if self.first and self.last and self.first == self.last:
            return day_text(self.first)
        parts = []
        if self.first:
            parts.append(f"from {day_text(self.first)}")
        if self.last:
            parts.append(f"until {day_text(self.last)}")
        return " ".join(parts)

    def _start(self, day: date) -> date | datetime:
        return datetime.combine(day, time.min, zone()) if self.has_times else day

    def _day(self, name: str) -> date | None:
        given = self.used_parameters.get(name)
        text = str(given[-1] if isinstance(given, list) else given or "")
        if not text:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise IncorrectLookupParameters(str(error)) from error


def periods(today: date) -> list[tuple[str, date, date]]:
    """Usual periods, ending today or before."""
    month = today.replace(day=1)
    before = month - timedelta(days=1)
    return [
        ("Today", today, today),
        ("Yesterday", today - timedelta(days=1), today - timedelta(days=1)),
        ("Last 7 days", today - timedelta(days=6), today),
        ("This month", month, today),
        ("Last month", before.replace(day=1), before),
    ]
