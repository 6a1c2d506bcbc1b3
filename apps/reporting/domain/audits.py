"""What an audit of the books found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from apps.platform.violations import Violation


@dataclass(frozen=True, slots=True, kw_only=True)
class BooksAudit:
    """One tenant's books at one moment.

    ``mode`` is fast or full. ``checks`` maps each law that was asked to the seconds it took;
    ``not_checked`` says which outside witness could not be asked, and why: that is neither a pass
    nor a violation.
    """

    tenant: str
    mode: str
    checks: dict[str, float]
    violations: tuple[Violation, ...]
    not_checked: tuple[str, ...]
    trial_balance: dict[str, dict[str, int]]

    @property
    def is_clean(self) -> bool:
        """Every law that was asked holds."""
        return not self.violations

    def as_json(self) -> dict[str, Any]:
        """Plain values for a report."""
        return asdict(self) | {"is_clean": self.is_clean}
