"""No list of the console can add, change or delete, whoever asks."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.console.lists import ReadOnlyAdmin
from apps.console.site import OwnSite, console_site, platform_site
from apps.identity.models import User
from tests.console.conftest import text
from tests.console.pages import names_of, seen

SITES = (console_site, platform_site)
FORBIDDEN_ENDINGS = ("_add", "_delete", "_history")


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.name)
def test_every_registered_model_has_the_read_only_base(site: OwnSite) -> None:
    admins: list[Any] = list(site._registry.values())
    assert admins
    assert [type(one).__name__ for one in admins if not isinstance(one, ReadOnlyAdmin)] == []
    assert [type(one).__name__ for one in admins if not one.permission] == []


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.name)
def test_there_is_no_address_to_add_or_delete_at(site: OwnSite) -> None:
    names = names_of(site.name)
    assert any(name.endswith("_changelist") for name in names)
    assert [name for name in names if name.endswith(FORBIDDEN_ENDINGS)] == []
    assert names.isdisjoint({"autocomplete", "jsi18n", "view_on_site", "app_list"})


def test_the_usual_addresses_of_forms_answer_nothing_even_to_somebody_with_every_role(
    everything: Client,
) -> None:
    user = User.objects.get(username="everyone")
    before = User.objects.count()
    for model in console_site._registry:
        root = f"/console/{model._meta.app_label}/{model._meta.model_name}/"
        for path in ("add/", f"{user.pk}/delete/", f"{user.pk}/change/", f"{user.pk}/history/"):
            assert everything.get(root + path).status_code == 404, root + path
            answer = everything.post(root + path, {"post": "yes", "username": "x"})
            assert answer.status_code == 404, root + path
        assert everything.post(root, {"action": "delete_selected"}).status_code in (200, 404)
    assert User.objects.count() == before


def test_a_list_never_posts_to_itself(everything: Client) -> None:
    """Buttons above a list lead to a use case's own page, never to a form of the model."""
    for admin in console_site._registry.values():
        address = reverse(f"console:{admin.opts.app_label}_{admin.opts.model_name}_changelist")
        for form in seen(text(everything.get(address))).all("form"):
            if form.get("method") == "post":
                action = str(form.get("action") or "")
                assert action.startswith("/console/"), (address, form)
                assert not action.startswith(address), (address, form)
