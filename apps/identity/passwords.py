"""Words a stranger would try first here (OWASP ASVS 5.0, 6.1.2 and 6.2.11)."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError

from apps.identity.models import User
from apps.platform.tenant import current_tenant

#: Beside the tenant's own names, which are read where the password is chosen.
WORDS = ("countinghouse", "password", "finance", "ledger", "payments", "settlements", "mpesa")
#: The letters that must be left of a password when those words are taken away.
LETTERS_MIN = 8


class HouseWordsValidator:
    """Refuses a password that is little more than the names of this house and its tenant."""

    def validate(self, password: str, user: User | None = None) -> None:  # noqa: ARG002  Django's shape
        """Raise ``ValidationError`` if there are such words and hardly a letter else."""
        tenant = current_tenant()
        names = re.findall(r"[a-z]{3,}", f"{tenant.name} {tenant.slug}".lower())
        rest = password.lower()
        for word in sorted({*WORDS, *names}, key=len, reverse=True):
            rest = rest.replace(word, "")
        letters = re.sub(r"[\W\d_]", "", rest)
        if rest != password.lower() and len(letters) < LETTERS_MIN:
            raise ValidationError(
                "It is little more than the names of this house.", code="house_words"
            )

    def get_help_text(self) -> str:
        """A sentence for the form."""
        return "Leave out the names of this house and of your organisation."
