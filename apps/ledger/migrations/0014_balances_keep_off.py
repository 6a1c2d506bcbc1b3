"""Postings keep off the rows of accounts."""

import django.db.models.deletion
from django.db import migrations, models

from apps.platform.sql import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("ledger", "0013_refusals")]

    operations = [
        migrations.AlterField(
            model_name="accountbalance",
            name="account",
            field=models.OneToOneField(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                primary_key=True,
                related_name="balance",
                serialize=False,
                to="ledger.account",
            ),
        ),
        RunSQLFile("apps.ledger", "0014_balances_keep_off"),
    ]
