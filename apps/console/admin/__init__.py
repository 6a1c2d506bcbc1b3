"""The console's own pages, for the parts of the house that stand below it."""

from apps.console.admin import activity, dead_letters, events, frame, jobs, people, tenants

__all__ = ["activity", "dead_letters", "events", "frame", "jobs", "people", "tenants"]
