"""Values and rules of currencies: rates, terms of conversions, positions, revaluation."""

from apps.ledger.domain.fx.legs import (
    CONVERSION_KIND,
    REVALUATION_KIND,
    FxAccount,
    accounts_of,
    conversion_legs,
    revaluation_legs,
)
from apps.ledger.domain.fx.positions import Holding
from apps.ledger.domain.fx.rates import (
    DEVIATION_BPS_MAX,
    PIVOTS,
    Mid,
    Rate,
    RateBook,
    RateDraft,
    RateSource,
    deviation_bps,
)
from apps.ledger.domain.fx.revaluation import MONETARY, Line, Movement, RunState, carried
from apps.ledger.domain.fx.terms import (
    SPREAD_BPS_MAX,
    FixedSide,
    Terms,
    converted,
    proportion,
    terms,
)

__all__ = [
    "CONVERSION_KIND",
    "DEVIATION_BPS_MAX",
    "MONETARY",
    "PIVOTS",
    "REVALUATION_KIND",
    "SPREAD_BPS_MAX",
    "FixedSide",
    "FxAccount",
    "Holding",
    "Line",
    "Mid",
    "Movement",
    "Rate",
    "RateBook",
    "RateDraft",
    "RateSource",
    "RunState",
    "Terms",
    "accounts_of",
    "carried",
    "conversion_legs",
    "converted",
    "deviation_bps",
    "proportion",
    "revaluation_legs",
    "terms",
]
