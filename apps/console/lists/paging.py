"""Pages of a list that may be very long."""

from __future__ import annotations

from functools import cached_property
from typing import Any, cast

from django.core.paginator import Paginator
from django.db.models import QuerySet

#: Counting stops here; what lies beyond is "more than".
COUNT_MAX = 10_000


class BoundedPaginator(Paginator):
    """Counts no further than ``COUNT_MAX`` rows, so a page of a huge table costs the same."""

    @cached_property
    def counted(self) -> int:
        """Rows found before counting stopped."""
        return int(cast("QuerySet[Any]", self.object_list)[: COUNT_MAX + 1].count())

    @cached_property
    def count(self) -> int:
        """Rows that can be paged to."""
        return min(self.counted, COUNT_MAX)

    @property
    def has_more(self) -> bool:
        """True if there are rows beyond: narrow the filter to reach them."""
        return self.counted > COUNT_MAX
