import django.db.models.deletion
from django.db import migrations, models

import apps.platform.tenant
from apps.platform.sql import RunSQLFile

TENANT = models.UUIDField(default=apps.platform.tenant.current_tenant_id, editable=False)
ACCOUNT = models.ForeignKey(
    db_constraint=False,
    db_index=False,
    on_delete=django.db.models.deletion.PROTECT,
    related_name="+",
    to="ledger.account",
)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_books")]
    operations = [
        migrations.AddField(
            model_name="accountbalance",
            name="releases_early",
            field=models.BooleanField(default=False),
        ),
        migrations.CreateModel(
            name="LockWait",
            fields=[
                ("tenant", TENANT.clone()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id",
                        "hour",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("hour", models.DateTimeField(help_text="The hour's beginning.")),
                ("looks", models.IntegerField()),
                ("waiters", models.IntegerField()),
                ("account", ACCOUNT.clone()),
            ],
            options={
                "db_table": "ledger_lock_wait",
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="BalanceShard",
            fields=[
                ("tenant", TENANT.clone()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id",
                        "shard",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("shard", models.SmallIntegerField()),
                ("down_minor", models.BigIntegerField(null=True)),
                ("up_minor", models.BigIntegerField(null=True)),
                ("account", ACCOUNT.clone()),
            ],
            options={
                "db_table": "ledger_balance_shard",
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("down_minor", None), ("down_minor__gte", 0), _connector="OR"),
                            models.Q(("up_minor", None), ("up_minor__gte", 0), _connector="OR"),
                        ),
                        name="ledger_balance_shard_room_left",
                    )
                ],
            },
        ),
        RunSQLFile("apps.ledger", "0003_posting"),
        RunSQLFile("apps.ledger", "0003_hot"),
    ]
