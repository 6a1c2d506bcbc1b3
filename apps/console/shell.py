"""What the frame around every page shows: whose books these are, who is asking, where to go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.urls import reverse

from apps.console.navigation import sidebar
from apps.platform.tenant import current_tenant

if TYPE_CHECKING:
    from apps.console.registry import Registry

THEME_COOKIE = "ch_theme"
THEMES = ("auto", "light", "dark")
PLATFORM_COLOUR = "#7f1d1d"
#: Above this luminance (WCAG 2.2, relative luminance) dark letters read better than white ones.
LIGHT_FROM = 0.18
#: Below this an sRGB value is linear (IEC 61966-2-1).
LINEAR_UNTIL = 0.04045


def house(request: HttpRequest) -> dict[str, Any]:
    """Name, colour and mode of the present tenant, and the theme; also on pages of strangers."""
    tenant = current_tenant()
    row = getattr(request, "tenant", None)
    colour = PLATFORM_COLOUR if tenant.is_platform else getattr(row, "brand_color", "#22665a")
    theme = request.COOKIES.get(THEME_COOKIE, "auto")
    return {
        "house_name": "Countinghouse",
        "tenant_name": tenant.name,
        "tenant_slug": tenant.slug,
        "tenant_currency": "" if tenant.is_platform else tenant.functional_currency,
        "tenant_zone": tenant.zone,
        "tenant_initial": tenant.name[:1].upper(),
        "brand_colour": colour,
        "brand_is_light": luminance(colour) > LIGHT_FROM,
        "mode": "platform" if tenant.is_platform else tenant.mode,
        "theme": theme if theme in THEMES else "auto",
        "root": "platform" if tenant.is_platform else "console",
    }


def shell(request: HttpRequest, site: Any, active: str = "") -> dict[str, Any]:
    """``house`` and, for a signed-in person, the sidebar and the account links."""
    context: dict[str, Any] = {
        **house(request),
        "site_title": "Countinghouse",
        "has_permission": site.has_permission(request),
        "is_signed_out": not site.has_permission(request),
    }
    if context["has_permission"]:
        registry: Registry = site.registry
        context["navigation"] = sidebar(request, registry.pages, active)
        context["account_links"] = _account_links(site.key)
        context["search_prefixes"] = sorted({p for s in registry.searches for p in s.prefixes})
    return context


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb``, from 0 (black) to 1 (white)."""
    try:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    except ValueError:
        return 0.0
    linear = [p / 12.92 if p <= LINEAR_UNTIL else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _account_links(root: str) -> list[tuple[str, str, str]]:
    """Title, icon and address of the pages about one's own account."""
    pages = (
        ("Second factor", "verified_user", "enrol"),
        ("Password", "password", "password"),
        ("Sessions", "devices", "sessions"),
    )
    return [(title, icon, reverse(f"{root}:account:{name}")) for title, icon, name in pages]
