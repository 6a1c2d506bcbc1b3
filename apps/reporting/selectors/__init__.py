"""Reads across the books."""

from apps.reporting.selectors.audits import audit_books

__all__ = ["audit_books"]
