"""Holds over HTTP: ``/v1/ledger/holds``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.ledger.api.hold_serializers import (
    CaptureInput,
    HoldInput,
    HoldSerializer,
    HoldsQuery,
    ReleaseInput,
)
from apps.ledger.api.serializers import EntryInput
from apps.ledger.api.views import LedgerEndpoint
from apps.ledger.models import Hold, HoldLeg
from apps.ledger.selectors import hold
from apps.ledger.selectors.holds import hold_row, holds_with_legs
from apps.ledger.services import (
    capture_hold,
    place_hold,
    post_up_to_available,
    release_hold,
)
from apps.platform.api.pagination import CursorPages
from apps.platform.api.schema import page_of


def _hold(row: Hold) -> Mapping[str, Any]:
    return HoldSerializer(hold_row(row)).data


class HoldCollection(LedgerEndpoint):
    """Money that is held, or was."""

    @extend_schema(
        operation_id="ledger_holds_list",
        parameters=[HoldsQuery],
        responses=page_of(HoldSerializer),
    )
    def get(self, request: Request) -> Response:
        """List holds, the newest first."""
        filters = self.read_query(request, HoldsQuery)
        rows = holds_with_legs()
        if account := filters.pop("account", ""):
            legs = HoldLeg.objects.filter(account__code=account)
            rows = rows.filter(id__in=legs.values("hold_id"))
        return CursorPages("placed_at").answer(request, rows.filter(**filters), _hold)

    @extend_schema(request=HoldInput, responses={201: HoldSerializer})
    def post(self, request: Request) -> Response:
        """Hold money: available balances shrink at once, nothing is posted yet."""
        draft = HoldInput.to_draft(self.read(request, HoldInput))

        def work() -> tuple[int, Mapping[str, Any]]:
            receipt = place_hold(
                draft=draft, idempotency_key=self.key(request), actor=self.actor(request)
            )
            return 201, HoldSerializer(hold(receipt.hold_id)).data

        return self.once(request, work)


class HoldItem(LedgerEndpoint):
    """One hold."""

    @extend_schema(operation_id="ledger_holds_retrieve", responses=HoldSerializer)
    def get(self, request: Request, id: str) -> Response:
        """Show a hold with its legs and all that happened to it."""
        return Response(HoldSerializer(hold(self.read_id("hld", id))).data)


class HoldCapture(LedgerEndpoint):
    """Posting what is held."""

    @extend_schema(request=CaptureInput, responses={201: HoldSerializer})
    def post(self, request: Request, id: str) -> Response:
        """Post a part of a hold, or all that is left, as a journal entry."""
        hold_id = self.read_id("hld", id)
        draft = CaptureInput.to_draft(self.read(request, CaptureInput))

        def work() -> tuple[int, Mapping[str, Any]]:
            capture_hold(
                hold_id=hold_id,
                draft=draft,
                idempotency_key=self.key(request),
                actor=self.actor(request),
            )
            return 201, HoldSerializer(hold(hold_id)).data

        return self.once(request, work)


class HoldRelease(LedgerEndpoint):
    """Giving back what is held."""

    @extend_schema(request=ReleaseInput, responses={201: HoldSerializer})
    def post(self, request: Request, id: str) -> Response:
        """Release a part of a hold, or all that is left."""
        hold_id = self.read_id("hld", id)
        draft = ReleaseInput.to_draft(self.read(request, ReleaseInput))

        def work() -> tuple[int, Mapping[str, Any]]:
            release_hold(
                hold_id=hold_id,
                draft=draft,
                idempotency_key=self.key(request),
                actor=self.actor(request),
            )
            return 201, HoldSerializer(hold(hold_id)).data

        return self.once(request, work)


class EntryUpToAvailable(LedgerEndpoint):
    """Posting as much as there is."""

    @extend_schema(request=EntryInput, responses={201: HoldSerializer})
    def post(self, request: Request) -> Response:
        """Post an entry of two legs for its amount or, if that is less, for what is available.

        Answers with the hold that was placed and captured at once: what was asked, what was there,
        and the entry.
        """
        draft = EntryInput.to_draft(self.read(request, EntryInput))

        def work() -> tuple[int, Mapping[str, Any]]:
            receipt = post_up_to_available(
                draft=draft, idempotency_key=self.key(request), actor=self.actor(request)
            )
            return 201, HoldSerializer(hold(receipt.hold_id)).data

        return self.once(request, work)
