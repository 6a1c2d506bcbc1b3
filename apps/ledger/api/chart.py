"""The chart of accounts over HTTP: files, templates, units, dimensions, categories, changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.ledger.api import chart_shapes as shapes
from apps.ledger.api.serializers import AccountSerializer
from apps.ledger.domain import AccountStatus
from apps.ledger.domain.charts import chart_as_csv, chart_as_json
from apps.ledger.selectors import account_balance
from apps.ledger.selectors.charts import chart, chart_templates, chart_verdicts
from apps.ledger.selectors.explain import explained_balance
from apps.ledger.selectors.tree import categories, category, chart_tree
from apps.ledger.services import (
    apply_chart,
    change_account_limits,
    change_account_status,
    declare_dimension,
    declare_unit,
    describe_account,
    remove_category,
    remove_dimension,
    remove_unit,
    save_category,
)
from apps.platform.api.endpoints import Endpoint

READ, WRITE = "ledger:read", "ledger:write"


class ChartEndpoint(Endpoint):
    """Reading the chart and changing it are two scopes."""

    required_scope: ClassVar[dict[str, str]] = {"GET": READ, "POST": WRITE, "DELETE": WRITE}

    def saved(
        self, request: Request, work: Callable[[], None], shown: Callable[[], Mapping[str, Any]]
    ) -> Response:
        """Do the work once, answer with what there is now."""

        def once() -> tuple[int, Mapping[str, Any]]:
            work()
            return 200, shown()

        return self.once(request, once)


class ChartFile(ChartEndpoint):
    """The whole chart."""

    @extend_schema(
        operation_id="ledger_chart_export",
        responses={(200, "application/json"): OpenApiTypes.OBJECT},
    )
    def get(self, request: Request) -> HttpResponse:
        """Export units, dimensions, accounts and categories; ``Accept: text/csv``: the accounts."""
        if "text/csv" in request.headers.get("Accept", ""):
            return HttpResponse(chart_as_csv(chart()), content_type="text/csv; charset=utf-8")
        return Response(json.loads(chart_as_json(chart())))


class ChartTree(ChartEndpoint):
    """The tree."""

    @extend_schema(
        operation_id="ledger_chart_tree",
        parameters=[shapes.TreeQuery],
        responses=shapes.TreeRowSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List accounts in the order of the tree, headers with the sums below them."""
        asked = self.read_query(request, shapes.TreeQuery)
        rows = chart_tree(search=asked.get("search", ""))
        return Response(shapes.TreeRowSerializer(rows, many=True).data)


class ChartPreview(ChartEndpoint):
    """What applying a chart would do."""

    @extend_schema(
        operation_id="ledger_chart_preview",
        request=shapes.ChartInput,
        responses=shapes.ChartVerdictSerializer(many=True),
    )
    def post(self, request: Request) -> Response:
        """Judge a chart row by row. Changes nothing."""
        wanted = shapes.ChartInput.to_chart(self.read(request, shapes.ChartInput))
        return Response(shapes.ChartVerdictSerializer(chart_verdicts(wanted), many=True).data)


class ChartApplication(ChartEndpoint):
    """Applying a chart."""

    @extend_schema(
        operation_id="ledger_chart_apply",
        request=shapes.ChartInput,
        responses={200: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request) -> Response:
        """Open and change accounts as the chart says, all of it or nothing."""
        data = self.read(request, shapes.ChartInput)
        wanted = shapes.ChartInput.to_chart(data)

        def work() -> tuple[int, Mapping[str, Any]]:
            return 200, apply_chart(chart=wanted, reason=data["reason"], actor=self.actor(request))

        return self.once(request, work)


class ChartTemplates(ChartEndpoint):
    """Charts to begin with."""

    @extend_schema(
        operation_id="ledger_chart_templates",
        responses=shapes.ChartTemplateSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List the templates."""
        return Response(shapes.ChartTemplateSerializer(chart_templates(), many=True).data)


class Units(ChartEndpoint):
    """Units of the tenant's own."""

    @extend_schema(operation_id="ledger_units_list", responses=shapes.UnitSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List them."""
        return Response([asdict(one) for one in chart().units])

    @extend_schema(
        operation_id="ledger_units_declare",
        request=shapes.UnitSerializer,
        responses=shapes.UnitSerializer,
    )
    def post(self, request: Request) -> Response:
        """Declare one, or change one that no account counts in."""
        facts = self.read(request, shapes.UnitSerializer)
        return self.saved(
            request, lambda: declare_unit(**facts, actor=self.actor(request)), lambda: facts
        )


class UnitItem(ChartEndpoint):
    """One unit."""

    @extend_schema(operation_id="ledger_units_remove", responses={204: None})
    def delete(self, request: Request, code: str) -> Response:
        """Take back one that no account counts in."""
        remove_unit(code=code, actor=self.actor(request))
        return Response(status=204)


class Dimensions(ChartEndpoint):
    """What postings answer beside their account."""

    @extend_schema(
        operation_id="ledger_dimensions_list", responses=shapes.DimensionSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """List them."""
        return Response([asdict(one) for one in chart().dimensions])

    @extend_schema(
        operation_id="ledger_dimensions_declare",
        request=shapes.DimensionSerializer,
        responses=shapes.DimensionSerializer,
    )
    def post(self, request: Request) -> Response:
        """Declare one, or change one: postings are held to it from now on."""
        facts = self.read(request, shapes.DimensionSerializer)
        return self.saved(
            request, lambda: declare_dimension(**facts, actor=self.actor(request)), lambda: facts
        )


class DimensionItem(ChartEndpoint):
    """One dimension."""

    @extend_schema(operation_id="ledger_dimensions_remove", responses={204: None})
    def delete(self, request: Request, code: str) -> Response:
        """Ask for it no longer."""
        remove_dimension(code=code, actor=self.actor(request))
        return Response(status=204)


class Categories(ChartEndpoint):
    """Accounts grouped across the tree."""

    @extend_schema(
        operation_id="ledger_categories_list", responses=shapes.CategorySerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """List them with what their accounts hold together."""
        return Response(shapes.CategorySerializer(categories(), many=True).data)

    @extend_schema(
        operation_id="ledger_categories_save",
        request=shapes.CategoryInput,
        responses=shapes.CategorySerializer,
    )
    def post(self, request: Request) -> Response:
        """Make one, or give one other accounts."""
        facts = self.read(request, shapes.CategoryInput)
        return self.saved(
            request,
            lambda: save_category(**facts, actor=self.actor(request)),
            lambda: shapes.CategorySerializer(category(facts["code"])).data,
        )


class CategoryItem(ChartEndpoint):
    """One category."""

    @extend_schema(operation_id="ledger_categories_retrieve", responses=shapes.CategorySerializer)
    def get(self, request: Request, code: str) -> Response:
        """Show it with its balances."""
        return Response(shapes.CategorySerializer(category(code)).data)

    @extend_schema(operation_id="ledger_categories_remove", responses={204: None})
    def delete(self, request: Request, code: str) -> Response:
        """Forget it; its accounts stay."""
        remove_category(code=code, actor=self.actor(request))
        return Response(status=204)


class AccountChange(ChartEndpoint):
    """A change of one account; answers with the account."""

    shape: ClassVar[type[serializers.Serializer]]

    def change(self, request: Request, code: str, work: Callable[..., None]) -> Response:
        """Read the facts, change the account, show it."""
        facts = self.read(request, self.shape)
        return self.saved(
            request,
            lambda: work(code=code, actor=self.actor(request), **facts),
            lambda: AccountSerializer(account_balance(code)).data,
        )


class AccountLimits(AccountChange):
    """What an account may hold."""

    shape = shapes.LimitsInput

    @extend_schema(
        operation_id="ledger_account_limits",
        request=shapes.LimitsInput,
        responses=AccountSerializer,
    )
    def post(self, request: Request, code: str) -> Response:
        """Change its floor and its ceiling, unless the balance breaks them already."""
        return self.change(request, code, change_account_limits)


class AccountStatusChange(AccountChange):
    """What an account takes."""

    shape = shapes.StatusInput

    @extend_schema(
        operation_id="ledger_account_status",
        request=shapes.StatusInput,
        responses=AccountSerializer,
    )
    def post(self, request: Request, code: str) -> Response:
        """Freeze, thaw, close or reopen it."""

        def work(*, status: str, **facts: Any) -> None:
            change_account_status(status=AccountStatus(status), **facts)

        return self.change(request, code, work)


class AccountDescription(AccountChange):
    """What an account is called, where it stands, what it answers."""

    shape = shapes.DescriptionInput

    @extend_schema(
        operation_id="ledger_account_describe",
        request=shapes.DescriptionInput,
        responses=AccountSerializer,
    )
    def post(self, request: Request, code: str) -> Response:
        """Change its name, its parent or its dimensions."""
        return self.change(request, code, describe_account)


class AccountExplanation(ChartEndpoint):
    """Why an account holds what it holds."""

    @extend_schema(
        operation_id="ledger_account_explain",
        parameters=[shapes.ExplainQuery],
        responses=shapes.ExplainedBalanceSerializer,
    )
    def get(self, request: Request, code: str) -> Response:
        """Show what each kind of entry brought and took within some days."""
        asked = self.read_query(request, shapes.ExplainQuery)
        told = explained_balance(code, asked["starts"], asked["ends"])
        return Response(shapes.ExplainedBalanceSerializer(told).data)
