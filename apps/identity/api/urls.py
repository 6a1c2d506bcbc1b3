"""Identity's part of the API."""

from django.urls import path

from apps.identity.api.tokens import TokenEndpoint

urlpatterns = [path("oauth/token", TokenEndpoint.as_view())]
