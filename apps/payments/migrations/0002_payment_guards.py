"""The guards of sql/0001_payment_guards.sql."""

from django.db import migrations

from apps.platform.sql import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial")]
    operations = [RunSQLFile("apps.payments", "0001_payment_guards")]
