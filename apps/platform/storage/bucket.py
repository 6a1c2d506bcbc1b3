"""A bucket on an S3 server."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from mimetypes import guess_type
from urllib.parse import SplitResult, parse_qs, unquote

from botocore.exceptions import ClientError  # type: ignore[import-untyped]  # has no stubs
from django.core.files.base import File
from django.core.files.storage import Storage
from storages.backends.s3 import S3Storage

from apps.platform.errors import FileNameRefused, FileNameTaken

LINK_SECONDS = 300
SAVE_ATTEMPTS = 10
#: HTTP statuses with which a server says that the name was taken while we looked.
_TAKEN = (409, 412)


class Bucket(S3Storage):
    """A bucket that refuses to overwrite by itself, not only after having looked."""

    def _save(self, name: str, content: File) -> str:
        """Write under ``name`` or, when another took it meanwhile, the next free one."""
        for _ in range(SAVE_ATTEMPTS):
            content.seek(0)
            try:
                self.bucket.Object(name).put(
                    Body=content,
                    IfNoneMatch="*",
                    ContentType=guess_type(name)[0] or "application/octet-stream",
                )
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] not in _TAKEN:
                    raise
                name = self.get_available_name(name)
            else:
                return name
        raise FileNameRefused

    def save_locked(self, name: str, content: bytes, until: datetime) -> datetime | None:
        """Under the bucket's object lock, if it has one: in compliance mode not even the account's
        owner deletes it before ``until``.
        """
        lock = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until}
        is_locking = self._is_locking
        try:
            self.bucket.Object(name).put(
                Body=content,
                IfNoneMatch="*",
                ContentType=guess_type(name)[0] or "application/octet-stream",
                **(lock if is_locking else {}),
            )
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] not in _TAKEN:
                raise
            kept = self.bucket.Object(name).get()
            if kept["Body"].read() != content:
                raise FileNameTaken from error
            retained: datetime | None = kept.get("ObjectLockRetainUntilDate")
            return retained
        return until if is_locking else None

    def save_whole(self, name: str, content: bytes) -> None:
        """An object is there whole or not at all."""
        try:
            self.bucket.Object(name).put(Body=content, IfNoneMatch="*")
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] not in _TAKEN:
                raise
            if self.bucket.Object(name).get()["Body"].read() != content:
                raise FileNameTaken from error

    @cached_property
    def _is_locking(self) -> bool:
        """Whether the bucket was made with object lock; asked once."""
        try:
            told = self.connection.meta.client.get_object_lock_configuration(
                Bucket=self.bucket_name
            )
        except ClientError:
            return False
        enabled: bool = told["ObjectLockConfiguration"].get("ObjectLockEnabled") == "Enabled"
        return enabled


def bucket(parts: SplitResult) -> Storage:
    """Signed requests to one bucket, addressed by path as every S3 server understands it."""
    told = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return Bucket(
        bucket_name=parts.hostname,
        endpoint_url=told.get("endpoint"),
        region_name=told.get("region", "us-east-1"),
        access_key=unquote(parts.username) if parts.username else None,
        secret_key=unquote(parts.password) if parts.password else None,
        addressing_style="path",
        signature_version="s3v4",
        file_overwrite=False,
        default_acl=None,
        querystring_auth=True,
        querystring_expire=LINK_SECONDS,
    )
