"""Django's command line, with this project's settings."""

import os
import sys

from django.core.management import execute_from_command_line

from config import telemetry

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    telemetry.set_up(sys.argv[1] if len(sys.argv) > 1 else "manage")
    execute_from_command_line(sys.argv)
