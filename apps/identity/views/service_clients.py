"""Service clients and their keys. A secret is shown on the page that made it, and never again."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from apps.identity.forms import ClientForm
from apps.identity.middleware import account_page
from apps.identity.people import permitted
from apps.identity.selectors import service_clients
from apps.identity.services import (
    create_service_client,
    deactivate_service_client,
    issue_api_key,
    revoke_api_key,
    rotate_api_key,
    rotate_client_secret,
)
from apps.identity.views.pages import page, person, sentence, signed_in
from apps.platform.actors import Actor
from apps.platform.errors import DomainError

PERMISSION = "developers.manage"


@signed_in
def clients(request: HttpRequest) -> HttpResponse:
    """Every client with its keys, and the form for a new one."""
    actor = permitted(person(request), PERMISSION)
    form = ClientForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = create_service_client(actor=actor, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, sentence(error))
        else:
            return _shown(request, "Client secret", _of_client(made.client_id, made.secret))
    status = 422 if form.is_bound else 200
    rows = service_clients()
    title = "Service clients"
    return page(request, "clients.html", title, status=status, form=form, clients=rows)


@require_POST
@signed_in
def new_secret(request: HttpRequest, client: UUID) -> HttpResponse:
    """Give the client a new secret; the former works a day longer."""
    actor = permitted(person(request), PERMISSION)
    made = rotate_client_secret(client=client, actor=actor)
    return _shown(request, "Client secret", _of_client(made.client_id, made.secret))


@require_POST
@signed_in
def new_key(request: HttpRequest, client: UUID) -> HttpResponse:
    """Give the client another key with all its scopes."""
    actor = permitted(person(request), PERMISSION)
    name = request.POST.get("name", "").strip() or "key"
    made = issue_api_key(client=client, name=name[:100], actor=actor)
    return _shown(request, "API key", {"API key": made.key})


@require_POST
@signed_in
def next_key(request: HttpRequest, key: UUID) -> HttpResponse:
    """Rotate a key; the old one works a day longer."""
    actor = permitted(person(request), PERMISSION)
    return _shown(request, "API key", {"API key": rotate_api_key(key=key, actor=actor).key})


@require_POST
@signed_in
def revoke_key(request: HttpRequest, key: UUID) -> HttpResponse:
    """Refuse a key from now on."""
    return _then_list(request, lambda actor: revoke_api_key(key=key, actor=actor))


@require_POST
@signed_in
def switch_off(request: HttpRequest, client: UUID) -> HttpResponse:
    """Refuse everything of a client from now on."""
    return _then_list(request, lambda actor: deactivate_service_client(client=client, actor=actor))


def _then_list(request: HttpRequest, change: Callable[[Actor], None]) -> HttpResponse:
    change(permitted(person(request), PERMISSION))
    return HttpResponseRedirect(account_page("clients"))


def _of_client(client_id: str, secret: str) -> dict[str, str]:
    return {"Client ID": client_id, "Client secret": secret}


def _shown(request: HttpRequest, title: str, secrets: dict[str, str]) -> HttpResponse:
    """Each under the name a program's settings ask for."""
    return page(request, "secret.html", title, secrets=secrets)
