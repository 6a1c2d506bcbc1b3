"""The definition of a tenant's schema, as text."""

from __future__ import annotations

from django.db import models


class Blueprint(models.Model):
    """What makes a tenant's schema, read once per release from the template's catalogue.

    ``migrations`` are the applied migrations it was read at, as a digest: with any others it is
    made anew. There is one row at most.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    migrations = models.CharField(max_length=64)
    definition = models.TextField()
    made_at = models.DateTimeField()

    class Meta:
        db_table = "tenancy_blueprint"
        constraints = [
            models.CheckConstraint(name="tenancy_blueprint_one", condition=models.Q(id=1)),
        ]

    def __str__(self) -> str:
        return f"blueprint of {self.made_at:%Y-%m-%d %H:%M}"
