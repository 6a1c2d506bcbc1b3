"""django-ledger: a posted journal entry of two transactions through ``commit_txs``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

from tests.benchmarks.peers.beside import ACCOUNTS, start, tell


def main() -> None:
    """Make an entity with accounts and one ledger, and post into it."""
    start(
        "peer_django_ledger",
        ["django.contrib.sessions", "django.contrib.messages", "treebeard", "django_ledger"],
        DJANGO_LEDGER_USE_CLOSING_ENTRIES=False,
    )
    from django.contrib.auth.models import User
    from django_ledger.io import roles
    from django_ledger.models import EntityModel

    person = User.objects.create_user(username="bench")
    entity = EntityModel.create_entity(
        name="Bench", use_accrual_method=True, admin=person, fy_start_month=1
    )
    chart = entity.create_chart_of_accounts(assign_as_default=True, coa_name="Bench", commit=True)
    accounts = [
        entity.create_account(
            code=f"{10_000 + number}",
            role=roles.ASSET_CA_CASH,
            name=f"Account {number}",
            balance_type="debit",
            active=True,
            coa_model=chart,
        )
        for number in range(ACCOUNTS)
    ]
    ledger = entity.create_ledger(name="Bench", posted=True)

    def way(random: Random) -> Callable[[], int]:
        def work() -> int:
            one, other = random.sample(accounts, 2)
            entity.commit_txs(
                je_timestamp=datetime.now(UTC),  # noqa: TID251  nothing of the house runs here
                je_txs=[
                    {
                        "account": one,
                        "amount": Decimal("0.05"),
                        "tx_type": "debit",
                        "description": "A sale",
                    },
                    {
                        "account": other,
                        "amount": Decimal("0.05"),
                        "tx_type": "credit",
                        "description": "A sale",
                    },
                ],
                je_posted=True,
                je_ledger_model=ledger,
                je_desc="A sale",
            )
            return 1

        return work

    tell(way)


if __name__ == "__main__":
    main()
