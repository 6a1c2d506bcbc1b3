"""A process that was told something wrong does not start, and says everything that is wrong."""

from __future__ import annotations

import pytest

from config.env import SettingsRefused, load

HOME = {
    "DATABASE_URL": "postgresql://house@db/house",
    "REDIS_URL": "redis://:pw@cache:6379/0",
    "NATS_URL": "nats://token@stream:4222",
}
PRODUCTION = HOME | {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "k3T9-wq8ZL0xv7Rr2Yb5NcJd6Hm1Ps4Ug-0aEiOuBfGhKlQtVyX",
    "PUBLIC_URL": "https://books.example.com",
    "BASE_DOMAIN": "books.example.com",
    "STORAGE_URL": "s3://files?endpoint=https://store.example.com",
    "SECRETS_URL": "vault+https://vault.example.com:8200/kv",
    "VAULT_ROLE_ID": "role",
    "VAULT_SECRET_ID": "s3cret",
    "MPESA_BASE_URL": "https://api.safaricom.co.ke",
}


def complaints(source: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsRefused) as refused:
        load(source)
    return str(refused.value).split("; ")


def test_a_desk_needs_only_its_servers() -> None:
    env = load(HOME)
    assert (env.environment, env.debug, env.base_domain) == ("local", False, "localhost")
    assert (env.storage_url, env.secrets_url) == ("file:var/files", "env://")
    assert (env.trusted_proxies, env.database_pool_max) == (0, 10)


def test_production_as_it_should_be() -> None:
    env = load(PRODUCTION | {"ALLOWED_HOSTS": "a.example.com, .b.example.com,"})
    assert env.allowed_hosts == ("a.example.com", ".b.example.com")
    assert env.trusted_proxies == 1


def test_every_complaint_is_made_at_once() -> None:
    told = complaints(
        {
            "ENVIRONMENT": "prod",
            "DEBUG": "yes",
            "REDIS_URL": "http://cache",
            "DATABASE_POOL_MAX": "1",
            "LOG_FORMAT": "xml",
        }
    )
    assert [complaint.split()[0].rstrip(":") for complaint in told] == [
        "ENVIRONMENT",
        "DEBUG",
        "DATABASE_URL",
        "REDIS_URL",
        "NATS_URL",
        "LOG_FORMAT",
        "DATABASE_POOL_MAX",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENVIRONMENT", "Production"),
        ("DEBUG", "true"),
        ("DATABASE_URL", "mysql://house@db/house"),
        ("DATABASE_URL", "postgresql://house@db"),
        ("DATABASE_URL", "postgresql://house@db:port/house"),
        ("DATABASE_URL", "postgresql://house@[db/house"),
        ("REDIS_URL", "cache:6379"),
        ("NATS_URL", ""),
        ("PUBLIC_URL", "books.example.com"),
        ("BASE_DOMAIN", "-example.com"),
        ("BASE_DOMAIN", "example.com/x"),
        ("ALLOWED_HOSTS", "a.example.com;b.example.com"),
        ("STORAGE_URL", "s3://"),
        ("STORAGE_URL", "file:///"),
        ("STORAGE_URL", "/var/files"),
        ("SECRETS_URL", "vault+https:///kv"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("LOG_LEVEL", "info"),
        ("TRUSTED_PROXIES", "-1"),
        ("TRUSTED_PROXIES", "11"),
        ("DATABASE_POOL_MAX", "many"),
        ("DATABASE_POOL_MAX", "1.5"),
        ("PROVIDER_TIMEOUT_SECONDS", "0"),
        ("PROVIDER_TIMEOUT_SECONDS", "٣"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused(name: str, value: str) -> None:
    told = complaints(HOME | {name: value})
    assert any(complaint.startswith(name) for complaint in told)


@pytest.mark.parametrize("name", list(HOME))
def test_what_has_no_default_is_required(name: str) -> None:
    source = {key: value for key, value in HOME.items() if key != name}
    assert complaints(source) == [f"{name} is required"]


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "PUBLIC_URL", "BASE_DOMAIN", "STORAGE_URL", "SECRETS_URL"]
)
def test_production_guesses_nothing(name: str) -> None:
    source = {key: value for key, value in PRODUCTION.items() if key != name}
    assert complaints(source) == [f"{name} is required"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "1"),
        ("LOG_LEVEL", "DEBUG"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "not-a-secret-" * 5),
        ("SECRET_KEY", "x" * 80),
        ("PUBLIC_URL", "http://books.example.com"),
        ("MPESA_BASE_URL", "http://127.0.0.1:9000"),
        ("BASE_DOMAIN", "localhost"),
        ("ALLOWED_HOSTS", "*"),
        ("SECRETS_URL", "vault+http://vault.example.com:8200/kv"),
        ("STORAGE_URL", "s3://files?endpoint=http://store.example.com"),
        ("DATABASE_URL", "postgresql://house@db/house?sslmode=disable"),
        ("REDIS_URL", "redis://cache:6379/0"),
    ],
)
@pytest.mark.parametrize("environment", ["production", "staging"])
def test_what_is_unsafe_in_front_of_customers_is_refused(
    environment: str, name: str, value: str
) -> None:
    told = complaints(PRODUCTION | {"ENVIRONMENT": environment, name: value})
    assert told
    assert all(complaint.startswith(name) for complaint in told)
    if name not in ("SECRETS_URL", "DATABASE_URL", "REDIS_URL"):
        load(HOME | {name: value})


def test_vault_wants_a_way_in() -> None:
    url = {"SECRETS_URL": "vault+https://vault.example.com/kv"}
    assert complaints(HOME | url | {"VAULT_ROLE_ID": "role"})[0].startswith("VAULT_TOKEN, or")
    assert load(HOME | url | {"VAULT_TOKEN": "t"}).vault_token == "t"


def test_no_complaint_and_no_repr_tells_a_secret() -> None:
    told = "".join(
        complaints(
            PRODUCTION
            | {
                "DATABASE_URL": "postgresql://house:hunter2@x@db:bad/house",
                "REDIS_URL": "http://:hunter2@cache",
                "SECRET_KEY": "hunter2",
                "TRUSTED_PROXIES": "hunter2",
            }
        )
    )
    assert "hunter2" not in told
    env = load(PRODUCTION)
    assert "pw" not in repr(env)
    assert env.vault_secret_id not in repr(env)
