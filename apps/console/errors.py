"""What the console refuses by itself."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class UnnamedView(DomainError):
    """A saved view needs a name of 1 to 60 letters."""

    code = "console/unnamed-view"
    kind = Kind.INVALID
    advice = "Type a name and save again."


@dataclass(eq=False, kw_only=True)
class TooManyViews(DomainError):
    """You have saved as many views of this list as there is room for."""

    code = "console/too-many-views"
    kind = Kind.CONFLICT
    advice = "Remove one you no longer use."

    limit: int


@dataclass(eq=False, kw_only=True)
class ViewNameTaken(DomainError):
    """Another of your saved views of this list has that name."""

    code = "console/view-name-taken"
    kind = Kind.CONFLICT
    advice = "Choose another name, or remove the other view."

    name: str


@dataclass(eq=False, kw_only=True)
class ViewNotFound(DomainError):
    """There is no such saved view of yours."""

    code = "console/view-not-found"
    kind = Kind.NOT_FOUND
    advice = "Only the person who saved a view can rename or remove it."


@dataclass(eq=False, kw_only=True)
class ExportTooLong(DomainError):
    """The list is too long to be written at once."""

    code = "console/export-too-long"
    kind = Kind.INVALID
    advice = "Narrow the filter, for example to a shorter period, and export again."

    limit: int
