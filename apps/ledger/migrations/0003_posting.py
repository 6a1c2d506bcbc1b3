from django.db import migrations

from apps.platform.sql import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_books")]
    operations = [RunSQLFile("apps.ledger", "0003_posting")]
