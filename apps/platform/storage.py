"""Where files are kept."""

from __future__ import annotations

from django.core.files.storage import FileSystemStorage


class TenantStorage(FileSystemStorage):
    """Files below the tenant's own prefix."""
