"""The shapes of the settlements API."""

from __future__ import annotations

from rest_framework import serializers

from apps.platform.api.fields import MoneyField, PublicIdField
from apps.platform.currencies import CURRENCIES
from apps.settlements.connectors import PROFILE_NAMES
from apps.settlements.domain import (
    BatchState,
    BreakKind,
    BreakState,
    Decision,
    DetailsDecision,
    DetailsState,
    DisbursementState,
    PayeeKind,
    Rail,
)

#: Base64 makes four letters of three bytes; the service refuses more than 20 MiB of bytes.
CONTENT_MAX_LETTERS = 28 * 1024 * 1024


class PayeeSerializer(serializers.Serializer):
    """Whom we pay. ``version``, ``rail`` and ``destination``, which is masked, are of the details
    money goes to, or of the newest while nobody has verified any.
    """

    id = PublicIdField("payee")
    reference = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField([value.value for value in PayeeKind])
    rail = serializers.ChoiceField([value.value for value in Rail], source="details.rail")
    destination = serializers.CharField(source="details.masked")
    details_state = serializers.ChoiceField([value.value for value in DetailsState])
    has_undecided = serializers.BooleanField()
    version = serializers.IntegerField()
    ledger_account = serializers.CharField()
    currency = serializers.CharField()
    created_at = serializers.DateTimeField()


class DetailsDecisionSerializer(serializers.Serializer):
    """What a second person said of a version of payout details."""

    decision = serializers.ChoiceField([value.value for value in DetailsDecision])
    user_name = serializers.CharField()
    comment = serializers.CharField(allow_blank=True)
    decided_at = serializers.DateTimeField()


class PayoutDetailsSerializer(serializers.Serializer):
    """One version of a payee's details; ``destination`` is masked."""

    id = PublicIdField("ben")
    version = serializers.IntegerField()
    state = serializers.ChoiceField([value.value for value in DetailsState])
    rail = serializers.ChoiceField([value.value for value in Rail], source="details.rail")
    destination = serializers.CharField(source="details.masked")
    account_name = serializers.CharField(source="details.account_name", allow_blank=True)
    created_at = serializers.DateTimeField()
    cools_until = serializers.DateTimeField()
    shared_with = serializers.ListField(child=serializers.CharField())
    decisions = DetailsDecisionSerializer(many=True)


class PayeeWithDetailsSerializer(PayeeSerializer):
    """A payee with every version of the payout details, the newest first."""

    versions = PayoutDetailsSerializer(many=True)


class DetailsInput(serializers.Serializer):
    """Where money is to go: a phone, or an account at a bank by IBAN or by number and bank."""

    rail = serializers.ChoiceField([value.value for value in Rail])
    phone = serializers.CharField(required=False, default="", max_length=30)
    account_name = serializers.CharField(required=False, default="", max_length=140)
    iban = serializers.CharField(required=False, default="", max_length=50)
    account = serializers.CharField(required=False, default="", max_length=50)
    bic = serializers.CharField(required=False, default="", max_length=20)
    clearing_member = serializers.CharField(required=False, default="", max_length=35)


class PayeeInput(serializers.Serializer):
    """A payee and where its money is to go."""

    reference = serializers.RegexField(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")
    name = serializers.CharField(max_length=150)
    kind = serializers.ChoiceField([value.value for value in PayeeKind])
    currency = serializers.ChoiceField(sorted(CURRENCIES))
    details = DetailsInput()


class RowProblemSerializer(serializers.Serializer):
    """What is wrong in a row that was left out."""

    row = serializers.IntegerField()
    column = serializers.CharField()
    sentence = serializers.CharField()


class PayeeFileSerializer(serializers.Serializer):
    """A file of payees as it was read."""

    id = PublicIdField("pf")
    name = serializers.CharField()
    sha256 = serializers.CharField()
    rows = serializers.IntegerField()
    added = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    problems = RowProblemSerializer(many=True)
    imported_at = serializers.DateTimeField()


class PayeeFileInput(serializers.Serializer):
    """A CSV of payees: its bytes in base 64, or a file of a form."""

    name = serializers.CharField(max_length=200, required=False, default="")
    content_base64 = serializers.CharField(required=False, max_length=CONTENT_MAX_LETTERS)
    file = serializers.FileField(required=False)


class ApprovalSerializer(serializers.Serializer):
    """A person's decision in the present round."""

    user_name = serializers.CharField()
    decision = serializers.ChoiceField([value.value for value in Decision])
    comment = serializers.CharField(allow_blank=True)
    decided_at = serializers.DateTimeField()


class DisbursementSerializer(serializers.Serializer):
    """One line of a batch. ``unknown`` means that the provider has not proved an outcome yet."""

    id = PublicIdField("dsb")
    reference = serializers.CharField()
    state = serializers.ChoiceField([value.value for value in DisbursementState])
    payee = serializers.CharField()
    payee_name = serializers.CharField()
    destination = serializers.CharField()
    amount = MoneyField()
    provider_reference = serializers.CharField(allow_blank=True)
    failure_code = serializers.CharField(allow_blank=True)
    is_first_payout = serializers.BooleanField()
    finished_at = serializers.DateTimeField(allow_null=True)


class BatchSerializer(serializers.Serializer):
    """A batch of disbursements. ``digest`` seals its lines once it is in approval."""

    id = PublicIdField("bat")
    reference = serializers.CharField()
    state = serializers.ChoiceField([value.value for value in BatchState])
    provider_account = serializers.CharField()
    line_count = serializers.IntegerField(source="lines")
    total = MoneyField()
    digest = serializers.CharField(allow_blank=True)
    round = serializers.IntegerField()
    maker = serializers.CharField(source="maker_name")
    approvals_needed = serializers.IntegerField()
    approvals = ApprovalSerializer(many=True)
    created_at = serializers.DateTimeField()
    submitted_at = serializers.DateTimeField(allow_null=True)
    released_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)


class BatchWithLinesSerializer(BatchSerializer):
    """A batch with its lines, by reference."""

    next_cut_off = serializers.DateTimeField(
        allow_null=True, help_text="When it leaves if it is released now; null if nobody set it."
    )
    expected_arrival = serializers.DateField(allow_null=True)
    lines = DisbursementSerializer(many=True)


class BatchInput(serializers.Serializer):
    """Gather everything owed in a currency, to be paid from a provider account."""

    provider_account = serializers.CharField(max_length=60)
    currency = serializers.ChoiceField(sorted(CURRENCIES))


class BatchesQuery(serializers.Serializer):
    """Filters of the list of batches."""

    state = serializers.ChoiceField([value.value for value in BatchState], required=False)


class PayeesQuery(serializers.Serializer):
    """Filters of the list of payees."""

    kind = serializers.ChoiceField([value.value for value in PayeeKind], required=False)


class BankStatementSerializer(serializers.Serializer):
    """An imported statement. ``movements`` are its new lines that are not fees."""

    id = PublicIdField("stm")
    file_name = serializers.CharField()
    profile = serializers.CharField()
    sha256 = serializers.CharField()
    provider_account = serializers.CharField()
    opening = MoneyField()
    closing = MoneyField()
    new_lines = serializers.IntegerField()
    known_lines = serializers.IntegerField()
    movements = serializers.IntegerField()
    matched = serializers.IntegerField()
    first_at = serializers.DateTimeField(allow_null=True)
    last_at = serializers.DateTimeField(allow_null=True)
    imported_at = serializers.DateTimeField()


class StatementInput(serializers.Serializer):
    """A statement's file: its bytes in base 64, or a file of a form."""

    provider_account = serializers.CharField(max_length=60)
    profile = serializers.ChoiceField(sorted(PROFILE_NAMES))
    name = serializers.CharField(max_length=200, required=False, default="")
    content_base64 = serializers.CharField(required=False, max_length=CONTENT_MAX_LETTERS)
    file = serializers.FileField(required=False)


class StatementsQuery(serializers.Serializer):
    """Filters of the list of statements."""

    provider_account = serializers.CharField(required=False, max_length=60)


class BreakSerializer(serializers.Serializer):
    """A difference that waits for a person. ``amount`` is what our books did not know: positive
    when more came in or was charged, negative when more went out.
    """

    id = PublicIdField("brk")
    reference = serializers.CharField()
    kind = serializers.ChoiceField([value.value for value in BreakKind])
    state = serializers.ChoiceField([value.value for value in BreakState])
    provider_account = serializers.CharField()
    amount = MoneyField()
    explanation = serializers.CharField()
    owner = serializers.CharField(source="owner_name", allow_blank=True)
    provider_reference = serializers.CharField(source="line_reference", allow_blank=True)
    opened_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    is_overdue = serializers.BooleanField()
    resolved_at = serializers.DateTimeField(allow_null=True)
    resolution = serializers.CharField(allow_blank=True)


class BreaksQuery(serializers.Serializer):
    """Filters of the list of breaks."""

    kind = serializers.ChoiceField([value.value for value in BreakKind], required=False)
    state = serializers.ChoiceField([value.value for value in BreakState], required=False)
