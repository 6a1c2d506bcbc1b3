"""What a tenant's host serves: the console and the API."""

from django.urls import include, path
from django.views.generic import RedirectView

from apps.console.site import console_site

urlpatterns = [
    path("", RedirectView.as_view(url="/console/")),
    path("console/", console_site.urls),
    path("v1/", include("config.urls_api")),
]

handler400 = "apps.console.views.errors.bad_request"
handler403 = "apps.console.views.errors.no_permission"
handler404 = "apps.console.views.errors.not_found"
handler500 = "apps.console.views.errors.server_error"
