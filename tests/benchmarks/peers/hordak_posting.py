"""django-hordak: ``transfer_to`` between two accounts, the way its documentation shows."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.benchmarks.peers.beside import ACCOUNTS, start, tell


def main() -> None:
    """Open accounts and transfer."""
    start(
        "peer_hordak",
        ["mptt", "hordak"],
        HORDAK_INTERNAL_CURRENCY="USD",
        DEFAULT_CURRENCY="USD",
        HORDAK_CURRENCIES=["USD"],
        CURRENCIES=["USD"],
    )
    from django.db import transaction
    from hordak.models import Account
    from moneyed import Money

    accounts = [
        Account.objects.create(name=f"Account {number}", type="AS", currencies=["USD"])
        for number in range(ACCOUNTS)
    ]

    def way(random: Random) -> Callable[[], int]:
        def work() -> int:
            one, other = random.sample(accounts, 2)
            with transaction.atomic():
                one.transfer_to(other, Money("0.05", "USD"), description="A sale")
            return 1

        return work

    tell(way)


if __name__ == "__main__":
    main()
