"""``deploy/asvs.csv``: where the house stands on OWASP ASVS 5.0.0, levels one and two."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = list(csv.DictReader((ROOT / "deploy/asvs.csv").read_text().splitlines()))
#: How many requirements of each level the standard has.
REQUIREMENTS = {"1": 70, "2": 183}
#: Held: shown by a file or a test. Open: it ought to hold and does not. Operator: it is up to who
#: runs the house. Not applicable: the house has no such thing.
STATUSES = {"held", "open", "operator", "not applicable"}


def test_every_requirement_has_its_line() -> None:
    assert Counter(row["level"] for row in ROWS) == REQUIREMENTS
    assert len({row["requirement"] for row in ROWS}) == sum(REQUIREMENTS.values())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["requirement"])
def test_what_is_said_can_be_looked_at(row: dict[str, str]) -> None:
    assert row["status"] in STATUSES
    assert row["shown_by"] if row["status"] == "held" else row["note"]
    for shown in row["shown_by"].split():
        path, _, test = shown.partition("::")
        assert (ROOT / path).exists(), shown
        assert f"def {test}(" in (ROOT / path).read_text() if test else True, shown
