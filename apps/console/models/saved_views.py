"""A list as somebody likes to see it."""

from django.db import models

from apps.platform.models.rows import Identified


class SavedView(Identified):
    """A named set of filters of one list, of one person, shared with everyone or not.

    ``page`` is the list's URL name, ``query`` the part of the address behind the question mark.
    It grants nothing: whoever opens it needs the list's own permission.
    """

    page = models.CharField(max_length=120)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000, blank=True)
    owner = models.ForeignKey("identity.User", on_delete=models.PROTECT, related_name="+")
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "console_saved_view"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["page", "owner", "name"], name="console_saved_view_name_once"
            ),
            models.CheckConstraint(name="console_saved_view_named", condition=~models.Q(name="")),
        ]

    def __str__(self) -> str:
        return self.name
