"""The web process: console and API."""

from django.core.wsgi import get_wsgi_application

from config import telemetry

telemetry.set_up("web")
application = get_wsgi_application()

from apps.tenancy.boot import refuse_to_start  # noqa: E402  its tables are known from here on

refuse_to_start()
