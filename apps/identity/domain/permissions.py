"""The catalogue of permissions, and the roles every tenant starts with.

A permission is ``app.what`` and belongs to the app it is named after. Roles are data: a tenant may
have others, but these seven exist everywhere and keep drafting, approving and releasing apart.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Every permission there is, with what it lets a person do.
PERMISSIONS: dict[str, str] = {
    "ledger.view": "Read accounts, entries and balances",
    "ledger.post": "Write journal entries by hand",
    "ledger.reverse": "Reverse journal entries",
    "ledger.release_hold": "Release held money",
    "ledger.manage": "Open and change accounts, their limits and the chart",
    "ledger.fx": "Record exchange rates, convert money and run revaluations",
    "ledger.fx_approve": "Approve exchange rates and revaluations",
    "ledger.close_period": "Close periods, ask for exceptions, carry a year's result",
    "ledger.approve_period": "Approve exceptions and reopenings of periods",
    "ledger.approve_journal": "Approve or reject manual journals",
    "ledger.manage_templates": "Write, check and retire posting templates",
    "ledger.activate_template": "Activate posting templates other people wrote",
    "ledger.manage_rules": "Say which manual journals need whose approval",
    "ledger.set_limits": "Set velocity limits and watch balances",
    "ledger.settle_items": "Settle open items against each other, and undo that",
    "ledger.administer": "Stop and resume posting, erase metadata",
    "payments.view": "Read payment intents and attempts",
    "payments.collect": "Ask a payer for money",
    "payments.operate": "Query and retry attempts, handle callbacks",
    "payments.reveal": "Open payers' whole phone numbers, each time on record",
    "payments.record": "Record receipts by hand, use pay-ins nobody asked for",
    "payments.approve": "Approve refunds and receipts recorded by hand",
    "settlements.view": "Read batches, disbursements and statements",
    "settlements.draft": "Draft and submit disbursement batches",
    "settlements.approve": "Approve or reject disbursement batches",
    "settlements.release": "Release approved batches for payment",
    "settlements.reconcile": "Import statements and resolve breaks",
    "identity.manage": "Create people and grant roles",
    "tenancy.manage": "Make, suspend and close organisations, on the platform",
    "platform.view_jobs": "Read long-running jobs",
    "platform.resume_jobs": "Take up other people's failed jobs again",
    "platform.view_activity": "Read the audit trail",
    "webhooks.view": "Read webhook endpoints and their deliveries",
    "webhooks.replay": "Have webhooks delivered again",
    "webhooks.manage": "Manage webhook endpoints and their secrets",
    "developers.manage": "Manage service clients and API keys",
    "compliance.view": "Read compliance records",
}

#: Whoever holds one of these signs in with a second factor: they let money out of the house.
NEEDS_SECOND_FACTOR = frozenset(
    {
        "ledger.fx_approve",
        "settlements.approve",
        "settlements.release",
        "payments.approve",
        "ledger.approve_journal",
        "ledger.approve_period",
        "ledger.activate_template",
    }
)

_BUSINESS = ("ledger.view", "payments.view", "settlements.view")
_WEBHOOKS = ("webhooks.view", "webhooks.replay", "webhooks.manage")


@dataclass(frozen=True, slots=True)
class RoleDraft:
    """A role as it is seeded."""

    code: str
    name: str
    permissions: tuple[str, ...]


ROLES: tuple[RoleDraft, ...] = (
    RoleDraft("viewer", "Viewer", _BUSINESS),
    RoleDraft(
        "operator",
        "Operator",
        (
            *_BUSINESS,
            "payments.collect",
            "payments.operate",
            "payments.reveal",
            "payments.record",
            "settlements.draft",
            "settlements.reconcile",
            "webhooks.view",
            "webhooks.replay",
            "platform.view_jobs",
        ),
    ),
    RoleDraft(
        "approver",
        "Approver",
        (
            *_BUSINESS,
            "ledger.fx_approve",
            "ledger.approve_journal",
            "ledger.approve_period",
            "ledger.activate_template",
            "payments.approve",
            "settlements.approve",
            "platform.view_jobs",
            "platform.view_activity",
        ),
    ),
    RoleDraft(
        "treasurer",
        "Treasurer",
        (
            *_BUSINESS,
            "ledger.post",
            "ledger.reverse",
            "ledger.release_hold",
            "ledger.manage",
            "ledger.fx",
            "ledger.close_period",
            "ledger.set_limits",
            "ledger.manage_templates",
            "ledger.settle_items",
            "settlements.release",
            "settlements.reconcile",
            "platform.view_jobs",
            "platform.view_activity",
        ),
    ),
    RoleDraft(
        "compliance",
        "Compliance officer",
        (*_BUSINESS, "compliance.view", "platform.view_activity"),
    ),
    RoleDraft(
        "developer",
        "Developer",
        (
            "ledger.view",
            "payments.view",
            *_WEBHOOKS,
            "developers.manage",
            "platform.view_jobs",
        ),
    ),
    RoleDraft(
        "administrator",
        "Administrator",
        (
            *_BUSINESS,
            "ledger.administer",
            "identity.manage",
            "tenancy.manage",  # in a tenant's own console there is no page that asks for it
            "ledger.manage_rules",
            *_WEBHOOKS,
            "developers.manage",
            "compliance.view",
            "platform.view_jobs",
            "platform.resume_jobs",
            "platform.view_activity",
        ),
    ),
)
