import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

import apps.platform.ids
import apps.platform.tenant
from apps.platform.sql import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [("ledger", "0010_templates")]
    operations = [
        migrations.CreateModel(
            name="MetadataErasure",
            fields=[
                (
                    "tenant",
                    models.UUIDField(
                        default=apps.platform.tenant.current_tenant_id, editable=False
                    ),
                ),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="erasure",
                        serialize=False,
                        to="ledger.journalentry",
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("reason", models.CharField(max_length=300)),
                ("actor", models.CharField(max_length=221)),
                ("actor_id", models.UUIDField(null=True)),
                ("erased_at", models.DateTimeField()),
            ],
            options={
                "db_table": "ledger_metadata_erasure",
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="ledger_metadata_erasure_has_reason",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PostingBreaker",
            fields=[
                (
                    "tenant",
                    models.UUIDField(
                        default=apps.platform.tenant.current_tenant_id, editable=False
                    ),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=apps.platform.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("reason", models.CharField(max_length=300)),
                ("checks", models.JSONField(default=list)),
                ("opened_by", models.CharField(max_length=221)),
                ("opened_at", models.DateTimeField()),
                ("closed_by", models.CharField(blank=True, max_length=221)),
                ("closed_by_id", models.UUIDField(null=True)),
                ("closing_reason", models.CharField(blank=True, max_length=300)),
                ("step_up_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "ledger_posting_breaker",
                "ordering": ["-opened_at"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        models.Value(1),
                        condition=models.Q(("closed_at", None)),
                        name="ledger_posting_breaker_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="ledger_posting_breaker_has_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("closed_at", None),
                            models.Q(
                                ("closed_by__startswith", "person:"),
                                ("closed_by_id__isnull", False),
                                ("step_up_at__isnull", False),
                                models.Q(("closing_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="ledger_posting_breaker_closed_by_person",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SealBatch",
            fields=[
                (
                    "tenant",
                    models.UUIDField(
                        default=apps.platform.tenant.current_tenant_id, editable=False
                    ),
                ),
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("first", models.BigIntegerField()),
                ("last", models.BigIntegerField(unique=True)),
                ("root", models.BinaryField()),
                ("head", models.BinaryField(help_text="The hash of the last seal.")),
                ("sealed_at", models.DateTimeField()),
                ("key_id", models.CharField(blank=True, max_length=64)),
                ("public_key", models.BinaryField(null=True)),
                (
                    "statement",
                    models.TextField(blank=True, help_text="What was signed, to the letter."),
                ),
                ("signature", models.BinaryField(null=True)),
                ("signed_at", models.DateTimeField(null=True)),
                ("object_name", models.CharField(blank=True, max_length=250)),
                (
                    "locked_until",
                    models.DateTimeField(help_text="Until then the store keeps it.", null=True),
                ),
                ("anchored_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "ledger_seal_batch",
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("anchored_at", None)),
                        fields=["number"],
                        name="ledger_seal_batch_open",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("first__gt", 0), ("last__gte", models.F("first"))),
                        name="ledger_seal_batch_span",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("anchored_at", None),
                                ("signature", None),
                                ("signed_at", None),
                                ("statement", ""),
                            ),
                            models.Q(
                                ("signature__isnull", False),
                                ("signed_at__isnull", False),
                                models.Q(("statement", ""), _negated=True),
                                models.Q(("key_id", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="ledger_seal_batch_signed_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Seal",
            fields=[
                (
                    "tenant",
                    models.UUIDField(
                        default=apps.platform.tenant.current_tenant_id, editable=False
                    ),
                ),
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("payload", models.BinaryField()),
                ("previous", models.BinaryField()),
                ("hash", models.BinaryField()),
                ("algorithm", models.SmallIntegerField()),
                (
                    "entry",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="seal",
                        to="ledger.journalentry",
                    ),
                ),
            ],
            options={
                "db_table": "ledger_seal",
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("number__gt", 0)), name="ledger_seal_number_positive"
                    )
                ],
            },
        ),
        RunSQLFile("apps.ledger", "0011_seal"),
    ]
