"""Currencies: rates, quotes, conversions, revaluation."""

from apps.ledger.services.fx.conversions import convert
from apps.ledger.services.fx.importing import (
    fetch_ecb_rates,
    import_ecb_rates,
    record_provider_rates,
    refresh_ecb_rates,
)
from apps.ledger.services.fx.quotes import quote_conversion
from apps.ledger.services.fx.rates import approve_rate, record_rate, reject_rate
from apps.ledger.services.fx.revaluations import (
    approve_revaluation,
    discard_revaluation,
    draft_revaluation,
    post_revaluation,
)

__all__ = [
    "approve_rate",
    "approve_revaluation",
    "convert",
    "discard_revaluation",
    "draft_revaluation",
    "fetch_ecb_rates",
    "import_ecb_rates",
    "post_revaluation",
    "quote_conversion",
    "record_provider_rates",
    "record_rate",
    "refresh_ecb_rates",
    "reject_rate",
]
