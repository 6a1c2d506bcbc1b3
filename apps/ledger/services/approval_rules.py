"""Rules that say which manual entries take the approval of other people."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from apps.ledger.domain import AccountClass, EntryDraft
from apps.ledger.domain.journals import MANUAL, is_manual
from apps.ledger.errors import ApprovalRequired, NotManual
from apps.ledger.models import ApprovalRule
from apps.ledger.selectors.approvals import approvals_needed
from apps.platform import audit
from apps.platform.actors import Actor
from apps.platform.ids import public_id
from apps.platform.use_cases import use_case


@use_case("ledger.save_approval_rule")
def save_approval_rule(  # noqa: PLR0913  the facts of a rule, each by name
    *,
    name: str,
    approvals: int,
    actor: Actor,
    kinds: Sequence[str] = (),
    account_classes: Sequence[AccountClass] = (),
    currency: str = "",
    above_minor: int | None = None,
    role: str = "",
    is_active: bool = True,
) -> UUID:
    """Make a rule, or change the one of this name. Returns its id.

    Kinds are ``manual`` or begin with it. A rule of no approvals waives what would be asked when no
    rule speaks; of several rules that speak, the one that asks for most counts.
    """
    for kind in kinds:
        if not is_manual(kind.removesuffix(".*")):
            raise NotManual(entry_kind=kind)
    rule, _ = ApprovalRule.objects.update_or_create(
        name=name,
        defaults={
            "kinds": sorted(set(kinds)),
            "account_classes": sorted({AccountClass(one) for one in account_classes}),
            "currency": currency,
            "above_minor": above_minor,
            "approvals": approvals,
            "role": role,
            "is_active": is_active,
        },
    )
    audit.note(public_id("apr", rule.id), name=name, approvals=approvals, is_active=is_active)
    return rule.id


def require_approval(draft: EntryDraft) -> None:
    """Refuse a manual entry that comes without the approvals a rule asks for.

    Costs a question to the database for manual kinds only. The guard there asks it again when the
    entry is committed.
    """
    if draft.approval_id is not None or not draft.kind.startswith(MANUAL):
        return
    needed = approvals_needed(draft) if is_manual(draft.kind) else None
    if needed is not None and needed.approvals:
        raise ApprovalRequired(entry_kind=draft.kind, approvals=needed.approvals)
