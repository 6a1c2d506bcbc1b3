"""What the platform's own host serves: its console, the API by credential, provider callbacks."""

from django.urls import include, path

from apps.console.site import platform_site

urlpatterns = [
    path("platform/", platform_site.urls),
    path("v1/", include("config.urls_api")),
]
