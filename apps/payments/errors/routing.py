"""What payments refuses about routing."""

from __future__ import annotations

from dataclasses import dataclass

from apps.platform.errors import DomainError, Kind


@dataclass(eq=False, kw_only=True)
class InvalidRouting(DomainError):
    """The rules cannot be read, or name what there is not."""

    code = "payments/invalid-routing"
    kind = Kind.INVALID
    advice = "Write the rules as the API's reference shows them, with labels of provider accounts."

    problem: str


@dataclass(eq=False, kw_only=True)
class RoutingUndecided(DomainError):
    """Another proposal waits for its second person."""

    code = "payments/routing-undecided"
    kind = Kind.CONFLICT
    advice = "Have the waiting version approved or rejected first."

    version: int


@dataclass(eq=False, kw_only=True)
class RoutingDecided(DomainError):
    """A version of the routing rules that waits for no decision."""

    code = "payments/routing-decided"
    kind = Kind.CONFLICT
    advice = "Reload the page: somebody has decided, or proposed another version."

    version: int


@dataclass(eq=False, kw_only=True)
class NoRoute(DomainError):
    """The rule for this payment names no account that can carry it out."""

    code = "payments/no-route"
    kind = Kind.CONFLICT
    advice = (
        "The route explainer says of every account why not. Change the rule, or name an account."
    )

    rule: str
