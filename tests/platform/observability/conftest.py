"""The same books and streams as messaging's own tests."""

from tests.platform.messaging.conftest import books, broker, prefix

__all__ = ["books", "broker", "prefix"]
