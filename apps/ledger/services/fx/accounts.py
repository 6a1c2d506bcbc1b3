"""The ledger's own accounts for currencies, opened when they are first needed."""

from __future__ import annotations

from collections.abc import Sequence

from apps.ledger.domain import PostingDraft
from apps.ledger.domain.fx import FxAccount, accounts_of
from apps.ledger.domain.fx.legs import HEADERS
from apps.ledger.models import Account
from apps.ledger.services.accounts import open_account
from apps.platform.actors import SYSTEM
from apps.platform.tenant import current_tenant


def open_missing(postings: Sequence[PostingDraft]) -> None:
    """Open whichever of our own accounts the postings touch for the first time."""
    currency_of = {posting.account: posting.amount.currency for posting in postings}
    needed = accounts_of(postings)
    known = set(
        Account.objects.filter(code__in=[account.code for account in needed]).values_list(
            "code", flat=True
        )
    )
    for account in needed:
        if account.code not in known:
            _open(account, currency_of[account.code])


def _open(account: FxAccount, currency: str) -> None:
    if account.parent:
        name, account_class = HEADERS[account.parent]
        open_account(
            code=account.parent,
            name=name,
            account_class=account_class,
            currency=current_tenant().functional_currency,
            is_header=True,
            actor=SYSTEM,
        )
    open_account(
        code=account.code,
        name=account.name,
        account_class=account.account_class,
        currency=currency,
        parent=account.parent,
        actor=SYSTEM,
    )
