"""What a tenant's host serves: the console and the API."""

from django.urls import include, path

from apps.console.site import console_site

urlpatterns = [
    path("console/", console_site.urls),
    path("v1/", include("config.urls_api")),
]
