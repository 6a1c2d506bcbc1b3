"""The web process: console and API."""

import os

from django.core.wsgi import get_wsgi_application

from apps.tenancy.checks import refuse_unsafe
from config import celery, telemetry

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
telemetry.set_up("web")
celery.app.set_default()  # what wakes workers must know where their broker is
application = get_wsgi_application()
refuse_unsafe()
