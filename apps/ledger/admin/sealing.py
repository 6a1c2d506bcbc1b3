"""The seal in the console: how far the books are proved, and taking the proof out of the house."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse

from apps.console.pages import Action, Header, Moment, ObjectPage
from apps.console.registry import register_page, register_view
from apps.console.values import Code, Fact, Link, Ref, Row, Status, Table
from apps.ledger.domain import ledger_verify
from apps.ledger.models import SealBatch
from apps.ledger.selectors import EntryRow, journal_entry
from apps.ledger.selectors.sealing import SealStatus, erasure_of, receipt, seal_of, seal_status
from apps.ledger.services.erasing import erase_metadata
from apps.ledger.services.exporting import FORMATS, start_book_export
from apps.platform.ids import parse_public_id, public_id

PERMISSION = "ledger.view"
ADMINISTER = "ledger.administer"
PAGE = "console:ledger_seal"
BATCHES_SHOWN = 25


class SealPage(ObjectPage):
    """The chain over the journal: its head, its batches, and the exports that prove it."""

    permission = PERMISSION
    nav = PAGE
    title = "Seal"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """There is one chain, so the address names none."""
        super().setup(request, *args, key="", **kwargs)

    def find(self, key: str) -> SealStatus:
        """As it is now."""
        return seal_status()

    def page_title(self) -> str:
        """Its name."""
        return "Seal"

    def header(self, thing: SealStatus) -> Header:
        """How far."""
        return Header(
            kind="Seal of the journal",
            reference=f"{thing.sealed:,} entries sealed",
            status=_state(thing),
            note="Each entry is chained to all before it; heads are signed and kept outside.",
        )

    def facts(self, thing: SealStatus) -> Sequence[Fact]:
        """The newest signed head, and what waits."""
        batch = thing.head_batch
        facts = [
            Fact("Waiting to be sealed", thing.unsealed),
            Fact("Oldest of them", thing.oldest_unsealed_at),
            Fact("Heads without a signature", thing.unsigned),
            Fact("Heads not yet kept outside", thing.unanchored),
        ]
        if batch is not None:
            facts += [
                Fact("Last signed seal", batch.last),
                Fact("Its hash", Ref(bytes(batch.head).hex())),
                Fact("Signed", batch.signed_at),
                Fact("Key", Ref(batch.key_id)),
                Fact("Kept as", Ref(batch.object_name) if batch.object_name else None),
                Fact("Locked until", batch.locked_until),
            ]
        return facts

    def lines(self, thing: SealStatus) -> Sequence[Table]:
        """The newest batches."""
        rows = [
            Row(
                [
                    batch.number,
                    f"{batch.first:,} to {batch.last:,}",
                    batch.sealed_at,
                    batch.key_id or None,
                    _anchored(batch),
                ]
            )
            for batch in SealBatch.objects.order_by("-number")[:BATCHES_SHOWN]
        ]
        columns = ["Batch", "Seals", "Sealed", "Key", "Kept outside"]
        return [Table("Batches", columns, rows, empty="Nothing has been sealed yet.")]

    def actions(self, thing: SealStatus) -> Sequence[Action]:
        """Exports, and the program that checks them."""
        why = "" if thing.sealed else "Nothing is sealed yet, so there is nothing to export."
        exports = [
            Action(
                name=f"export_{name}",
                label=f"Export the book ({kind.title})",
                look="main" if name == "bundle" else "plain",
                icon="download",
                why_not=why,
            )
            for name, kind in sorted(FORMATS.items(), key=lambda item: item[0] != "bundle")
        ]
        verifier = Action(name="verifier", label="Download ledger_verify.py", icon="verified")
        return [*exports, verifier]

    def timeline(self, thing: SealStatus) -> Sequence[Moment]:
        """None: the batches are it."""
        return ()

    def do_export_bundle(self, thing: SealStatus, form: QueryDict) -> HttpResponse:
        """For whoever verifies."""
        return self._export("bundle")

    def do_export_beancount(self, thing: SealStatus, form: QueryDict) -> HttpResponse:
        """For bean-check and Fava."""
        return self._export("beancount")

    def do_export_hledger(self, thing: SealStatus, form: QueryDict) -> HttpResponse:
        """For hledger."""
        return self._export("hledger")

    def do_verifier(self, thing: SealStatus, form: QueryDict) -> HttpResponse:
        """One file that needs nothing of this house."""
        source = Path(ledger_verify.__file__).read_bytes()
        return _download("ledger_verify.py", source, "text/x-python")

    def _export(self, export_format: str) -> HttpResponse:
        job = start_book_export(export_format=export_format, actor=self.actor)
        return HttpResponseRedirect(reverse("console:job", args=[job]))


class EntryProofPage(ObjectPage):
    """That one entry is in the sealed books, and what of it was erased."""

    permission = PERMISSION
    nav = "console:ledger_journalentry_changelist"

    def crumbs(self) -> Sequence[Link]:
        """Back to the entry."""
        key = self.kwargs["key"]
        return (Link(key, reverse("console:ledger_entry", args=[key])),)

    def find(self, key: str) -> EntryRow:
        """By the entry's public id."""
        try:
            return journal_entry(parse_public_id("je", key))
        except ValueError as error:
            raise Http404 from error

    def subject(self, thing: EntryRow) -> str:
        """The entry's public id."""
        return public_id("je", thing.id)

    def header(self, thing: EntryRow) -> Header:
        """Sealed, and as which number."""
        number = seal_of(thing.id)
        return Header(
            kind="Proof of an entry",
            reference=self.subject(thing),
            status=Status("sealed", tone="good") if number else Status("waiting", tone="calm"),
            note=thing.description,
        )

    def facts(self, thing: EntryRow) -> Sequence[Fact]:
        """The steps of the proof, from the entry up to the signature."""
        if not seal_of(thing.id):
            return [Fact("Digest", Ref(thing.digest.hex())), Fact("Seal", "within a minute")]
        told = receipt(thing.id)
        return [
            Fact("Number in the chain", told["seal"]),
            Fact("Digest", Ref(thing.digest.hex())),
            Fact("Seal", Ref(told["hash"])),
            Fact("Batch", told["proof"]["batch"]),
            Fact("Steps to the root", len(told["proof"]["path"])),
            Fact("Root", Ref(told["proof"]["root"])),
            Fact("Signed with", Ref(told["head"]["key"]) if told["head"] else None),
            Fact("Head kept as", Ref(told["anchor"]) if told["anchor"] else None),
            Fact("Metadata", self._metadata(thing)),
        ]

    def lines(self, thing: EntryRow) -> Sequence[Table]:
        """The text that was hashed."""
        if not seal_of(thing.id):
            return ()
        told = ledger_verify.read_payload(receipt(thing.id)["payload"], "receipt")
        rows = [
            Row([name.replace("_", " ").capitalize(), Code(json.dumps(value, ensure_ascii=False))])
            for name, value in told.items()
        ]
        return [Table("What is sealed", ["Field", "Value"], rows)]

    def actions(self, thing: EntryRow) -> Sequence[Action]:
        """The receipt; erasing what is personal."""
        is_sealed = bool(seal_of(thing.id))
        return [
            Action(
                name="receipt",
                label="Download the receipt",
                look="main",
                icon="verified",
                why_not="" if is_sealed else "The entry is sealed within a minute.",
            ),
            Action(
                name="erase",
                label="Erase the metadata",
                look="danger",
                icon="delete",
                permission=ADMINISTER,
                why_not="" if thing.metadata else "There is no metadata to erase.",
                asks="Reason",
                confirm="Metadata is destroyed for good. The entry and its seal stay provable.",
            ),
        ]

    def do_receipt(self, thing: EntryRow, form: QueryDict) -> HttpResponse:
        """As a file."""
        content = json.dumps(receipt(thing.id), indent=1).encode()
        return _download(f"{self.subject(thing)}.receipt.json", content, "application/json")

    def do_erase(self, thing: EntryRow, form: QueryDict) -> str:
        """One use case."""
        erase_metadata(entry_ids=[thing.id], reason=form.get("text", ""), actor=self.actor)
        return "The metadata is gone; the entry still proves itself."

    def _metadata(self, thing: EntryRow) -> str:
        erased = erasure_of(thing.id)
        if erased:
            return f"erased: {erased.reason}"
        return "present" if thing.metadata else "none"


def _state(status: SealStatus) -> Status:
    if status.unsigned or status.unanchored:
        return Status("unsigned", "Heads wait", "warn")
    return Status("sealed", "Sealed and signed", "good") if status.sealed else Status("empty")


def _anchored(batch: SealBatch) -> Status:
    if batch.anchored_at is None:
        return Status("waiting", tone="warn")
    return Status("locked" if batch.locked_until else "kept", tone="good")


def _download(name: str, content: bytes, kind: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


register_view("ledger/seal", SealPage, name="ledger_seal")
register_view("ledger/entries/<str:key>/proof", EntryProofPage, name="ledger_entry_proof")
register_page("Ledger", "Seal", "verified", PAGE, PERMISSION, order=80)
