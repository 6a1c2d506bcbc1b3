"""The base of every page: who may open it, what frames it, how a refusal is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views import View

from apps.console.navigation import may_open
from apps.console.refusals import STATUS_OF, forbidden, refused, sentence
from apps.console.shell import shell
from apps.console.values import Link
from apps.identity.errors import StepUpRequired
from apps.identity.people import actor_of
from apps.platform.actors import Actor
from apps.platform.cards import CardNumberRefused, refuse_card_numbers
from apps.platform.errors import DomainError


class Page(View):
    """A page inside the shell.

    Register it with ``register_view(path, TheirPage, name=…)``; the site signs people in before
    ``dispatch``, which then asks for ``permission``.
    """

    #: Set when the page is registered.
    site: Any = None
    #: What a person needs to open it; an empty text asks only for a sign-in.
    permission: ClassVar[str] = ""
    template_name: ClassVar[str] = "console/page.html"
    title: ClassVar[str] = ""
    #: The sidebar's line this page belongs to, by its URL name; without a colon, of its own site.
    nav: ClassVar[str] = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Refuse whoever lacks the permission, naming the roles that have it; and card numbers."""
        if not may_open(request, self.permission):
            return forbidden(request, self.permission)
        try:
            for name, texts in [*request.GET.lists(), *request.POST.lists()]:
                for text in texts:
                    refuse_card_numbers(text, name)
        except CardNumberRefused as error:
            return refused(request, error)
        return super().dispatch(request, *args, **kwargs)

    @property
    def actor(self) -> Actor:
        """The signed-in person, as use cases want them."""
        return actor_of(self.request.user)

    def may(self, permission: str) -> bool:
        """True if the signed-in person has the permission."""
        return may_open(self.request, permission)

    def page_title(self) -> str:
        """The heading and the first half of the window's title."""
        return self.title

    def crumbs(self) -> Sequence[Link]:
        """Where this page hangs: usually the list it was opened from."""
        return ()

    def context(self) -> dict[str, Any]:
        """What the page's own template needs besides the shell's."""
        return {}

    def show(self, status: int = 200, **more: Any) -> HttpResponse:
        """The page."""
        return TemplateResponse(
            self.request,
            self.template_name,
            {
                **shell(self.request, self.site, self._line()),
                "title": self.page_title(),
                "crumbs": self.crumbs(),
                "page": self,
                **self.context(),
                **more,
            },
            status=status,
        )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it."""
        return self.show()

    def done(self, message: str, url: str = "") -> HttpResponse:
        """Say what was done and go on to ``url``, by default back to this page."""
        if message:
            messages.success(self.request, message)
        return HttpResponseRedirect(url or self.request.get_full_path())

    def not_done(self, error: DomainError, **more: Any) -> HttpResponse:
        """Show the page again with the refusal as a sentence; the typed text is kept.

        A use case that asks for a fresh second factor sends the person to give one, and back.
        """
        if isinstance(error, StepUpRequired):
            messages.warning(self.request, sentence(error))
            return HttpResponseRedirect(self._step_up_url())
        return self.show(status=STATUS_OF[error.kind], refusal=error, **more)

    def url_of(self, name: str, *args: object) -> str:
        """``reverse`` within this page's site."""
        return reverse(f"{self.site.name}:{name}", args=args)

    def _line(self) -> str:
        return self.nav if ":" in self.nav or not self.nav else f"{self.site.name}:{self.nav}"

    def _step_up_url(self) -> str:
        back = urlencode({"next": self.request.get_full_path()})
        return f"{self.url_of('account:step-up')}?{back}"
