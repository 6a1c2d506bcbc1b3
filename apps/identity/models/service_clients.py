"""Programs that call the API, and what they prove themselves with. Only hashes are kept."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.platform.models.rows import Identified


class ServiceClient(Identified):
    """A neighbouring program. Its keys and tokens never carry more scopes than it has.

    ``networks`` are CIDR texts from which it may call; empty means from anywhere. While
    ``former_until`` has not passed, the secret before the present one still works.
    """

    name = models.CharField(max_length=100, unique=True)
    scopes = ArrayField(models.CharField(max_length=40), default=list)
    networks = ArrayField(models.CharField(max_length=50), default=list)
    secret_sha256 = models.CharField(max_length=64)
    former_sha256 = models.CharField(max_length=64, blank=True)
    former_until = models.DateTimeField(null=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=220)

    class Meta(Identified.Meta):
        db_table = "identity_service_client"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ApiKey(Identified):
    """A long-lived credential of a service client.

    A key that was rotated keeps working until its ``expires_at``, so that both programs have time
    to change. ``last_used_at`` is coarse: written at most once in five minutes.
    """

    client = models.ForeignKey(ServiceClient, on_delete=models.PROTECT, related_name="keys")
    name = models.CharField(max_length=100)
    secret_sha256 = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=40), default=list)
    rotated_from = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="rotated_to"
    )
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=220)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    last_used_ip = models.GenericIPAddressField(null=True)

    class Meta(Identified.Meta):
        db_table = "identity_api_key"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name


class AccessToken(Identified):
    """A short-lived credential given for a client's id and secret (RFC 6749, 4.4)."""

    client = models.ForeignKey(ServiceClient, on_delete=models.CASCADE, related_name="tokens")
    secret_sha256 = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=40), default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta(Identified.Meta):
        db_table = "identity_access_token"

    def __str__(self) -> str:
        return f"token of {self.client_id}"
