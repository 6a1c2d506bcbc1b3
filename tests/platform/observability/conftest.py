"""The same books and streams as messaging's own tests, and spans with ids."""

import pytest

from config import telemetry
from tests.platform.messaging.conftest import books, broker, prefix

__all__ = ["books", "broker", "prefix"]


@pytest.fixture(scope="session", autouse=True)
def tracing() -> None:
    """As every process of the house begins."""
    telemetry.set_up("tests")
