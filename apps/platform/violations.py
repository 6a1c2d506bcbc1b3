"""A law of the books that does not hold."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """``check`` is the law's name, ``subject`` what breaks it, ``detail`` how."""

    check: str
    subject: str
    detail: str
