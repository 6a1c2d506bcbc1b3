"""Who is paid by bank."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BankPayee:
    """An account at a bank: an IBAN where there is one, else its number and its bank.

    ``bic`` or the bank's ``clearing_member`` number in the national clearing; ``text`` is what the
    payee reads on the statement.
    """

    name: str
    iban: str = ""
    account: str = ""
    bic: str = ""
    clearing_member: str = ""
    text: str = ""

    @property
    def facts(self) -> Mapping[str, str]:
        """By name."""
        return asdict(self)

    @property
    def masked(self) -> str:
        """Enough to recognise: the end of the account."""
        return f"••••{(self.iban or self.account)[-4:]}"
