"""The two consoles: a tenant's, and the platform's.

They use django-unfold's site for what it does well (the sign-in form, the plumbing of lists) and
replace what a person sees. Only our own pages are served: the stock index, application index,
autocomplete, history and forms have no address here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from csp.constants import NONE, SELF
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, include, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from unfold.sites import UnfoldAdminSite

from apps.console.refusals import refused
from apps.console.registry import Registry, registries
from apps.console.shell import shell
from apps.console.views.dashboard import Dashboard
from apps.identity import urls as account_urls
from apps.platform.errors import DomainError
from apps.platform.tenant import current_tenant

#: Stricter than the policy of the settings: our own shell evaluates nothing and styles nothing
#: inline, so neither ``unsafe-eval`` nor ``unsafe-inline`` is needed on its pages.
POLICY = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF, "data:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "object-src": [NONE],
    "base-uri": [NONE],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
    "manifest-src": [SELF],
}


class OwnSite(UnfoldAdminSite):
    """What both consoles share."""

    key = "console"
    login_template = "console/sign_in.html"
    index_title = "Home"
    enable_nav_sidebar = False
    final_catch_all_view = False

    @property
    def registry(self) -> Registry:
        """What the apps registered for this site."""
        return registries[self.key]

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Our own pages, then the lists of the registered models; nothing else."""
        urls: list[URLPattern | URLResolver] = [
            path("", self.admin_view(self.index), name="index"),
            path("login/", strict(self.login), name="login"),
            path("logout/", self.admin_view(self.logout), name="logout"),
            path("account/", include(_account_pages())),
        ]
        # A page with a fixed address is not hidden by one whose address has a hole in that place.
        for route in sorted(self.registry.routes, key=lambda one: _holes(one.path)):
            view = route.view.as_view(site=self, **route.options)
            urls.append(path(route.path, self.admin_view(view), name=route.name))
        for model, admin in self._registry.items():
            names = model._meta
            urls.append(path(f"{names.app_label}/{names.model_name}/", include(admin.urls)))
        return urls

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:  # noqa: FBT001, FBT002  Django's own signature
        """Signed in, CSRF-checked, uncached; refusals become pages; the strict policy is set."""
        return strict(super().admin_view(told(view), cacheable))

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What the shell's templates need."""
        return shell(request, self)

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """The dashboard."""
        return Dashboard.as_view(site=self)(request)

    @method_decorator(never_cache)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The sign-in page."""
        return super().login(request, {"is_signed_out": True, **(extra_context or {})})

    @method_decorator(never_cache)
    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """End the session, say so, and have the browser forget what it kept of these pages."""
        if request.method != "POST":
            return HttpResponseRedirect(reverse(f"{self.name}:index"))
        logout(request)
        answer = TemplateResponse(request, "console/signed_out.html")
        answer["Clear-Site-Data"] = '"cache", "storage"'
        return answer


class ConsoleSite(OwnSite):
    """A tenant's console. It opens only inside that tenant's schema."""

    settings_name = "UNFOLD"
    key = "console"

    def has_permission(self, request: HttpRequest) -> bool:
        """A signed-in user of the present tenant."""
        return super().has_permission(request) and not current_tenant().is_platform


class PlatformSite(OwnSite):
    """The platform's own console."""

    settings_name = "UNFOLD_PLATFORM"
    key = "platform"
    index_title = "Platform"

    def has_permission(self, request: HttpRequest) -> bool:
        """A signed-in user of the platform."""
        return super().has_permission(request) and current_tenant().is_platform


def strict(view: Callable[..., Any]) -> Callable[..., Any]:
    """Answer with the console's own Content-Security-Policy."""

    @functools.wraps(view)
    def answer(*args: Any, **kwargs: Any) -> Any:
        response = view(*args, **kwargs)
        response._csp_replace = POLICY  # django-csp's own way, as its decorator does
        return response

    return answer


def told(view: Callable[..., Any]) -> Callable[..., Any]:
    """Turn a domain error that a page let through into a page that says it."""

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return view(request, *args, **kwargs)
        except DomainError as error:
            return refused(request, error)

    return answer


def _holes(route: str) -> tuple[bool, ...]:
    """For each part of an address, whether it stands for something: those come later."""
    return tuple("<" in part for part in route.split("/"))


def _account_pages() -> tuple[list[URLPattern], str]:
    """Identity's own pages, under this site's policy."""
    pages = [
        URLPattern(page.pattern, strict(page.callback), page.default_args, page.name)
        for page in account_urls.urlpatterns
    ]
    return pages, account_urls.app_name


console_site = ConsoleSite(name="console")
platform_site = PlatformSite(name="platform")
