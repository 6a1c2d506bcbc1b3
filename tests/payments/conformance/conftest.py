"""The kit's table: connector x clause, with what is not offered said so."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.payments.connectors import registry

HERE = Path(__file__).parent / "sample"
CELLS: dict[tuple[str, str], str] = {}


@pytest.fixture(scope="module", autouse=True)
def sample_package() -> Iterator[None]:
    """The sample's folder on the path is all that an installation would do."""
    sys.path.insert(0, str(HERE))
    registry.connectors.cache_clear()
    yield
    sys.path.remove(str(HERE))
    sys.modules.pop("sample_rail", None)
    registry.connectors.cache_clear()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: Any) -> Iterator[None]:
    """Note how each clause ended for each connector."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    code = getattr(item, "callspec", None) and item.callspec.params.get("code")
    is_over = report.when == "call" or (report.when == "setup" and not report.passed)
    if code and is_over:
        clause = item.originalname.removeprefix("test_").replace("_", " ")
        told = report.longrepr[2] if report.skipped else ""
        cell = "kept" if report.passed else told.removeprefix("Skipped: ") or "BROKEN"
        CELLS[clause, code] = cell


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the table."""
    if not CELLS:
        return
    codes = sorted({code for _clause, code in CELLS})
    width = max(len(clause) for clause, _code in CELLS)
    terminalreporter.section("conformance of connectors")
    terminalreporter.write_line(" " * width + "".join(f"  {code:22}" for code in codes))
    for clause in dict.fromkeys(clause for clause, _code in CELLS):
        row = "".join(f"  {CELLS.get((clause, code), '-'):22}" for code in codes)
        terminalreporter.write_line(f"{clause:{width}}{row}".rstrip())
