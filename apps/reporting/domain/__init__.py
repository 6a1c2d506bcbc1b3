"""What an audit of the books found."""

from apps.reporting.domain.audits import BooksAudit

__all__ = ["BooksAudit"]
