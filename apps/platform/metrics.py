"""Metrics of the house. Names are ``house_<area>_<what>_<unit>``; labels have few values."""

from prometheus_client import Histogram

USE_CASE_SECONDS = Histogram(
    "house_use_case_seconds",
    "Time of a use case, its transaction included.",
    ["use_case", "outcome"],
)
