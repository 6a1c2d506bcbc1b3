"""A developer's machine and the demo: real services, plain HTTP on loopback."""

from config.settings.base import *

SECURE_PROXY_SSL_HEADER = None
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
WHITENOISE_USE_FINDERS = True
