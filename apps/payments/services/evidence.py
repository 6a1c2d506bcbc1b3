"""Files that prove what a person says: their kind is in their bytes, not in their name."""

from __future__ import annotations

from pathlib import PurePosixPath

from apps.payments.errors import ReceiptUnsound

EVIDENCE_BYTES_MAX = 5 * 1024 * 1024
#: What the first bytes of each kind of evidence are. The name alone proves nothing.
EVIDENCE_KINDS = {".pdf": b"%PDF-", ".png": b"\x89PNG\r\n\x1a\n", ".jpg": b"\xff\xd8\xff"}


def checked_evidence(name: str, content: bytes) -> str:
    """The suffix of a kind that is taken, if the bytes are of that kind; ``ReceiptUnsound``."""
    suffix = PurePosixPath(name.lower()).suffix.replace(".jpeg", ".jpg")
    problem = ""
    if not content:
        problem = "is missing"
    elif len(content) > EVIDENCE_BYTES_MAX:
        problem = "is larger than 5 MB"
    elif not content.startswith(EVIDENCE_KINDS.get(suffix, b"\0none")):
        problem = "is a PDF, a PNG or a JPEG file"
    if problem:
        raise ReceiptUnsound(field="evidence", problem=problem)
    return suffix
