"""Currencies over HTTP: ``/v1/ledger/fx/…``.

A revaluation is approved in the console only: it takes a second person and their second factor, and
a credential of this API is a program.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.ledger.api import fx_serializers as shapes
from apps.ledger.api.views import LedgerEndpoint
from apps.ledger.domain import AccountClass
from apps.ledger.domain.fx import FixedSide, RateDraft
from apps.ledger.models import FxConversion, FxRate, FxRevaluation
from apps.ledger.selectors.fx import (
    conversion,
    exposures,
    mid_rate,
    quote,
    rate,
    revaluation,
    revaluation_figures,
)
from apps.ledger.selectors.fx.conversions import conversion_row, conversions_with_accounts
from apps.ledger.selectors.fx.rates import rate_row
from apps.ledger.selectors.fx.revaluations import revaluation_row, revaluations_with_lines
from apps.ledger.services import (
    convert,
    discard_revaluation,
    draft_revaluation,
    import_ecb_rates,
    post_revaluation,
    quote_conversion,
    record_rate,
)
from apps.platform.api.pagination import CursorPages
from apps.platform.api.schema import page_of


def _rate(row: FxRate) -> Mapping[str, Any]:
    return shapes.RateSerializer(rate_row(row)).data


def _conversion(row: FxConversion) -> Mapping[str, Any]:
    return shapes.ConversionSerializer(conversion_row(row)).data


def _run(row: FxRevaluation) -> Mapping[str, Any]:
    return shapes.RunSerializer(revaluation_row(row)).data


class RateCollection(LedgerEndpoint):
    """Recorded rates."""

    @extend_schema(
        operation_id="ledger_fx_rates_list",
        parameters=[shapes.RatesQuery],
        responses=page_of(shapes.RateSerializer),
    )
    def get(self, request: Request) -> Response:
        """List rates, the latest recorded first."""
        filters = self.read_query(request, shapes.RatesQuery)
        rows = FxRate.objects.filter(**filters)
        return CursorPages("recorded_at").answer(request, rows, _rate)

    @extend_schema(
        request=shapes.RateInput, responses={201: shapes.RateAnswer, 202: shapes.RateAnswer}
    )
    def post(self, request: Request) -> Response:
        """Record a manual rate. One that is far from the rate in force answers 202: it waits for a
        second person's approval in the console.
        """
        draft = RateDraft(**self.read(request, shapes.RateInput))

        def work() -> tuple[int, Mapping[str, Any]]:
            done = record_rate(draft=draft, actor=self.actor(request))
            row = rate(done.rate_id) if done.rate_id else None
            answer = shapes.RateAnswer({"rate": row, "proposal": done.proposal_id}).data
            return 201 if row else 202, answer

        return self.once(request, work)


class RateImport(LedgerEndpoint):
    """Reference rates of the European Central Bank."""

    @extend_schema(request=shapes.RatesFile, responses={201: shapes.RatesFileAnswer})
    def post(self, request: Request) -> Response:
        """Import a file as the bank publishes it. Importing it again adds nothing."""
        content = self.read(request, shapes.RatesFile)["content"].encode()

        def work() -> tuple[int, Mapping[str, Any]]:
            return 201, {"new": import_ecb_rates(content=content, actor=self.actor(request))}

        return self.once(request, work)


class MidItem(LedgerEndpoint):
    """The middle rate of a pair."""

    @extend_schema(parameters=[shapes.MidQuery], responses=shapes.MidSerializer)
    def get(self, request: Request) -> Response:
        """Show the rate of any pair at an instant, with the recorded rates it is made of."""
        asked = self.read_query(request, shapes.MidQuery)
        mid = mid_rate(asked["base"], asked["quote"], asked.get("at"))
        answer = {
            "base": mid.base,
            "quote": mid.quote,
            "rate": mid.rate,
            "derivation": mid.derivation(),
        }
        return Response(shapes.MidSerializer(answer).data)


class QuoteCollection(LedgerEndpoint):
    """Prices."""

    @extend_schema(request=shapes.QuoteInput, responses={201: shapes.QuoteSerializer})
    def post(self, request: Request) -> Response:
        """Ask for a price. Both amounts are settled now and hold until it expires."""
        asked = self.read(request, shapes.QuoteInput)

        def work() -> tuple[int, Mapping[str, Any]]:
            row = quote_conversion(
                fixed=asked["amount"],
                side=FixedSide(asked["side"]),
                other=asked["other_currency"],
                spread_bps=asked["spread_bps"],
                lifetime=timedelta(seconds=asked["lifetime_seconds"]),
                idempotency_key=self.key(request),
                actor=self.actor(request),
            )
            return 201, shapes.QuoteSerializer(row).data

        return self.once(request, work)


class QuoteItem(LedgerEndpoint):
    """One price."""

    @extend_schema(operation_id="ledger_fx_quotes_retrieve", responses=shapes.QuoteSerializer)
    def get(self, request: Request, id: str) -> Response:
        """Show a quote, and the conversion that used it."""
        return Response(shapes.QuoteSerializer(quote(self.read_id("fxq", id))).data)


class ConversionCollection(LedgerEndpoint):
    """Money that changed its currency."""

    @extend_schema(
        operation_id="ledger_fx_conversions_list", responses=page_of(shapes.ConversionSerializer)
    )
    def get(self, request: Request) -> Response:
        """List conversions, the newest first."""
        rows = conversions_with_accounts()
        return CursorPages("converted_at").answer(request, rows, _conversion)

    @extend_schema(request=shapes.ConversionInput, responses={201: shapes.ConversionSerializer})
    def post(self, request: Request) -> Response:
        """Carry out a quote: one journal entry at the quoted amounts."""
        asked = self.read(request, shapes.ConversionInput)
        quote_id = asked.pop("quote")

        def work() -> tuple[int, Mapping[str, Any]]:
            row = convert(
                quote_id=quote_id,
                idempotency_key=self.key(request),
                actor=self.actor(request),
                **asked,
            )
            return 201, shapes.ConversionSerializer(row).data

        return self.once(request, work)


class ConversionItem(LedgerEndpoint):
    """One conversion."""

    @extend_schema(
        operation_id="ledger_fx_conversions_retrieve", responses=shapes.ConversionSerializer
    )
    def get(self, request: Request, id: str) -> Response:
        """Show a conversion."""
        return Response(shapes.ConversionSerializer(conversion(self.read_id("fxc", id))).data)


class PositionCollection(LedgerEndpoint):
    """What the house is exposed to."""

    @extend_schema(responses=shapes.ExposuresSerializer)
    def get(self, request: Request) -> Response:
        """Show every position with its cost and its worth at the present rate."""
        return Response(shapes.ExposuresSerializer({"data": exposures()}).data)


class RevaluationCollection(LedgerEndpoint):
    """Revaluations."""

    @extend_schema(
        operation_id="ledger_fx_revaluations_list", responses=page_of(shapes.RunSerializer)
    )
    def get(self, request: Request) -> Response:
        """List runs, the newest first."""
        return CursorPages("created_at").answer(request, revaluations_with_lines(), _run)

    @extend_schema(request=shapes.RunInput, responses={201: shapes.RunSerializer})
    def post(self, request: Request) -> Response:
        """Keep a dry run for the end of a day, for a second person to approve in the console."""
        asked = self.read(request, shapes.RunInput)

        def work() -> tuple[int, Mapping[str, Any]]:
            id = draft_revaluation(
                as_of=asked["as_of"],
                classes=[AccountClass(one) for one in sorted(asked["classes"])],
                excluded=asked["excluded"],
                actor=self.actor(request),
            )
            return 201, shapes.RunSerializer(revaluation(id)).data

        return self.once(request, work)


class RevaluationDryRun(LedgerEndpoint):
    """What a revaluation would book."""

    @extend_schema(parameters=[shapes.RunQuery], responses=shapes.FiguresSerializer)
    def get(self, request: Request) -> Response:
        """Work out the figures for the end of a day and keep nothing."""
        figures = revaluation_figures(**self.read_query(request, shapes.RunQuery))
        answer = {
            "as_of": figures.as_of,
            "result": figures.result,
            "digest": figures.digest(),
            "lines": figures.lines,
        }
        return Response(shapes.FiguresSerializer(answer).data)


class RevaluationItem(LedgerEndpoint):
    """One revaluation."""

    @extend_schema(operation_id="ledger_fx_revaluations_retrieve", responses=shapes.RunSerializer)
    def get(self, request: Request, id: str) -> Response:
        """Show a run with its lines."""
        return Response(shapes.RunSerializer(revaluation(self.read_id("rev", id))).data)


class RevaluationPosting(LedgerEndpoint):
    """Booking a revaluation."""

    @extend_schema(request=None, responses={201: shapes.RunSerializer})
    def post(self, request: Request, id: str) -> Response:
        """Post an approved run, and its reversal with the next day's value date."""
        run_id = self.read_id("rev", id)

        def work() -> tuple[int, Mapping[str, Any]]:
            post_revaluation(revaluation_id=run_id, actor=self.actor(request))
            return 201, shapes.RunSerializer(revaluation(run_id)).data

        return self.once(request, work)


class RevaluationDiscard(LedgerEndpoint):
    """Putting a revaluation aside."""

    @extend_schema(request=shapes.DiscardInput, responses={201: shapes.RunSerializer})
    def post(self, request: Request, id: str) -> Response:
        """Discard a run that was not posted."""
        run_id = self.read_id("rev", id)
        reason = self.read(request, shapes.DiscardInput)["reason"]

        def work() -> tuple[int, Mapping[str, Any]]:
            discard_revaluation(revaluation_id=run_id, reason=reason, actor=self.actor(request))
            return 201, shapes.RunSerializer(revaluation(run_id)).data

        return self.once(request, work)
