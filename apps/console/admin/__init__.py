"""The console's own pages, for the parts of the house that stand below it."""

from apps.console.admin import activity, events, frame, people

__all__ = ["activity", "events", "frame", "people"]
