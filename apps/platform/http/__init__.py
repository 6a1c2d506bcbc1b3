"""Outbound HTTP: one client that always knows whether anything has left us.

After a call exactly one of three things is true: we have the whole answer (``Exchange``), nothing
was sent (``NotSent``: trying again is safe), or something was sent and the answer is lost
(``AnswerLost``: only asking the other side can tell what became of it).
"""

from apps.platform.errors import AddressRefused, AnswerLost, NotSent
from apps.platform.http.client import HttpClient
from apps.platform.http.exchange import Exchange

__all__ = ["AddressRefused", "AnswerLost", "Exchange", "HttpClient", "NotSent"]
