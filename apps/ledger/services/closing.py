"""Holds that close an account: what becomes of it while the hold is open, and afterwards.

Such a hold freezes the account at once, so that nothing else moves on it. The final capture takes
what is left out of it and closes it; when the hold is released or expires instead, the account is
open again. Each of these runs under the lock of the account's balance row, which the functions that
move the hold have taken.
"""

from __future__ import annotations

from collections.abc import Sequence

from apps.ledger.domain import AccountStatus
from apps.ledger.errors import AccountFrozen, AccountHasHolds, AccountNotEmpty
from apps.ledger.models import Account, AccountBalance, Hold
from apps.ledger.selectors.chart import LAGGING, account_balance
from apps.ledger.services.modes import hold_up_posters


def close_to_others(code: str) -> None:
    """Freeze the account the moment its closing hold is placed. Refused if it was not open."""
    if not Account.objects.filter(code=code, status=AccountStatus.OPEN).update(
        status=AccountStatus.FROZEN
    ):
        status = Account.objects.values_list("status", flat=True).get(code=code)
        raise AccountFrozen(leg=1, account=code, account_status=status)


def before_capture(hold: Hold) -> None:
    """Let the posting of the hold's own capture in."""
    let_in_again([hold])


def after_capture(hold: Hold, *, is_closed: bool) -> None:
    """Close the account when the hold is done; until then keep everybody else out."""
    if hold.closes_account_id is None:
        return
    if is_closed:
        refuse_unless_empty(AccountBalance.objects.get(account_id=hold.closes_account_id))
    Account.objects.filter(id=hold.closes_account_id, status=AccountStatus.OPEN).update(
        status=AccountStatus.CLOSED if is_closed else AccountStatus.FROZEN
    )


def let_in_again(holds: Sequence[Hold]) -> None:
    """Open what these holds had frozen; an account that somebody closed meanwhile stays so."""
    frozen = [hold.closes_account_id for hold in holds if hold.closes_account_id is not None]
    if frozen:
        Account.objects.filter(id__in=frozen, status=AccountStatus.FROZEN).update(
            status=AccountStatus.OPEN
        )


def refuse_unless_empty(balance: AccountBalance) -> None:
    """``AccountNotEmpty`` or ``AccountHasHolds`` when the account cannot be closed."""
    account = balance.account
    if balance.mode in LAGGING:
        hold_up_posters()  # they do not wait for the row that the caller holds
    held = account_balance(account.code).balance
    if held.minor:
        raise AccountNotEmpty(
            account=account.code, balance_minor=held.minor, currency=held.currency
        )
    if balance.pending_debits_minor or balance.pending_credits_minor:
        pending = (balance.pending_debits_minor, balance.pending_credits_minor)
        inward, outward = pending if balance.normal_sign == 1 else pending[::-1]
        raise AccountHasHolds(
            account=account.code,
            currency=account.currency,
            pending_in_minor=inward,
            pending_out_minor=outward,
        )
