"""What the ledger can be asked about currencies."""

from apps.ledger.selectors.fx.conversions import (
    ConversionRow,
    QuoteRow,
    conversion,
    conversions,
    quote,
)
from apps.ledger.selectors.fx.positions import Exposure, exposures
from apps.ledger.selectors.fx.rates import (
    ProposalRow,
    RateRow,
    mid_rate,
    pending_proposals,
    rate,
    rates,
)
from apps.ledger.selectors.fx.revaluations import RevaluationRow, revaluation
from apps.ledger.selectors.fx.valuation import Figures, revaluation_figures

__all__ = [
    "ConversionRow",
    "Exposure",
    "Figures",
    "ProposalRow",
    "QuoteRow",
    "RateRow",
    "RevaluationRow",
    "conversion",
    "conversions",
    "exposures",
    "mid_rate",
    "pending_proposals",
    "quote",
    "rate",
    "rates",
    "revaluation",
    "revaluation_figures",
]
