"""Where the console's pages are."""

from __future__ import annotations

from django.urls import resolve, reverse

from apps.console.registry import registries


def test_every_fixed_address_leads_to_its_own_page() -> None:
    fixed = [route for route in registries["console"].routes if "<" not in route.path]
    assert len(fixed) > 30
    for route in fixed:
        assert resolve(reverse(f"console:{route.name}")).url_name == route.name
