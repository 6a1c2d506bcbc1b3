"""What django-unfold is told: a colour and two names. Everything a person sees is ours."""

from typing import Any

#: House green, for unfold's own widgets; oklch of #1f6357 and its neighbours.
_PRIMARY = {
    "50": "#eef6f3",
    "100": "#d6e9e3",
    "200": "#aed3c8",
    "300": "#7db8a8",
    "400": "#4a9785",
    "500": "#2c7c6b",
    "600": "#1f6357",
    "700": "#1a5047",
    "800": "#163f39",
    "900": "#12332e",
    "950": "#0a211d",
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Countinghouse",
    "SITE_HEADER": "Countinghouse",
    "COLORS": {"primary": _PRIMARY},
    # Unfold's own search is unbounded and its cache knows no tenants: it has no address here.
    "COMMAND": {"search_models": False, "show_history": False, "search_callback": None},
    "SIDEBAR": {"show_search": False, "command_search": False, "navigation": []},
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
}
UNFOLD_PLATFORM: dict[str, Any] = {**UNFOLD, "SITE_HEADER": "Countinghouse platform"}
