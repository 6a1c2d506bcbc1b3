"""Every case the fuzzer has found, and a good file of each kind cut and mixed up, still behave."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

CASES = sorted((Path(__file__).parent / "corpus").glob("*/*"))


@pytest.mark.parametrize("name", TARGETS)
def test_only_the_typed_refusal_is_raised(name: str) -> None:
    target, good = TARGETS[name]
    for case in CASES:
        if case.parent.name == name:
            target(case.read_bytes())
    for at in range(0, len(good), 37):
        target(good[:at])
        target(good[:at] + b"\xff\x00" + good[at:])
        target(good[at:] + good[:at])
    for odd in (
        b"",
        b"null",
        b"[]",
        b'"x"',
        b"1e999",
        b"[" * 50_000,
        b'{"Body":[]}',
        b"\xef\xbb\xbf",
    ):
        target(odd)
