"""The web process: console and API."""

from django.core.wsgi import get_wsgi_application

from apps.tenancy.checks import refuse_unsafe
from config import telemetry

telemetry.set_up("web")
application = get_wsgi_application()
refuse_unsafe()
