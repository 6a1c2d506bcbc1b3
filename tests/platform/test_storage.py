"""Files of one tenant, in a folder and in a real S3 bucket: the same promises."""

from __future__ import annotations

import json
import stat
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]  # has no stubs
import pytest
from botocore.exceptions import ClientError  # type: ignore[import-untyped]  # has no stubs
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection

from apps.platform import clock
from apps.platform.errors import FileNameRefused, FileNameTaken, NoTenant
from apps.platform.storage import TenantStorage
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from tests.platform.servers import answers, free_port, program, running

KEY, SECRET = "house", "s3cr/et+key"


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The ``STORAGE_URL`` of a bucket on a real S3 server, without its credentials."""
    folder = tmp_path_factory.mktemp("weed")
    weed = program("weed")
    ports = {
        name: str(free_port(with_twin=True))
        for name in ("-master.port", "-volume.port", "-filer.port", "-s3.port", "-admin.port")
    }
    who = {"name": "app", "credentials": [{"accessKey": KEY, "secretKey": SECRET}]}
    who["actions"] = ["Admin", "Read", "Write", "List", "Tagging"]
    (folder / "s3.json").write_text(json.dumps({"identities": [who]}))
    command = [weed, "mini", "-dir", str(folder), "-ip", "127.0.0.1", "-ip.bind", "127.0.0.1"]
    command += [word for pair in ports.items() for word in pair]
    command += ["-s3.config", str(folder / "s3.json"), "-s3.port.iceberg", "0"]
    command += ["-s3.port.lance", "0", "-webdav=false", "-admin.ui=false"]
    command += ["-master.telemetry=false"]
    endpoint = f"http://127.0.0.1:{ports['-s3.port']}"
    with running(command, folder, lambda: answers(f"{endpoint}/healthz")):
        client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
        )
        client.create_bucket(Bucket="files")
        client.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
        yield f"files?endpoint={endpoint}"


@pytest.fixture(params=["folder", pytest.param("bucket", marks=pytest.mark.servers)])
def store(request: pytest.FixtureRequest, settings: Any, tmp_path: Path) -> TenantStorage:
    if request.param == "folder":
        url = f"file://{tmp_path}/files"
    else:
        url = f"s3://{KEY}:s3cr%2Fet%2Bkey@{request.getfixturevalue('bucket')}"
    settings.ENV = replace(settings.ENV, storage_url=url)
    return TenantStorage()


def text(store: TenantStorage, name: str) -> bytes:
    with store.open(name) as file:
        content: bytes = file.read()
    return content


def test_a_file_is_kept_and_found_again(mara: Tenant, store: TenantStorage) -> None:
    name = store.save("reports/march.csv", ContentFile(b"a,b\r\n"))
    assert name == "reports/march.csv"
    assert (text(store, name), store.size(name), store.exists(name)) == (b"a,b\r\n", 5, True)
    assert abs((clock.now() - store.get_modified_time(name)).total_seconds()) < 60
    assert store.listdir("reports") == ([], ["march.csv"])
    store.delete(name)
    assert not store.exists(name)


def test_nothing_is_overwritten(mara: Tenant, store: TenantStorage) -> None:
    first = store.save("same.txt", ContentFile(b"first"))
    second = store.save("same.txt", ContentFile(b"second"))
    assert first != second
    assert (text(store, first), text(store, second)) == (b"first", b"second")


def test_eight_who_save_one_name_at_once_keep_eight_files(
    committed_mara: Tenant, store: TenantStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All have seen that the name is free before the first of them writes."""
    inner = type(store._store)
    look, barrier, has_looked = inner.get_available_name, threading.Barrier(8), threading.local()
    names: list[str] = []

    def look_together(self: Any, name: str, max_length: int | None = None) -> Any:
        free = look(self, name, max_length)
        if not hasattr(has_looked, "once"):
            has_looked.once = True
            barrier.wait()
        return free

    monkeypatch.setattr(inner, "get_available_name", look_together)

    def save(number: int) -> None:
        with inside(committed_mara):
            names.append(store.save("race.txt", ContentFile(str(number).encode())))
        connection.close()

    threads = [threading.Thread(target=save, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(names)) == 8
    assert sorted(text(store, name) for name in names) == [str(n).encode() for n in range(8)]


def test_what_is_kept_for_good_is_written_once(mara: Tenant, store: TenantStorage) -> None:
    until = clock.now() + timedelta(days=1)
    assert store.save_locked("heads/1.json", b"one", until) is None
    assert store.save_locked("heads/1.json", b"one", until) is None
    with pytest.raises(FileNameTaken):
        store.save_locked("heads/1.json", b"two", until)
    assert text(store, "heads/1.json") == b"one"
    assert store.listdir("heads") == ([], ["1.json"])


@pytest.mark.servers
def test_a_bucket_with_object_lock_lets_nobody_delete(
    mara: Tenant, bucket: str, settings: Any
) -> None:
    url = f"s3://{KEY}:s3cr%2Fet%2Bkey@{bucket.replace('files', 'locked')}"
    settings.ENV = replace(settings.ENV, storage_url=url)
    store = TenantStorage()
    until = (clock.now() + timedelta(days=1)).replace(microsecond=0)
    assert store.save_locked("heads/1.json", b"one", until) == until
    assert store.save_locked("heads/1.json", b"one", until) == until
    kept = store._store.bucket.Object(f"{mara.id}/heads/1.json")
    with pytest.raises(ClientError) as refused:
        kept.Version(kept.version_id).delete()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_two_tenants_may_use_one_name(baobab: Tenant, mara: Tenant, store: TenantStorage) -> None:
    name = store.save("secret.txt", ContentFile(b"of mara"))
    connection.set_schema_to_public()  # type: ignore[attr-defined]  # django_tenants' own
    with inside(baobab):
        assert not store.exists(name)
        with pytest.raises((FileNotFoundError, ClientError)):
            text(store, name)
        assert store.save("secret.txt", ContentFile(b"of baobab")) == name
        assert store.listdir("") == ([], [name])
    connection.set_schema_to_public()  # type: ignore[attr-defined]  # django_tenants' own
    with inside(mara):
        assert text(store, name) == b"of mara"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/etc/passwd",
        "../other/secret.txt",
        "a/../../b",
        "a/./b",
        "a//b",
        "a/",
        "a\\..\\b",
        "a\0b",
        "a\r\nb",
        "x" * 251,
    ],
)
def test_a_name_cannot_leave_the_room(mara: Tenant, store: TenantStorage, name: str) -> None:
    for attempt in (store.open, store.exists, store.delete, store.size, store.url):
        with pytest.raises(FileNameRefused):
            attempt(name)
    with pytest.raises(FileNameRefused):
        store.save(name, ContentFile(b""))


def test_files_in_a_folder_are_for_the_program_alone(
    mara: Tenant, settings: Any, tmp_path: Path
) -> None:
    settings.ENV = replace(settings.ENV, storage_url=f"file://{tmp_path}/files")
    store = TenantStorage()
    store.save("plain.txt", ContentFile(b""))
    [kept] = (tmp_path / "files" / str(mara.id)).iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


def test_without_a_tenant_there_are_no_files(db: None, store: TenantStorage) -> None:
    connection.set_schema_to_public()  # type: ignore[attr-defined]  # django_tenants' own
    for attempt in (
        lambda: store.save("a.txt", ContentFile(b"")),
        lambda: store.exists("a.txt"),
        lambda: store.listdir(""),
    ):
        with pytest.raises(NoTenant):
            attempt()


def test_it_is_what_django_uses(mara: Tenant, store: TenantStorage) -> None:
    name = default_storage.save("a.txt", ContentFile(b"a"))
    assert text(store, name) == b"a"


def test_a_folder_has_no_links(mara: Tenant, settings: Any, tmp_path: Path) -> None:
    settings.ENV = replace(settings.ENV, storage_url=f"file://{tmp_path}")
    with pytest.raises(ValueError, match="has no address"):
        TenantStorage().url("a.txt")


@pytest.mark.servers
def test_a_link_opens_one_file_and_cannot_be_bent(mara: Tenant, bucket: str, settings: Any) -> None:
    url = f"s3://{KEY}:s3cr%2Fet%2Bkey@{bucket}"
    settings.ENV = replace(settings.ENV, storage_url=url)
    store = TenantStorage()
    store.save("link/a.txt", ContentFile(b"mine"))
    store.save("link/b.txt", ContentFile(b"other"))
    link = store.url("link/a.txt")
    with urllib.request.urlopen(link) as answer:
        assert answer.read() == b"mine"
    for bent in (link.replace("a.txt", "b.txt"), link.replace("Expires=300", "Expires=301")):
        assert bent != link
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(bent)
        assert refused.value.code == 403


@pytest.mark.servers
@pytest.mark.parametrize("credentials", ["house:wrong", "nobody:s3cr%2Fet%2Bkey"])
def test_wrong_credentials_are_refused(
    mara: Tenant, bucket: str, settings: Any, credentials: str
) -> None:
    settings.ENV = replace(settings.ENV, storage_url=f"s3://{credentials}@{bucket}")
    with pytest.raises(ClientError) as refused:
        TenantStorage().save("a.txt", ContentFile(b""))
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
