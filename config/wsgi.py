"""The web process: console and API."""

import os

from django.core.wsgi import get_wsgi_application

from config import telemetry

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
telemetry.set_up("web")
application = get_wsgi_application()
