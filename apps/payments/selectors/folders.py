"""The drop folders of a provider account."""

from __future__ import annotations

from functools import partial
from typing import Literal

from django.conf import settings

from apps.payments.connectors.files import FileRail
from apps.payments.connectors.registry import connector
from apps.payments.models import ProviderAccount
from apps.platform.folders import Folder, StoredFolder
from apps.platform.secrets import secret
from apps.platform.sftp import SftpFolder, SftpPlace


def file_rail(account: ProviderAccount) -> FileRail:
    """The account's connector, which is one of files."""
    rail = connector(account.connector)
    if not isinstance(rail, FileRail):
        raise TypeError(f"{rail.code} is no rail of files")
    return rail


def folder_of(account: ProviderAccount, way: Literal["out", "inbound"]) -> Folder:
    """Where the account's files are put for the bank, or come from it."""
    place = file_rail(account).drop_place(account.config)
    path = place.out if way == "out" else place.inbound
    if not place.is_remote:
        return StoredFolder(f"bank/{account.label}/{path}")
    return SftpFolder(
        SftpPlace(
            host=place.host,
            port=place.port,
            user=place.user,
            host_key=place.host_key,
            key=partial(secret, account.secrets_ref, "ssh_key"),
            timeout_seconds=settings.ENV.provider_timeout_seconds,
        ),
        path,
    )
