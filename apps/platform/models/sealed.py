"""Columns whose content the database alone does not tell."""

from __future__ import annotations

from typing import Any

from django.db import models

from apps.platform.secrets.sealing import seal_bytes, unseal_bytes


class SealedBytes(models.BinaryField):
    """Bytes that are sealed in the database and open in the program."""

    def __init__(self, *, purpose: str = "", **options: Any) -> None:
        self.purpose = purpose
        super().__init__(**options)

    def deconstruct(self) -> Any:
        """Plain bytes: the database knows no difference, and migrations no program."""
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.BinaryField", args, options

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Sealed."""
        sealed = None if value is None else seal_bytes(self.purpose, bytes(value))
        return super().get_db_prep_value(sealed, connection, prepared)

    def from_db_value(self, value: Any, *_about: Any) -> bytes | None:
        """Opened, or ``SealBroken``."""
        return None if value is None else unseal_bytes(self.purpose, bytes(value))
