"""Opening accounts and changing what they take."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from apps.ledger.domain import AccountClass, AccountStatus
from apps.ledger.errors import (
    AccountDiffers,
    AccountNotFound,
    ParentNotHeader,
    UnknownUnit,
)
from apps.ledger.models import Account, AccountBalance
from apps.ledger.services.closing import refuse_unless_empty
from apps.ledger.services.retries import again_when_in_the_way
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.currencies import currency as unit_of
from apps.platform.use_cases import use_case

#: What an account is; it never changes, since it is what its postings mean.
FIXED = ("account_class", "currency", "is_header")


@use_case("ledger.open_account")
def open_account(  # noqa: PLR0913  the facts of an account, each by name
    *,
    code: str,
    name: str,
    account_class: str,
    currency: str,
    actor: Actor,
    parent: str = "",
    floor_minor: int | None = None,
    ceiling_minor: int | None = None,
    is_header: bool = False,
) -> None:
    """Open an account. Opening it again does nothing; as another kind of account is refused.

    Class, currency and being a header are what an account is. Its name, place and limits are those
    it was first given, or has been given since (``describe_account``, ``change_account_limits``).
    ``account_class`` is one of ``AccountClass``.
    ``parent`` is the code of a header account of the same class. Limits are minor units of the
    balance on the account's normal side; a floor of 0 means it is never overdrawn.
    """
    if unit_of(currency) is None:
        raise UnknownUnit(unit=currency)
    facts = {
        "code": code,
        "account_class": AccountClass(account_class),
        "currency": currency,
        "is_header": is_header,
        "parent": _parent(parent, code, account_class),
    }
    limits = {"floor_minor": floor_minor, "ceiling_minor": ceiling_minor}
    if is_header and any(limit is not None for limit in limits.values()):
        raise ValueError("a header account holds nothing to limit")
    if not Account.objects.filter(code=code).exists() and _open(name, facts, limits):
        audit.note(code, account_class=account_class, currency=currency)
        return
    _refuse_difference(code, facts)
    audit.nothing_happened()


@again_when_in_the_way
@use_case("ledger.change_account_status")
def change_account_status(
    *,
    code: str,
    status: AccountStatus,
    reason: str,
    actor: Actor,
) -> None:
    """Freeze, thaw, close or reopen an account. Postings under way finish first.

    Closing takes a balance of zero and no open hold. Giving the status it has does nothing.
    """
    balance = (
        AccountBalance.objects.select_for_update(of=("self",), no_key=True)
        .select_related("account")
        .filter(account__code=code)
        .first()
    )
    if balance is None:
        raise AccountNotFound(account=code)
    account = balance.account
    if account.status == status:
        audit.nothing_happened()
        return
    if status == AccountStatus.CLOSED:
        refuse_unless_empty(balance)
    audit.note(code, before=account.status, after=status, reason=reason)
    account.status = status
    account.save(update_fields=["status"])


def _parent(code: str, child: str, account_class: str) -> Account | None:
    if not code:
        return None
    parent = Account.objects.filter(
        code=code, is_header=True, account_class=AccountClass(account_class)
    ).first()
    if parent is None:
        raise ParentNotHeader(account=child, parent=code)
    return parent


def _open(name: str, facts: dict[str, object], limits: dict[str, int | None]) -> bool:
    """Write the account, or answer False when somebody else just did."""
    try:
        with transaction.atomic():
            account = Account.objects.create(name=name, opened_at=clock.now(), **facts)
            if not account.is_header:
                sign = AccountClass(account.account_class).normal_side.sign
                AccountBalance.objects.create(account=account, normal_sign=sign, **limits)
    except IntegrityError:
        if not Account.objects.filter(code=facts["code"]).exists():
            raise
        return False
    return True


def _refuse_difference(code: str, facts: dict[str, object]) -> None:
    account = Account.objects.get(code=code)
    differences = [name for name in FIXED if getattr(account, name) != facts[name]]
    if differences:
        raise AccountDiffers(account=code, differences=differences)
