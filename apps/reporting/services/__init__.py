"""What reporting can be asked to do."""

from apps.reporting.services.guarding import guard_books

__all__ = ["guard_books"]
