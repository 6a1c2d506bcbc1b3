"""Dimensions and categories: what accounts and postings are grouped by beside the tree."""

from __future__ import annotations

from collections.abc import Sequence

from apps.ledger.domain import AccountClass
from apps.ledger.errors import AccountNotFound, CategoryNotFound, DimensionNotFound
from apps.ledger.models import Account, Category, CategoryAccount, Dimension
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.use_cases import use_case


@use_case("ledger.declare_dimension")
def declare_dimension(  # noqa: PLR0913  the facts of a dimension, each by name
    *,
    code: str,
    name: str,
    actor: Actor,
    allowed: Sequence[str] = (),
    is_required: bool = False,
    account_classes: Sequence[str] = (),
    kinds: Sequence[str] = (),
) -> None:
    """Declare a dimension, or change one: from now on postings are held to it.

    ``allowed`` are its values (empty: any); ``account_classes`` and ``kinds`` of entries say where
    it is required (empty: everywhere). What was posted before stays as it is. Declaring it again
    with equal facts does nothing.
    """
    facts = {
        "name": name,
        "allowed": list(allowed),
        "is_required": is_required,
        "account_classes": [AccountClass(value).value for value in account_classes],
        "kinds": list(kinds),
    }
    row, is_new = Dimension.objects.select_for_update().get_or_create(
        code=code, defaults={**facts, "declared_at": clock.now()}
    )
    if not is_new and all(getattr(row, key) == value for key, value in facts.items()):
        audit.nothing_happened()
        return
    if not is_new:
        Dimension.objects.filter(id=row.id).update(**facts)
    audit.note(code, **facts)


@use_case("ledger.remove_dimension")
def remove_dimension(*, code: str, actor: Actor) -> None:
    """Ask for a dimension no longer. What was answered stays in the entries."""
    gone, _ = Dimension.objects.filter(code=code).delete()
    if not gone:
        raise DimensionNotFound(dimension=code)
    audit.note(code)


@use_case("ledger.save_category")
def save_category(
    *, code: str, name: str, accounts: Sequence[str], actor: Actor, note: str = ""
) -> None:
    """Make a category of the accounts of these codes, or make an existing one be of them.

    A header stands for all that is below it. Saving it again with equal facts does nothing.
    """
    found = {row.code: row for row in Account.objects.filter(code__in=accounts)}
    missing = [one for one in accounts if one not in found]
    if missing:
        raise AccountNotFound(account=missing[0])
    category, is_new = Category.objects.select_for_update().get_or_create(
        code=code, defaults={"name": name, "note": note, "declared_at": clock.now()}
    )
    members = set(category.accounts.values_list("code", flat=True))
    if not is_new and (category.name, category.note, members) == (name, note, set(accounts)):
        audit.nothing_happened()
        return
    Category.objects.filter(id=category.id).update(name=name, note=note)
    CategoryAccount.objects.filter(category=category).exclude(account__code__in=accounts).delete()
    CategoryAccount.objects.bulk_create(
        CategoryAccount(category=category, account=found[one])
        for one in found
        if one not in members
    )
    audit.note(code, name=name, accounts=sorted(found))


@use_case("ledger.remove_category")
def remove_category(*, code: str, actor: Actor) -> None:
    """Forget a category; its accounts stay."""
    gone, _ = Category.objects.filter(code=code).delete()
    if not gone:
        raise CategoryNotFound(category=code)
    audit.note(code)
