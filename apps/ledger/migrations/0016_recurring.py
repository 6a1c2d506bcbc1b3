import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import apps.platform.ids
import apps.platform.tenant
from apps.platform.sql import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0015_posting_speed"),
    ]

    operations = [
        migrations.CreateModel(
            name="RecurringEntry",
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
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("active", "Active"),
                            ("paused", "Paused"),
                            ("ended", "Ended"),
                        ],
                        default="draft",
                        max_length=6,
                    ),
                ),
                ("description", models.CharField(max_length=200)),
                (
                    "frequency",
                    models.CharField(
                        choices=[("daily", "Daily"), ("weekly", "Weekly"), ("monthly", "Monthly")],
                        max_length=7,
                    ),
                ),
                ("every", models.PositiveSmallIntegerField()),
                ("at_month_end", models.BooleanField()),
                ("starts", models.DateField()),
                ("ends", models.DateField(null=True)),
                ("lines", models.JSONField()),
                ("maker_person", models.CharField(max_length=150)),
                ("maker", models.CharField(max_length=221)),
                ("created_at", models.DateTimeField()),
                ("digest", models.CharField(max_length=64)),
                ("approvals_needed", models.PositiveSmallIntegerField()),
                (
                    "roles_needed",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("done", models.PositiveIntegerField(default=0)),
                ("next_date", models.DateField(null=True)),
                ("refusal", models.CharField(blank=True, max_length=1000)),
                ("refused_at", models.DateTimeField(null=True)),
                (
                    "reason",
                    models.CharField(
                        blank=True, help_text="Of the pause or the end.", max_length=1000
                    ),
                ),
            ],
            options={
                "db_table": "ledger_recurring",
                "ordering": ["-created_at"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "active")),
                        fields=["next_date"],
                        name="ledger_recurring_due",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("frequency__in", ["daily", "weekly", "monthly"]),
                            ("state__in", ["draft", "active", "paused", "ended"]),
                        ),
                        name="ledger_recurring_words_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("every__gte", 1),
                            ("every__lte", 120),
                            models.Q(
                                ("ends", None), ("ends__gte", models.F("starts")), _connector="OR"
                            ),
                            models.Q(
                                ("at_month_end", False),
                                ("frequency", "monthly"),
                                _connector="OR",
                            ),
                        ),
                        name="ledger_recurring_rhythm_sound",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("approvals_needed__gte", 1)),
                        name="ledger_recurring_approved_by_another",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RecurringApproval",
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
                ("person", models.CharField(max_length=150)),
                ("user_id", models.UUIDField()),
                ("user_name", models.CharField(max_length=200)),
                ("digest", models.CharField(max_length=64)),
                ("step_up_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField()),
                (
                    "recurring",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approvals",
                        to="ledger.recurringentry",
                    ),
                ),
            ],
            options={
                "db_table": "ledger_recurring_approval",
                "ordering": ["decided_at"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("recurring", "person"), name="ledger_recurring_approval_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RecurringOccurrence",
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
                ("number", models.PositiveIntegerField(help_text="Counted from 0.")),
                ("day", models.DateField()),
                ("posted_at", models.DateTimeField()),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.journalentry",
                    ),
                ),
                (
                    "recurring",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="occurrences",
                        to="ledger.recurringentry",
                    ),
                ),
            ],
            options={
                "db_table": "ledger_recurring_occurrence",
                "ordering": ["-number"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("recurring", "number"), name="ledger_recurring_occurrence_once"
                    )
                ],
            },
        ),
        RunSQLFile("apps.ledger", "0016_recurring"),
    ]
