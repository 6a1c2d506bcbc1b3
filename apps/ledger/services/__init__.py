"""What the ledger can be asked to do."""

from apps.ledger.services.accounts import change_account_status, open_account
from apps.ledger.services.entries import post_entries, post_entry, reverse_entry

__all__ = [
    "change_account_status",
    "open_account",
    "post_entries",
    "post_entry",
    "reverse_entry",
]
