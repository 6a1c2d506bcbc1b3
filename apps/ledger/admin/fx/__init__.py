"""Currencies in the console."""

from apps.ledger.admin.fx import conversions, exposure, proposals, rates, revaluations, running

__all__ = ["conversions", "exposure", "proposals", "rates", "revaluations", "running"]
