"""What the day must have proved, asked from outside."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from deploy.local.day.cast import COMPANIES, Company
from deploy.local.day.stage import Stage

#: The ledger's mirrors of the two provider accounts.
MIRRORS = {"paybill": "1100", "payout_shortcode": "1110"}
#: What an auditor is given with an export: one file that needs nothing of the house.
VERIFIER = "apps/ledger/domain/ledger_verify.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One statement about the day, and whether it holds."""

    claim: str
    holds: bool
    figure: str


def proofs(stage: Stage) -> list[Proof]:
    """Every proof of the day, in the order of the report."""
    found = [_payments(stage)]
    for company in COMPANIES:
        found += [
            _confirmations(stage, company),
            _four_eyes(stage, company),
            _payouts(stage, company),
            _exceptions(stage, company),
            *_agreement(stage, company),
            _seal(stage, company),
        ]
    return [*found, *_books(stage), _provider(stage)]


def _payments(stage: Stage) -> Proof:
    ended: dict[str, str] = stage.day.notes["payments"]
    wrong = [
        f"{order.tenant}/{order.reference} ({order.story})"
        for order in stage.day.orders
        if (ended.get(f"{order.tenant}/{order.reference}") == "succeeded") != order.is_paid
    ]
    return Proof(
        claim="Every order's payment ended as its customer decided",
        holds=not wrong,
        figure=", ".join(wrong) or f"{len(ended)} of {len(stage.day.orders)}",
    )


def _confirmations(stage: Stage, company: Company) -> Proof:
    effects: dict[str, int] = stage.day.notes[f"confirmed/{company.slug}"]
    paid = {order.reference for order in stage.day.of(company.slug) if order.is_paid}
    return Proof(
        claim=f"{company.name}: each captured payment was confirmed once, no other was",
        holds=set(effects) == paid and set(effects.values()) == {1},
        figure=f"{len(effects)} of {len(paid)}",
    )


def _four_eyes(stage: Stage, company: Company) -> Proof:
    status = stage.day.notes.get(f"maker_refused/{company.slug}")
    return Proof(
        claim=f"{company.name}: the maker could not approve her own batch",
        holds=status == HTTPStatus.FORBIDDEN,
        figure=f"HTTP {status}",
    )


def _payouts(stage: Stage, company: Company) -> Proof:
    state = stage.day.notes["batches"].get(company.slug)
    asked = stage.day.notes["was_unknown"][company.slug]
    return Proof(
        claim=f"{company.name}: every payee was paid; what was unknown was found by asking",
        holds=state == "settled" and asked > 0,
        figure=f"batch {state}, {asked} asked about",
    )


def _exceptions(stage: Stage, company: Company) -> Proof:
    since: str = stage.day.notes["started_at"]
    kinds = [
        row["kind"] for row in stage.day.notes["breaks"][company.slug] if row["opened_at"] >= since
    ]
    return Proof(
        claim=f"{company.name}: one odd fee and one unasked payment wait in the queue",
        holds=sorted(kinds) == ["fee_unexpected", "missing_internal"],
        figure=", ".join(sorted(kinds)) or "none",
    )


def _agreement(stage: Stage, company: Company) -> list[Proof]:
    """Our mirror of each provider account equals the provider's own books."""
    found = []
    for field, account in MIRRORS.items():
        shortcode = getattr(company, field)
        books = stage.provider.ask("books", shortcode=shortcode)["organisations_minor"]
        theirs = books[shortcode]["total"]
        ours = stage.api(company).get(f"/v1/ledger/accounts/{account}")["balance"]["amount"]
        found.append(
            Proof(
                claim=f"{company.name}: account {account} equals M-Pesa's books of {shortcode}",
                holds=ours == theirs,
                figure=f"KES {ours / 100:,.2f} and KES {theirs / 100:,.2f}",
            )
        )
    return found


def _seal(stage: Stage, company: Company) -> Proof:
    """The exported journal proves itself, with the public key and without the database."""
    key = stage.credentials["seal"]
    bundle = stage.folder / f"{company.slug}.ledger.jsonl.gz"
    bundle.unlink(missing_ok=True)
    _manage(
        *("export_book", "--tenant", company.slug, "--format", "bundle", "--output", str(bundle))
    )
    verified = _python(VERIFIER, str(bundle), "--key", f"{key['id']}={key['public']}")
    return Proof(
        claim=f"{company.name}: the sealed journal proves itself offline",
        holds=verified.returncode == 0,
        figure=(verified.stdout.splitlines() or [f"exit {verified.returncode}"])[0],
    )


def _manage(*words: str) -> subprocess.CompletedProcess[str]:
    """A management command, as an operator runs it."""
    return _python("manage.py", *words)


def _python(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)


def _books(stage: Stage) -> list[Proof]:
    """The audit of every law of the books, as an operator runs it."""
    run = _manage("audit_books", "--all-tenants", "--json")
    audits: list[dict[str, Any]] = json.loads(run.stdout)["tenants"] if run.stdout else []
    stage.day.notes["audits"] = audits
    found = [
        Proof(
            claim="The audit of all books found nothing",
            holds=run.returncode == 0 and all(audit["is_clean"] for audit in audits),
            figure=f"exit {run.returncode}, {sum(len(a['checks']) for a in audits)} checks, "
            f"{sum(len(a['violations']) for a in audits)} violations",
        )
    ]
    for audit in audits:
        sums = audit["trial_balance"]
        found.append(
            Proof(
                claim=f"{audit['tenant']}: debits equal credits in every currency",
                holds=bool(sums) and all(s["debits"] == s["credits"] for s in sums.values()),
                figure=", ".join(
                    f"{code} {s['debits'] / 100:,.2f}" for code, s in sorted(sums.items())
                ),
            )
        )
    return found


def _provider(stage: Stage) -> Proof:
    answer = stage.provider.ask("proof")
    return Proof(
        claim="The provider's own books prove themselves", holds=bool(answer), figure="sums zero"
    )
