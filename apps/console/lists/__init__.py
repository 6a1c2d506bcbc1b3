"""Lists of models: read-only, filtered by the URL, exported as they are filtered."""

from apps.console.lists.admin import ReadOnlyAdmin
from apps.console.lists.filters import PeriodFilter

__all__ = ["PeriodFilter", "ReadOnlyAdmin"]
