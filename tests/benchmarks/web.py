"""The web process with one address more, which does nothing."""

from __future__ import annotations

from django.conf import settings
from django.urls import include, path

from config.wsgi import application
from tests.benchmarks.nothing import Nothing

__all__ = ["application"]

urlpatterns = [path("v1/bench/nothing", Nothing.as_view()), path("", include("config.urls"))]
settings.ROOT_URLCONF = __name__
