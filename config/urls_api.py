"""The API, version 1. Each app that has an ``api/urls.py`` brings its own nouns, by full path."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

_APPS = (
    "platform",
    "tenancy",
    "identity",
    "console",
    "webhooks",
    "ledger",
    "payments",
    "settlements",
    "reporting",
    "integrations",
)
_BOOKS = [f"apps.{app}.api.urls" for app in _APPS if find_spec(f"apps.{app}.api")]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(book)) for book in _BOOKS if find_spec(book)
]
