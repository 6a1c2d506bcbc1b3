"""Which connectors there are.

Our own are listed here. Others are Python packages that declare an entry point in the group
``countinghouse.connectors``; its name is the connector's code and it loads a connector object.
Ours cannot be replaced that way: whoever can install a package must not silently take over a rail.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from apps.payments.connectors.bank.connector import BankConnector
from apps.payments.connectors.base import Connector
from apps.payments.connectors.cash.connector import CashConnector
from apps.payments.connectors.files import FileRail
from apps.payments.connectors.mpesa.connector import MpesaConnector
from apps.payments.connectors.paypal.connector import PaypalConnector
from apps.payments.connectors.stripe.connector import StripeConnector
from apps.payments.errors import UnknownConnector

GROUP = "countinghouse.connectors"
_OURS: tuple[Connector, ...] = (
    MpesaConnector(),
    BankConnector(),
    CashConnector(),
    StripeConnector(),
    PaypalConnector(),
)


@cache
def connectors() -> dict[str, Connector]:
    """Every installed connector by code."""
    found: dict[str, Connector] = {}
    for point in entry_points(group=GROUP):
        connector = point.load()
        if not isinstance(connector, Connector) or connector.code != point.name:
            raise ValueError(f"entry point {point.name} is not a connector of that code")
        found[point.name] = connector
    return found | {connector.code: connector for connector in _OURS}


def connector(code: str) -> Connector:
    """The connector of that code, or ``UnknownConnector``."""
    try:
        return connectors()[code]
    except KeyError:
        raise UnknownConnector(connector=code) from None


def connector_called_back_at(inbound_name: str) -> Connector:
    """The connector whose callbacks come to ``/in/<inbound_name>/…``."""
    for candidate in connectors().values():
        if candidate.inbound_name == inbound_name:
            return candidate
    raise UnknownConnector(connector=inbound_name)


def file_rails() -> list[str]:
    """The codes of connectors whose payouts leave in files, never one by one."""
    return [code for code, rail in connectors().items() if isinstance(rail, FileRail)]
