"""The guards of settlements in the database."""

from django.db import migrations

from apps.platform.sql import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("settlements", "0001_initial")]

    operations = [RunSQLFile("apps.settlements", "0002_guards")]
