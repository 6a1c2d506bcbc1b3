import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

import apps.platform.ids
import apps.platform.tenant
from apps.platform.sql import RunSQLFile


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0006_manual_journals"),
    ]

    operations = [
        migrations.CreateModel(
            name="FxRateSet",
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
                ("as_of", models.DateField()),
                ("functional_currency", models.CharField(max_length=12)),
                ("rates", models.JSONField()),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("recorded_at", models.DateTimeField()),
            ],
            options={
                "db_table": "ledger_fx_rate_set",
                "ordering": ["-recorded_at"],
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="FxPosition",
            fields=[
                (
                    "tenant",
                    models.UUIDField(
                        default=apps.platform.tenant.current_tenant_id, editable=False
                    ),
                ),
                ("currency", models.CharField(max_length=12, primary_key=True, serialize=False)),
                ("functional_currency", models.CharField(max_length=12)),
                ("quantity_minor", models.BigIntegerField(default=0)),
                ("carried_minor", models.BigIntegerField(default=0)),
                ("realised_minor", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "ledger_fx_position",
                "ordering": ["currency"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("carried_minor", 0), ("quantity_minor", 0)),
                            models.Q(("carried_minor__gte", 0), ("quantity_minor__gt", 0)),
                            models.Q(("carried_minor__lte", 0), ("quantity_minor__lt", 0)),
                            _connector="OR",
                        ),
                        name="ledger_fx_position_cost_has_its_sign",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("currency", models.F("functional_currency")), _negated=True
                        ),
                        name="ledger_fx_position_is_foreign",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FxQuote",
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
                ("sell_currency", models.CharField(max_length=12)),
                ("buy_currency", models.CharField(max_length=12)),
                ("functional_currency", models.CharField(max_length=12)),
                ("sell_minor", models.BigIntegerField()),
                ("sell_position_minor", models.BigIntegerField()),
                ("sell_rounding_minor", models.BigIntegerField()),
                ("spread_minor", models.BigIntegerField()),
                ("buy_minor", models.BigIntegerField()),
                ("buy_position_minor", models.BigIntegerField()),
                ("buy_rounding_minor", models.BigIntegerField()),
                ("value_minor", models.BigIntegerField()),
                ("sell_value_minor", models.BigIntegerField()),
                ("buy_value_minor", models.BigIntegerField()),
                ("mid", models.DecimalField(decimal_places=18, max_digits=38)),
                ("spread_bps", models.IntegerField()),
                (
                    "fixed_side",
                    models.CharField(choices=[("sell", "Sell"), ("buy", "Buy")], max_length=4),
                ),
                ("derivation", models.JSONField()),
                ("idempotency_key", models.CharField(max_length=320, unique=True)),
                ("fingerprint", models.BinaryField()),
                ("quoted_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("quoted_by", models.CharField(max_length=221)),
            ],
            options={
                "db_table": "ledger_fx_quote",
                "ordering": ["-quoted_at", "-id"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("buy_minor__gt", 0),
                            (
                                "buy_position_minor",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("buy_minor"), "+", models.F("buy_rounding_minor")
                                ),
                            ),
                            ("mid__gt", 0),
                            (
                                "sell_minor",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("sell_position_minor"),
                                        "+",
                                        models.F("sell_rounding_minor"),
                                    ),
                                    "+",
                                    models.F("spread_minor"),
                                ),
                            ),
                            ("sell_position_minor__gt", 0),
                            ("spread_bps__gte", 0),
                            ("spread_bps__lte", 5000),
                            ("spread_minor__gte", 0),
                            ("value_minor__gte", 0),
                            models.Q(("sell_currency", models.F("buy_currency")), _negated=True),
                        ),
                        name="ledger_fxquote_adds_up",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("buy_rounding_minor__in", [0, 1]), ("sell_rounding_minor__in", [0, 1])
                        ),
                        name="ledger_fxquote_dust_is_one_unit",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("quoted_at"))),
                        name="ledger_fx_quote_expires",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FxRate",
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
                ("base", models.CharField(max_length=12)),
                ("quote", models.CharField(max_length=12)),
                ("rate", models.DecimalField(decimal_places=18, max_digits=38)),
                ("valid_from", models.DateTimeField()),
                ("valid_until", models.DateTimeField()),
                (
                    "source",
                    models.CharField(
                        choices=[("ecb", "Ecb"), ("manual", "Manual"), ("provider", "Provider")],
                        max_length=8,
                    ),
                ),
                ("provider", models.CharField(blank=True, max_length=60)),
                ("recorded_at", models.DateTimeField()),
                ("recorded_by", models.CharField(max_length=221)),
            ],
            options={
                "verbose_name": "exchange rate",
                "db_table": "ledger_fx_rate",
                "ordering": ["-valid_from", "-id"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        fields=["base", "quote", "-valid_from", "-recorded_at"],
                        name="ledger_fx_rate_newest",
                    ),
                    models.Index(fields=["recorded_at", "id"], name="ledger_fx_rate_recorded_at"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source", "provider", "base", "quote", "valid_from"),
                        name="ledger_fx_rate_said_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("rate__gt", 0),
                            ("valid_until__gt", models.F("valid_from")),
                            models.Q(("base", models.F("quote")), _negated=True),
                        ),
                        name="ledger_fx_rate_sound",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("source__in", ["ecb", "manual", "provider"])),
                        name="ledger_fx_rate_source_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FxRevaluation",
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
                ("as_of", models.DateField()),
                ("reversal_date", models.DateField()),
                ("functional_currency", models.CharField(max_length=12)),
                (
                    "classes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=9), size=None
                    ),
                ),
                (
                    "excluded",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64), default=list, size=None
                    ),
                ),
                ("result_minor", models.BigIntegerField()),
                ("digest", models.CharField(max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("approved", "Approved"),
                            ("posted", "Posted"),
                            ("superseded", "Superseded"),
                            ("discarded", "Discarded"),
                        ],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("maker_name", models.CharField(max_length=221)),
                ("maker_person", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField()),
                ("approver_name", models.CharField(blank=True, max_length=221)),
                ("approver_person", models.CharField(blank=True, max_length=150)),
                ("step_up_at", models.DateTimeField(null=True)),
                ("approved_at", models.DateTimeField(null=True)),
                ("posted_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(blank=True, max_length=200)),
                (
                    "entry",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.journalentry",
                    ),
                ),
                (
                    "rate_set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="ledger.fxrateset",
                    ),
                ),
                (
                    "reversal",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.journalentry",
                    ),
                ),
            ],
            options={
                "verbose_name": "revaluation",
                "db_table": "ledger_fx_revaluation",
                "ordering": ["-created_at", "-id"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["created_at", "id"], name="ledger_fx_revaluation_at"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["draft", "approved"])),
                        fields=("as_of",),
                        name="ledger_fx_revaluation_one_open_for_a_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["approved", "posted"]), _negated=True),
                            models.Q(
                                ("approved_at__isnull", False),
                                ("step_up_at__isnull", False),
                                models.Q(("approver_person", ""), _negated=True),
                                models.Q(
                                    ("approver_person", models.F("maker_person")), _negated=True
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="ledger_fx_revaluation_approved_by_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("entry", None), ("reversal", None)),
                            models.Q(
                                ("entry__isnull", False),
                                ("reversal__isnull", False),
                                ("state", "posted"),
                            ),
                            _connector="OR",
                        ),
                        name="ledger_fx_revaluation_posted_with_its_reversal",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reversal_date__gt", models.F("as_of"))),
                        name="ledger_fx_revaluation_reversed_later",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FxRevaluationLine",
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
                ("number", models.IntegerField()),
                ("currency", models.CharField(max_length=12)),
                ("balance_minor", models.BigIntegerField()),
                ("carried_minor", models.BigIntegerField()),
                ("rate", models.DecimalField(decimal_places=18, max_digits=38, null=True)),
                ("revalued_minor", models.BigIntegerField()),
                ("difference_minor", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.account",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="ledger.fxrevaluation",
                    ),
                ),
            ],
            options={
                "db_table": "ledger_fx_revaluation_line",
                "ordering": ["number"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("run", "number"), name="ledger_fx_revaluation_line_numbered"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FxConversion",
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
                ("sell_currency", models.CharField(max_length=12)),
                ("buy_currency", models.CharField(max_length=12)),
                ("functional_currency", models.CharField(max_length=12)),
                ("sell_minor", models.BigIntegerField()),
                ("sell_position_minor", models.BigIntegerField()),
                ("sell_rounding_minor", models.BigIntegerField()),
                ("spread_minor", models.BigIntegerField()),
                ("buy_minor", models.BigIntegerField()),
                ("buy_position_minor", models.BigIntegerField()),
                ("buy_rounding_minor", models.BigIntegerField()),
                ("value_minor", models.BigIntegerField()),
                ("sell_value_minor", models.BigIntegerField()),
                ("buy_value_minor", models.BigIntegerField()),
                ("mid", models.DecimalField(decimal_places=18, max_digits=38)),
                ("spread_bps", models.IntegerField()),
                ("direction", models.SmallIntegerField()),
                ("sell_realised_minor", models.BigIntegerField()),
                ("buy_realised_minor", models.BigIntegerField()),
                ("description", models.CharField(max_length=200)),
                ("idempotency_key", models.CharField(max_length=320)),
                ("value_date", models.DateField()),
                ("accepted_at", models.DateTimeField(help_text="By the database's clock.")),
                ("converted_at", models.DateTimeField()),
                ("converted_by", models.CharField(max_length=221)),
                (
                    "buy_account",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.account",
                    ),
                ),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.journalentry",
                    ),
                ),
                (
                    "sell_account",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.account",
                    ),
                ),
                (
                    "quote",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="conversion",
                        to="ledger.fxquote",
                    ),
                ),
            ],
            options={
                "verbose_name": "conversion",
                "db_table": "ledger_fx_conversion",
                "ordering": ["-converted_at", "-id"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["converted_at", "id"], name="ledger_fx_conversion_at")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("buy_minor__gt", 0),
                            (
                                "buy_position_minor",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("buy_minor"), "+", models.F("buy_rounding_minor")
                                ),
                            ),
                            ("mid__gt", 0),
                            (
                                "sell_minor",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("sell_position_minor"),
                                        "+",
                                        models.F("sell_rounding_minor"),
                                    ),
                                    "+",
                                    models.F("spread_minor"),
                                ),
                            ),
                            ("sell_position_minor__gt", 0),
                            ("spread_bps__gte", 0),
                            ("spread_bps__lte", 5000),
                            ("spread_minor__gte", 0),
                            ("value_minor__gte", 0),
                            models.Q(("sell_currency", models.F("buy_currency")), _negated=True),
                        ),
                        name="ledger_fxconversion_adds_up",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("buy_rounding_minor__in", [0, 1]), ("sell_rounding_minor__in", [0, 1])
                        ),
                        name="ledger_fxconversion_dust_is_one_unit",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("direction__in", [1, -1])),
                        name="ledger_fx_conversion_direction_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FxRateProposal",
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
                ("base", models.CharField(max_length=12)),
                ("quote", models.CharField(max_length=12)),
                ("rate", models.DecimalField(decimal_places=18, max_digits=38)),
                ("valid_from", models.DateTimeField()),
                ("valid_until", models.DateTimeField()),
                ("deviation_bps", models.BigIntegerField(null=True)),
                ("state", models.CharField(default="pending", max_length=8)),
                ("maker_name", models.CharField(max_length=221)),
                ("maker_person", models.CharField(max_length=150)),
                ("proposed_at", models.DateTimeField()),
                ("checker_name", models.CharField(blank=True, max_length=221)),
                ("checker_person", models.CharField(blank=True, max_length=150)),
                ("step_up_at", models.DateTimeField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(blank=True, max_length=200)),
                (
                    "recorded",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="proposal",
                        to="ledger.fxrate",
                    ),
                ),
            ],
            options={
                "db_table": "ledger_fx_rate_proposal",
                "ordering": ["-proposed_at"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("checker_person", ""), ("recorded", None), ("state", "pending")
                            ),
                            models.Q(
                                ("recorded", None),
                                ("state", "rejected"),
                                models.Q(("checker_person", ""), _negated=True),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            models.Q(
                                ("recorded__isnull", False),
                                ("state", "approved"),
                                ("step_up_at__isnull", False),
                                models.Q(("checker_person", ""), _negated=True),
                                models.Q(
                                    ("checker_person", models.F("maker_person")), _negated=True
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="ledger_fx_rate_proposal_decided_by_another",
                    )
                ],
            },
        ),
        RunSQLFile("apps.ledger", "0007_fx"),
    ]
