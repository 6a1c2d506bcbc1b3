"""The documentation, and the nouns of the platform itself."""

from django.urls import path

from apps.platform.api import docs

urlpatterns = [
    path("openapi.json", docs.openapi_json),
    path("docs", docs.reference),
    path("docs/swagger", docs.workbench),
    path("docs/problems", docs.problems),
]
