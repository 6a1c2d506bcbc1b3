"""Captures, voids, refunds and disputes."""

import django.contrib.postgres.indexes
import django.core.serializers.json
import django.db.models.deletion
from django.db import migrations, models

import apps.payments.domain.refunds
import apps.payments.domain.states
import apps.platform.ids
import apps.platform.tenant
from apps.platform.sql import RunSQLFile

_OPERATIONS = [
    ("purchase", "Purchase"),
    ("authorise", "Authorise"),
    ("capture", "Capture"),
    ("void", "Void"),
    ("refund", "Refund"),
    ("payout", "Payout"),
]
_KINDS = [
    ("requested", "Requested"),
    ("action_required", "Action required"),
    ("approved", "Approved"),
    ("pending", "Pending"),
    ("unknown", "Unknown"),
    ("failed", "Failed"),
    ("succeeded", "Succeeded"),
    ("expired", "Expired"),
    ("cancelled", "Cancelled"),
    ("reversed", "Reversed"),
]


class Migration(migrations.Migration):
    dependencies = [("payments", "0003_provider_stops")]

    operations = [
        migrations.RemoveConstraint("paymentevent", "payments_payment_event_kind_known"),
        migrations.AlterField(
            "attempt", "operation", models.CharField(choices=_OPERATIONS, max_length=20)
        ),
        migrations.AlterField(
            "providerstop", "operation", models.CharField(choices=_OPERATIONS, max_length=20)
        ),
        migrations.AlterField(
            "paymentevent", "kind", models.CharField(choices=_KINDS, max_length=20)
        ),
        migrations.AddConstraint(
            "paymentevent",
            models.CheckConstraint(
                condition=models.Q(kind__in=[value for value, _label in _KINDS]),
                name="payments_payment_event_kind_known",
            ),
        ),
        migrations.CreateModel(
            name="Dispute",
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
                ("reference", models.CharField(max_length=64)),
                ("refs", models.JSONField(default=dict)),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("inquiry", "Inquiry"),
                            ("chargeback", "Chargeback"),
                            ("pre_arbitration", "Pre arbitration"),
                            ("arbitration", "Arbitration"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("needs_response", "Needs response"),
                            ("under_review", "Under review"),
                            ("won", "Won"),
                            ("lost", "Lost"),
                            ("accepted", "Accepted"),
                            ("closed", "Closed"),
                        ],
                        max_length=20,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=100)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("withdrawn_minor", models.BigIntegerField(default=0)),
                ("fee_minor", models.BigIntegerField(default=0)),
                ("lost_minor", models.BigIntegerField(default=0)),
                ("opened_at", models.DateTimeField()),
                ("due_by", models.DateTimeField(null=True)),
                ("warned_at", models.DateTimeField(null=True)),
                ("updated_at", models.DateTimeField()),
                (
                    "answer",
                    models.CharField(
                        blank=True,
                        choices=[("evidence", "Evidence"), ("accept", "Accept")],
                        max_length=10,
                    ),
                ),
                ("answer_text", models.TextField(blank=True)),
                ("answered_by", models.CharField(blank=True, max_length=250)),
                ("answered_at", models.DateTimeField(null=True)),
                ("answer_due_at", models.DateTimeField(null=True)),
                ("answer_problem", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "db_table": "payments_dispute",
                "ordering": ["due_by", "opened_at", "id"],
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="DisputeEvidence",
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
                ("kind", models.CharField(blank=True, max_length=60)),
                ("name", models.CharField(max_length=200)),
                ("content_type", models.CharField(max_length=100)),
                ("body", models.BinaryField()),
                ("sha256", models.CharField(max_length=64)),
                ("added_by", models.CharField(max_length=250)),
                ("added_at", models.DateTimeField()),
            ],
            options={
                "db_table": "payments_dispute_evidence",
                "ordering": ["added_at", "id"],
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Refund",
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
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("allocation", models.JSONField()),
                ("reason", models.CharField(max_length=200)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("awaiting_approval", "Awaiting approval"),
                            ("rejected", "Rejected"),
                            ("approved", "Approved"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                            ("reversed", "Reversed"),
                        ],
                        default=apps.payments.domain.refunds.RefundStatus["AWAITING_APPROVAL"],
                        max_length=20,
                    ),
                ),
                ("asked_by", models.CharField(max_length=250)),
                ("asked_at", models.DateTimeField()),
                ("decided_by", models.CharField(blank=True, max_length=250)),
                ("decided_at", models.DateTimeField(null=True)),
                ("note", models.CharField(blank=True, max_length=300)),
                ("idempotency_key", models.CharField(max_length=255)),
                ("fingerprint", models.BinaryField(max_length=32)),
            ],
            options={
                "db_table": "payments_refund",
                "ordering": ["-asked_at", "-id"],
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.RemoveConstraint(
            model_name="attempt",
            name="payments_attempt_one_live_charge",
        ),
        migrations.RemoveConstraint(
            model_name="attempt",
            name="payments_attempt_belongs_to_one",
        ),
        migrations.RemoveConstraint(
            model_name="paymentintent",
            name="payments_payment_intent_status_known",
        ),
        migrations.AddField(
            model_name="attempt",
            name="action",
            field=models.JSONField(
                default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder
            ),
        ),
        migrations.AddField(
            model_name="attempt",
            name="allocation",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="attempt",
            name="is_last",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="attempt",
            name="parent",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="children",
                to="payments.attempt",
            ),
        ),
        migrations.AddField(
            model_name="attempt",
            name="party",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="attempt",
            name="reason",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="attempt",
            name="step",
            field=models.CharField(
                choices=[("submit", "Submit"), ("complete", "Complete")],
                default=apps.payments.domain.states.Step["SUBMIT"],
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="callback",
            name="headers",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="callback",
            name="is_genuine",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="paymentevent",
            name="fee_minor",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="paymentintent",
            name="authorised_minor",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="paymentintent",
            name="capture_method",
            field=models.CharField(
                choices=[
                    ("automatic", "Automatic"),
                    ("manual", "Manual"),
                    ("multiple", "Multiple"),
                ],
                default=apps.payments.domain.states.CaptureMethod["AUTOMATIC"],
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="paymentintent",
            name="disputed_minor",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="paymentintent",
            name="payment_method",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="paymentintent",
            name="refunded_minor",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="paymentintent",
            name="return_url",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name="provideraccount",
            name="disputes_hint_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="attempt",
            name="phone",
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AlterField(
            model_name="callback",
            name="attempt",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="callbacks",
                to="payments.attempt",
            ),
        ),
        migrations.AlterField(
            model_name="paymentintent",
            name="payer_phone",
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AlterField(
            model_name="paymentintent",
            name="status",
            field=models.CharField(
                choices=[
                    ("requires_method", "Requires method"),
                    ("processing", "Processing"),
                    ("requires_action", "Requires action"),
                    ("unknown", "Unknown"),
                    ("authorised", "Authorised"),
                    ("succeeded", "Succeeded"),
                    ("partially_captured", "Partially captured"),
                    ("partially_refunded", "Partially refunded"),
                    ("refunded", "Refunded"),
                    ("failed", "Failed"),
                    ("cancelled", "Cancelled"),
                    ("expired", "Expired"),
                ],
                default=apps.payments.domain.states.IntentStatus["REQUIRES_METHOD"],
                max_length=30,
            ),
        ),
        migrations.AddIndex(
            model_name="attempt",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["provider_refs"],
                name="payments_attempt_by_refs",
                opclasses=["jsonb_path_ops"],
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("operation__in", ["purchase", "authorise"]),
                    (
                        "state__in",
                        [
                            "investigate",
                            "not_sent",
                            "pending",
                            "queued",
                            "sending",
                            "sent",
                            "unknown",
                        ],
                    ),
                ),
                fields=("intent",),
                name="payments_attempt_one_live_charge",
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("intent__isnull", False),
                        ("payout_ref__isnull", True),
                        models.Q(("operation", "payout"), _negated=True),
                    ),
                    models.Q(
                        ("intent__isnull", True),
                        ("operation", "payout"),
                        ("payout_ref__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="payments_attempt_belongs_to_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("direction", "out"), ("operation__in", ["payout", "refund"])),
                    models.Q(
                        ("direction", "in"),
                        models.Q(("operation__in", ["payout", "refund"]), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="payments_attempt_way_of_money",
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("operation__in", ["capture", "void", "refund"]), ("parent__isnull", False)
                    ),
                    models.Q(
                        models.Q(("operation__in", ["capture", "void", "refund"]), _negated=True),
                        ("parent__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="payments_attempt_builds_on_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentintent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "requires_method",
                            "processing",
                            "requires_action",
                            "unknown",
                            "authorised",
                            "succeeded",
                            "partially_captured",
                            "partially_refunded",
                            "refunded",
                            "failed",
                            "cancelled",
                            "expired",
                        ],
                    )
                ),
                name="payments_payment_intent_status_known",
            ),
        ),
        migrations.AddField(
            model_name="dispute",
            name="attempt",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="disputes",
                to="payments.attempt",
            ),
        ),
        migrations.AddField(
            model_name="dispute",
            name="intent",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="disputes",
                to="payments.paymentintent",
            ),
        ),
        migrations.AddField(
            model_name="dispute",
            name="provider_account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="disputes",
                to="payments.provideraccount",
            ),
        ),
        migrations.AddField(
            model_name="disputeevidence",
            name="dispute",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="evidence",
                to="payments.dispute",
            ),
        ),
        migrations.AddField(
            model_name="refund",
            name="attempt",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="refund",
                to="payments.attempt",
            ),
        ),
        migrations.AddField(
            model_name="refund",
            name="intent",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="refunds",
                to="payments.paymentintent",
            ),
        ),
        migrations.AddField(
            model_name="refund",
            name="journal",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="ledger.journalentry",
            ),
        ),
        migrations.AddField(
            model_name="refund",
            name="parent",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="refunds",
                to="payments.attempt",
            ),
        ),
        migrations.AddIndex(
            model_name="dispute",
            index=models.Index(
                condition=models.Q(
                    ("status__in", ["accepted", "closed", "lost", "won"]), _negated=True
                ),
                fields=["due_by"],
                name="payments_dispute_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.UniqueConstraint(
                fields=("provider_account", "reference"), name="payments_dispute_reference_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="payments_dispute_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        ["needs_response", "under_review", "won", "lost", "accepted", "closed"],
                    )
                ),
                name="payments_dispute_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("stage__in", ["inquiry", "chargeback", "pre_arbitration", "arbitration"])
                ),
                name="payments_dispute_stage_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="disputeevidence",
            constraint=models.UniqueConstraint(
                fields=("dispute", "sha256"), name="payments_dispute_evidence_once"
            ),
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(
                condition=models.Q(("status", "awaiting_approval")),
                fields=["asked_at"],
                name="payments_refund_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.UniqueConstraint(
                fields=("idempotency_key",), name="payments_refund_key_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="payments_refund_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="payments_refund_has_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "awaiting_approval",
                            "rejected",
                            "approved",
                            "succeeded",
                            "failed",
                            "reversed",
                        ],
                    )
                ),
                name="payments_refund_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status", "rejected"),
                    models.Q(("decided_by", models.F("asked_by")), _negated=True),
                    _connector="OR",
                ),
                name="payments_refund_four_eyes",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decided_at", None), ("decided_by", ""), ("status", "awaiting_approval")
                    ),
                    models.Q(
                        models.Q(("status", "awaiting_approval"), _negated=True),
                        models.Q(("decided_by", ""), _negated=True),
                        ("decided_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="payments_refund_decided_by_somebody",
            ),
        ),
        RunSQLFile("apps.payments", "0004_operations"),
    ]
