"""The two consoles: a tenant's, and the platform's."""

from __future__ import annotations

from django.http import HttpRequest
from unfold.sites import UnfoldAdminSite

from apps.platform.tenant import current_tenant


class ConsoleSite(UnfoldAdminSite):
    """A tenant's console. It opens only inside that tenant's schema."""

    settings_name = "UNFOLD"

    def has_permission(self, request: HttpRequest) -> bool:
        """A signed-in user of the present tenant."""
        return super().has_permission(request) and not current_tenant().is_platform


class PlatformSite(UnfoldAdminSite):
    """The platform's own console."""

    settings_name = "UNFOLD_PLATFORM"

    def has_permission(self, request: HttpRequest) -> bool:
        """A signed-in user of the platform."""
        return super().has_permission(request) and current_tenant().is_platform


console_site = ConsoleSite(name="console")
platform_site = PlatformSite(name="platform")
