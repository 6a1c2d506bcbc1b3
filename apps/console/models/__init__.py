"""Tables of the console itself."""

from apps.console.models.saved_views import SavedView

__all__ = ["SavedView"]
