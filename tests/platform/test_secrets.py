"""Credentials from the environment, from a file, and from a real Vault-compatible server."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import hvac
import pytest

from apps.platform.errors import SecretMissing, SecretsUnreachable
from apps.platform.secrets import secret
from apps.platform.secrets import vault as keepers
from apps.platform.secrets.vault import VaultKeeper
from tests.platform.servers import answers, free_port, program, running

ROOT = "dev-root"


def told(settings: Any, **values: str) -> None:
    """The settings as if the process had been told so."""
    settings.ENV = replace(settings.ENV, **values)


# --- environment and file


def test_the_environment_is_asked_by_a_plain_name(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(settings, secrets_url="env://")
    monkeypatch.setenv("SECRET_MPESA_MARA_2_CONSUMER_KEY", "k-1")
    assert secret("mpesa/mara-2", "consumer_key") == "k-1"


def test_the_file_comes_first_and_is_read_anew(
    settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "secrets.json"
    told(settings, secrets_url=f"env://?file={file}")
    monkeypatch.setenv("SECRET_MPESA_PASSKEY", "from the environment")
    file.write_text(json.dumps({"mpesa": {"passkey": "from the file"}}))
    assert secret("mpesa", "passkey") == "from the file"
    file.write_text("{}")
    assert secret("mpesa", "passkey") == "from the environment"
    file.write_text("{")
    with pytest.raises(SecretsUnreachable):
        secret("mpesa", "passkey")
    file.unlink()
    with pytest.raises(SecretsUnreachable):
        secret("mpesa", "passkey")


def test_a_secret_that_is_not_there_is_named_and_nothing_more(settings: Any) -> None:
    told(settings, secrets_url="env://")
    with pytest.raises(SecretMissing) as missing:
        secret("mpesa", "passkey")
    assert missing.value.facts == {"path": "mpesa", "key": "passkey"}


@pytest.mark.parametrize("path", ["", "../root", "/mpesa", "mpesa/", "a//b", "a/../b", "a b", "ü"])
def test_a_path_cannot_climb(path: str) -> None:
    with pytest.raises(ValueError, match="not a path"):
        secret(path, "key")


# --- OpenBao, which speaks Vault's language


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a development server; everything it holds is in memory."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [program("bao"), "server", "-dev", f"-dev-listen-address=127.0.0.1:{port}"]
    command += [f"-dev-root-token-id={ROOT}", "-dev-no-store-token"]
    with running(command, tmp_path_factory.mktemp("bao"), lambda: answers(f"{url}/v1/sys/health")):
        yield url


@pytest.fixture
def root(vault: str) -> hvac.Client:
    return hvac.Client(url=vault, token=ROOT)


def keep(root: hvac.Client, path: str, **values: str) -> None:
    root.secrets.kv.v2.create_or_update_secret(path, secret=values, mount_point="secret")


def app_role(root: hvac.Client, ttl: str) -> tuple[str, str]:
    """A role that may read below ``house/`` for as long as its token lives."""
    if "approle/" not in root.sys.list_auth_methods()["data"]:
        root.sys.enable_auth_method("approle")
    root.sys.create_or_update_policy(
        "house", 'path "secret/data/house/*" { capabilities = ["read"] }'
    )
    role = root.auth.approle
    role.create_or_update_approle(
        "house", token_policies=["house"], token_ttl=ttl, token_max_ttl=ttl
    )
    role_id = role.read_role_id("house")["data"]["role_id"]
    return role_id, role.generate_secret_id("house")["data"]["secret_id"]


servers = pytest.mark.servers


@servers
def test_a_secret_is_read_by_token(settings: Any, vault: str, root: hvac.Client) -> None:
    keep(root, "house/mpesa", consumer_key="k-7", passkey="p-7")
    told(settings, secrets_url=f"vault+{vault}/secret", vault_token=ROOT)
    assert secret("house/mpesa", "consumer_key") == "k-7"
    assert secret("house/mpesa", "passkey") == "p-7"
    for path, key in [("house/mpesa", "other"), ("house/nobody", "passkey")]:
        with pytest.raises(SecretMissing):
            secret(path, key)


@servers
def test_a_deleted_secret_is_missing(vault: str, root: hvac.Client) -> None:
    keep(root, "house/gone", key="v")
    root.secrets.kv.v2.delete_latest_version_of_secret("house/gone", mount_point="secret")
    assert VaultKeeper(vault, "secret", ROOT).value("house/gone", "key") == ""


@servers
def test_what_was_read_is_remembered_for_a_moment_and_then_asked_again(
    vault: str, root: hvac.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keepers, "CACHE_SECONDS", 0.4)
    keeper = VaultKeeper(vault, "secret", ROOT)
    keep(root, "house/turning", key="old")
    assert keeper.value("house/turning", "key") == "old"
    keep(root, "house/turning", key="new")
    assert keeper.value("house/turning", "key") == "old"
    time.sleep(0.5)
    assert keeper.value("house/turning", "key") == "new"


@servers
def test_an_app_role_signs_in_again_when_its_token_has_run_out(
    vault: str, root: hvac.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keepers, "CACHE_SECONDS", 0)
    role_id, secret_id = app_role(root, "1s")
    keep(root, "house/role", key="v")
    keeper = VaultKeeper(vault, "secret", role_id=role_id, secret_id=secret_id)
    assert keeper.value("house/role", "key") == "v"
    time.sleep(1.6)
    assert keeper.value("house/role", "key") == "v"


@servers
def test_a_role_reads_only_what_its_policy_names(vault: str, root: hvac.Client) -> None:
    role_id, secret_id = app_role(root, "1m")
    keep(root, "elsewhere", key="not yours")
    keeper = VaultKeeper(vault, "secret", role_id=role_id, secret_id=secret_id)
    with pytest.raises(SecretsUnreachable) as refused:
        keeper.value("elsewhere", "key")
    assert refused.value.reason == "Forbidden"


@servers
def test_a_wrong_token_and_a_wrong_role_are_turned_away(vault: str) -> None:
    for keeper in (
        VaultKeeper(vault, "secret", "no-such-token"),
        VaultKeeper(vault, "secret", role_id="nobody", secret_id="nothing"),
    ):
        with pytest.raises(SecretsUnreachable):
            keeper.value("house/mpesa", "passkey")


def test_a_server_that_is_not_there_is_unreachable() -> None:
    keeper = VaultKeeper(f"http://127.0.0.1:{free_port()}", "secret", ROOT)
    with pytest.raises(SecretsUnreachable) as gone:
        keeper.value("house/mpesa", "passkey")
    assert "dev-root" not in str(gone.value)
    assert "VAULT_ADDR" not in os.environ
