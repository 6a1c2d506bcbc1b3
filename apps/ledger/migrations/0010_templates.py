import django.db.models.deletion
from django.db import migrations, models

import apps.platform.ids
import apps.platform.tenant
from apps.platform.sql import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0009_items"),
    ]

    operations = [
        migrations.CreateModel(
            name="PostingTemplate",
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
                ("code", models.SlugField(max_length=60, unique=True)),
                ("name", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "ledger_template",
                "ordering": ["code"],
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="TemplateVersion",
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
                (
                    "template",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="ledger.postingtemplate",
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("active", "Active"), ("retired", "Retired")],
                        default="draft",
                        max_length=7,
                    ),
                ),
                ("content", models.JSONField()),
                ("maker_person", models.CharField(max_length=150)),
                ("maker", models.CharField(max_length=221)),
                ("created_at", models.DateTimeField()),
                ("checks", models.JSONField(default=list)),
                ("activator_person", models.CharField(blank=True, max_length=150)),
                ("activator", models.CharField(blank=True, max_length=221)),
                ("step_up_at", models.DateTimeField(null=True)),
                ("activated_at", models.DateTimeField(null=True)),
                ("retired_at", models.DateTimeField(null=True)),
                ("retired_by", models.CharField(blank=True, max_length=221)),
                ("retired_reason", models.CharField(blank=True, max_length=1000)),
            ],
            options={
                "db_table": "ledger_template_version",
                "ordering": ["-number"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("template", "number"), name="ledger_template_version_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "active")),
                        fields=("template",),
                        name="ledger_template_version_one_active",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["draft", "active", "retired"])),
                        name="ledger_template_version_state_known",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="journalentry",
            index=models.Index(
                condition=models.Q(("template", ""), _negated=True),
                fields=["template", "posted_at"],
                name="ledger_journal_entry_templates",
            ),
        ),
        RunSQLFile("apps.ledger", "0010_templates"),
    ]
