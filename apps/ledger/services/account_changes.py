"""Changing what an account is called, where it stands and what it may hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from apps.ledger.domain import BalanceMode
from apps.ledger.errors import (
    AccountNotFound,
    DimensionNotAllowed,
    LimitBroken,
    LimitsNotPossible,
    ParentNotHeader,
)
from apps.ledger.models import Account, AccountBalance, Dimension
from apps.ledger.services.modes import cut_parts_anew
from apps.ledger.services.refusals import typed
from apps.ledger.services.retries import again_when_in_the_way
from apps.platform import audit
from apps.platform.actors import Actor
from apps.platform.use_cases import use_case

#: The CHECKs of the balance row that hold its limits, and what each limit is called.
LIMIT_CHECKS = {
    "ledger_account_balance_floor_kept": "floor",
    "ledger_account_balance_ceiling_kept": "ceiling",
}


@again_when_in_the_way
@use_case("ledger.change_account_limits")
def change_account_limits(
    *,
    code: str,
    floor_minor: int | None,
    ceiling_minor: int | None,
    reason: str,
    actor: Actor,
) -> None:
    """Set the least and the most an account may hold; ``None`` is no limit.

    Minor units of the balance on the account's normal side; a negative floor is an overdraft.
    Postings under way finish first, and the balance row's own guard decides, so a limit that the
    balance breaks by then is refused. The parts of a sharded account are cut anew. Giving the
    limits it has does nothing.
    """
    rows = AccountBalance.objects.filter(account__code=code)
    is_sharded = rows.filter(mode=BalanceMode.SHARDED).exists()
    # A sharded account is locked by what cuts it anew, in the order in which the fold locks.
    balance = (rows if is_sharded else rows.select_for_update(of=("self",), no_key=True)).first()
    if balance is None:
        if Account.objects.filter(code=code).exists():
            raise LimitsNotPossible(account=code, reason="A header account holds nothing.")
        raise AccountNotFound(account=code)
    before = {"floor_minor": balance.floor_minor, "ceiling_minor": balance.ceiling_minor}
    after = {"floor_minor": floor_minor, "ceiling_minor": ceiling_minor}
    if before == after:
        audit.nothing_happened()
        return
    if floor_minor is not None and ceiling_minor is not None and floor_minor > ceiling_minor:
        raise LimitsNotPossible(account=code, reason="The floor is above the ceiling.")
    with _limits_checked(code), transaction.atomic():
        if is_sharded:
            cut_parts_anew(balance.account_id, **after)
        else:
            AccountBalance.objects.filter(account_id=balance.account_id).update(**after)
    audit.note(code, before=before, after=after, reason=reason)


@use_case("ledger.describe_account")
def describe_account(
    *,
    code: str,
    actor: Actor,
    name: str | None = None,
    parent: str | None = None,
    dimensions: Mapping[str, str] | None = None,
) -> None:
    """Change an account's name, its place in the tree, or what it answers for its postings.

    ``None`` leaves a thing as it is; an empty ``parent`` takes the account to the top. None of this
    changes what its postings mean. A parent is a header of the same class, never one below the
    account itself.
    """
    account = Account.objects.select_for_update(of=("self",)).filter(code=code).first()
    if account is None:
        raise AccountNotFound(account=code)
    changes: dict[str, object] = {}
    if name is not None and name != account.name:
        changes["name"] = name
    if parent is not None:
        above = _header(parent, account)
        if (above.id if above else None) != account.parent_id:
            changes["parent"] = above
    if dimensions is not None and dict(dimensions) != account.dimensions:
        check_answers(dimensions)
        changes["dimensions"] = dict(dimensions)
    if not changes:
        audit.nothing_happened()
        return
    with typed():
        Account.objects.filter(id=account.id).update(**changes)
    audit.note(code, **{key: _said(value) for key, value in changes.items()})


def check_answers(dimensions: Mapping[str, str]) -> None:
    """Refuse dimensions that are not declared, and answers they do not allow."""
    declared = {row.code: row.allowed for row in Dimension.objects.filter(code__in=dimensions)}
    for code, answer in dimensions.items():
        allowed = declared.get(code)
        if allowed is None or not answer or (allowed and answer not in allowed):
            raise DimensionNotAllowed(dimension=code, answer=answer)


def _header(code: str, child: Account) -> Account | None:
    if not code:
        return None
    header = Account.objects.filter(
        code=code, is_header=True, account_class=child.account_class
    ).first()
    if header is None:
        raise ParentNotHeader(account=child.code, parent=code)
    return header


def _said(value: object) -> object:
    return value.code if isinstance(value, Account) else value


@contextmanager
def _limits_checked(code: str) -> Iterator[None]:
    """Say which limit the row's checks refused."""
    try:
        yield
    except IntegrityError as error:
        name = str(getattr(getattr(error.__cause__, "diag", None), "constraint_name", ""))
        if name in LIMIT_CHECKS:
            raise LimitBroken(account=code, limit=LIMIT_CHECKS[name]) from error
        if name.startswith("ledger_account_balance_"):
            raise LimitsNotPossible(
                account=code, reason="The way this account is kept allows no such limit."
            ) from error
        raise
