"""What drf-spectacular does not know by itself."""

from __future__ import annotations

from typing import Any


def add_problem_answers(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """Every operation may answer with a problem."""
    return result
