"""What can be done in the console that belongs to no other app."""

from apps.console.services.exports import note_export
from apps.console.services.saved_views import remove_view, rename_view, save_view

__all__ = ["note_export", "remove_view", "rename_view", "save_view"]
