"""The shapes of requests and answers about the chart of accounts."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.ledger.domain import AccountClass, AccountStatus
from apps.ledger.domain.charts import Chart, chart_of, read_chart
from apps.ledger.selectors.charts import chart_template
from apps.platform.api.fields import MoneyField
from apps.platform.currencies import EXPONENT_MAX

CODE = r"^[a-z][a-z0-9-]*\Z"
CLASSES = [value.value for value in AccountClass]


class UnitSerializer(serializers.Serializer):
    """A unit of account of the tenant's own; ``exponent`` is its number of decimals."""

    code = serializers.RegexField(r"^[A-Z][A-Z0-9]{1,11}\Z")
    name = serializers.CharField(max_length=100)
    exponent = serializers.IntegerField(min_value=0, max_value=EXPONENT_MAX)


class DimensionSerializer(serializers.Serializer):
    """What postings answer beside their account. Empty lists allow, or require, everything."""

    code = serializers.RegexField(CODE, max_length=40)
    name = serializers.CharField(max_length=100)
    allowed = serializers.ListField(child=serializers.CharField(max_length=100), default=list)
    is_required = serializers.BooleanField(default=False)
    account_classes = serializers.ListField(child=serializers.ChoiceField(CLASSES), default=list)
    kinds = serializers.ListField(child=serializers.CharField(max_length=50), default=list)


class CategoryInput(serializers.Serializer):
    """A category and the codes of its accounts; a header stands for all below it."""

    code = serializers.RegexField(CODE, max_length=40)
    name = serializers.CharField(max_length=100)
    note = serializers.CharField(max_length=300, default="", allow_blank=True)
    accounts = serializers.ListField(child=serializers.CharField(max_length=64), max_length=1000)


class CategorySerializer(serializers.Serializer):
    """A category and what its accounts hold together, in each currency."""

    code = serializers.CharField()
    name = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    accounts = serializers.ListField(child=serializers.CharField())
    balances = serializers.ListField(child=MoneyField())


class LimitsInput(serializers.Serializer):
    """The least and the most an account may hold, in minor units; null is no limit."""

    floor_minor = serializers.IntegerField(allow_null=True)
    ceiling_minor = serializers.IntegerField(allow_null=True)
    reason = serializers.CharField(max_length=200)


class StatusInput(serializers.Serializer):
    """What the account takes from now on, and why."""

    status = serializers.ChoiceField([value.value for value in AccountStatus])
    reason = serializers.CharField(max_length=200)


class DescriptionInput(serializers.Serializer):
    """What is left out stays as it is; an empty parent takes the account to the top."""

    name = serializers.CharField(max_length=200, required=False)
    parent = serializers.CharField(max_length=64, required=False, allow_blank=True)  # type: ignore[assignment]  # a field, not the base class's link
    dimensions = serializers.DictField(child=serializers.CharField(max_length=100), required=False)


class ChartInput(serializers.Serializer):
    """One of: the content of an exported chart, the text of a CSV file, the name of a template."""

    chart = serializers.DictField(required=False)
    csv = serializers.CharField(required=False)
    template = serializers.CharField(required=False, max_length=40)
    reason = serializers.CharField(max_length=200, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly one of them."""
        if sum(name in attrs for name in ("chart", "csv", "template")) != 1:
            raise serializers.ValidationError("Give one of chart, csv and template.")
        return attrs

    @staticmethod
    def to_chart(data: dict[str, Any]) -> Chart:
        """The chart that the checked data names."""
        if "template" in data:
            return chart_template(data["template"]).chart
        return read_chart(data["csv"]) if "csv" in data else chart_of(_content(data["chart"]))


class ChartVerdictSerializer(serializers.Serializer):
    """What would become of one row."""

    row = serializers.IntegerField()
    account = serializers.CharField(source="account.code")
    decision = serializers.ChoiceField(["open", "change", "same", "refuse"])
    reason = serializers.CharField(allow_blank=True)
    changes = serializers.DictField(child=serializers.ListField())


class ChartTemplateSerializer(serializers.Serializer):
    """A chart to begin with."""

    code = serializers.CharField()
    version = serializers.IntegerField()
    name = serializers.CharField()
    about = serializers.CharField()


class TreeQuery(serializers.Serializer):
    """Part of a code or a name."""

    search = serializers.CharField(max_length=100, required=False)


class TreeRowSerializer(serializers.Serializer):
    """One line of the tree, with the balances of everything below it."""

    account = serializers.CharField()
    name = serializers.CharField()
    account_class = serializers.ChoiceField(CLASSES)
    status = serializers.ChoiceField([value.value for value in AccountStatus])
    is_header = serializers.BooleanField()
    depth = serializers.IntegerField()
    parent = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # likewise
    balances = serializers.ListField(child=MoneyField())


class ExplainQuery(serializers.Serializer):
    """Value dates, both included."""

    starts = serializers.DateField()
    ends = serializers.DateField()


class ExplainedPartSerializer(serializers.Serializer):
    """What the entries of one kind did to the balance."""

    kind = serializers.CharField()
    postings = serializers.IntegerField()
    debits = MoneyField()
    credits = MoneyField()
    change = MoneyField()


class ExplainedBalanceSerializer(serializers.Serializer):
    """Opening balance, parts, closing balance."""

    account = serializers.CharField()
    starts = serializers.DateField()
    ends = serializers.DateField()
    opening = MoneyField()
    parts = ExplainedPartSerializer(many=True)
    closing = MoneyField()
    adds_up = serializers.BooleanField()


def _content(given: dict[str, Any]) -> dict[str, Any]:
    """An exported chart without what only says what it is."""
    return {name: given[name] for name in given.keys() - {"format", "version", "template"}}
