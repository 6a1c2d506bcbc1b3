"""The only reader of the environment: every setting, typed, with its default and its check.

A value that cannot be right stops the process before it serves anything: ``load`` collects every
complaint and raises one ``SettingsRefused`` that names them all.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

T = TypeVar("T")

ENVIRONMENTS = ("local", "test", "staging", "production")
SECRET_KEY_LENGTH_MIN = 50
SECRET_KEY_LETTERS_MIN = 16  # different ones; "not-a-secret-" and the like have fewer
_HOST = re.compile(
    r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.IGNORECASE
)


class SettingsRefused(Exception):
    """The environment holds values this program will not start with."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Env:
    """Everything the process was told from outside. URLs carry their credentials.

    It does not show itself: a repr of it in a traceback would tell them all.
    """

    environment: str
    debug: bool
    secret_key: str
    secret_key_fallbacks: tuple[str, ...]  # former ones that what was sealed can still be read with
    database_url: str
    redis_url: str
    nats_url: str
    public_url: str  # where providers and browsers reach us: scheme://host[:port]
    base_domain: str  # tenants live at <slug>.<base_domain>
    allowed_hosts: tuple[str, ...]
    storage_url: str  # file:///path or s3://bucket?endpoint=…&region=…
    secrets_url: str  # env://[?file=…] or vault+https://host:port/mount
    vault_token: str  # or an AppRole:
    vault_role_id: str
    vault_secret_id: str
    mpesa_base_url: str
    otlp_endpoint: str
    log_format: str  # json or plain
    log_level: str
    trusted_proxies: int  # how many proxies of ours stand in front
    database_pool_max: int
    provider_timeout_seconds: int
    events_kept_days: int  # published events stay in the outbox this long
    webhook_ports: tuple[int, ...]  # that tenants' endpoints may listen at
    webhook_loopback: bool  # whether an endpoint may be on this machine, without TLS


@dataclass(slots=True)
class _Reader:
    source: Mapping[str, str]
    complaints: list[str] = field(default_factory=list)

    def get(self, name: str, default: str | None, parse: Callable[[str], T], fallback: T) -> T:
        raw = self.source.get(name, default)
        if raw is None:
            self.complaints.append(f"{name} is required")
            return fallback
        try:
            return parse(raw)
        except ValueError as error:
            self.complaints.append(f"{name}: {error}")
            return fallback

    def text(self, name: str, default: str | None = None) -> str:
        return self.get(name, default, str, "")

    def url(self, name: str, schemes: tuple[str, ...], default: str | None = None) -> str:
        return self.get(name, default, lambda raw: _url(raw, schemes), "")

    def optional_url(self, name: str, schemes: tuple[str, ...]) -> str:
        return self.get(name, "", lambda raw: _url(raw, schemes) if raw else "", "")

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        return self.get(name, str(default), lambda raw: _whole(raw, low, high), default)

    def one_of(self, name: str, choices: tuple[str, ...], default: str) -> str:
        return self.get(name, default, lambda raw: _one_of(raw, choices), default)


def load(source: Mapping[str, str] | None = None) -> Env:
    """Read and check every setting, or raise ``SettingsRefused`` naming each bad one."""
    read = _Reader(os.environ if source is None else source)
    environment = read.one_of("ENVIRONMENT", ENVIRONMENTS, "local")
    at_home = environment in ("local", "test")
    env = Env(
        environment=environment,
        debug=read.one_of("DEBUG", ("0", "1"), "0") == "1",
        secret_key=read.text("SECRET_KEY", "not-a-secret-" * 5 if at_home else None),
        secret_key_fallbacks=read.get("SECRET_KEY_FALLBACKS", "", _words, ()),
        database_url=read.url("DATABASE_URL", ("postgres", "postgresql")),
        redis_url=read.url("REDIS_URL", ("redis", "rediss")),
        nats_url=read.url("NATS_URL", ("nats", "tls")),
        public_url=read.url(
            "PUBLIC_URL", ("http", "https"), "http://127.0.0.1:8000" if at_home else None
        ),
        base_domain=read.get("BASE_DOMAIN", "localhost" if at_home else None, _host, ""),
        allowed_hosts=read.get("ALLOWED_HOSTS", "", _hosts, ()),
        storage_url=read.url("STORAGE_URL", ("file", "s3"), "file:var/files" if at_home else None),
        secrets_url=read.url(
            "SECRETS_URL", ("env", "vault+http", "vault+https"), "env://" if at_home else None
        ),
        vault_token=read.text("VAULT_TOKEN", ""),
        vault_role_id=read.text("VAULT_ROLE_ID", ""),
        vault_secret_id=read.text("VAULT_SECRET_ID", ""),
        mpesa_base_url=read.url(
            "MPESA_BASE_URL", ("http", "https"), "https://sandbox.safaricom.co.ke"
        ),
        otlp_endpoint=read.optional_url("OTEL_EXPORTER_OTLP_ENDPOINT", ("http", "https")),
        log_format=read.one_of("LOG_FORMAT", ("json", "plain"), "json"),
        log_level=read.one_of("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO"),
        trusted_proxies=read.whole("TRUSTED_PROXIES", 0 if at_home else 1, 0, 10),
        database_pool_max=read.whole("DATABASE_POOL_MAX", 10, 2, 200),
        provider_timeout_seconds=read.whole("PROVIDER_TIMEOUT_SECONDS", 30, 1, 120),
        events_kept_days=read.whole("EVENTS_KEPT_DAYS", 90, 32, 3650),
        webhook_ports=read.get("WEBHOOK_PORTS", "443,8443", _ports, ()),
        webhook_loopback=read.one_of("WEBHOOK_LOOPBACK", ("0", "1"), "1" if at_home else "0")
        == "1",
    )
    _refuse_incomplete(env, read.complaints)
    if not at_home:
        _refuse_unsafe(env, read.complaints)
    if read.complaints:
        raise SettingsRefused("; ".join(read.complaints))
    return env


def _refuse_incomplete(env: Env, complaints: list[str]) -> None:
    """Values that are well-formed each by itself and still cannot work."""
    rules = (
        (env.database_url and not urlsplit(env.database_url).path.strip("/"),
         "DATABASE_URL must name a database"),
        (env.storage_url.startswith("s3:") and not urlsplit(env.storage_url).hostname,
         "STORAGE_URL must name a bucket: s3://bucket"),
        (env.storage_url.startswith("file:") and not urlsplit(env.storage_url).path.strip("/"),
         "STORAGE_URL must name a folder: file:///folder"),
        (env.secrets_url.startswith("vault+") and not urlsplit(env.secrets_url).hostname,
         "SECRETS_URL must name a host"),
        (env.secrets_url.startswith("vault+")
         and not (env.vault_token or (env.vault_role_id and env.vault_secret_id)),
         "VAULT_TOKEN, or VAULT_ROLE_ID and VAULT_SECRET_ID, are required for SECRETS_URL"),
    )  # fmt: skip
    _complain(complaints, rules)


def _refuse_unsafe(env: Env, complaints: list[str]) -> None:
    """What is merely untidy on a desk is dangerous in front of customers."""
    storage = dict(parse_qsl(urlsplit(env.storage_url).query))
    database = dict(parse_qsl(urlsplit(env.database_url).query))
    redis = urlsplit(env.redis_url)
    rules = (
        (env.debug, "DEBUG must be 0 outside a developer's machine"),
        (env.log_level == "DEBUG", "LOG_LEVEL must not be DEBUG: it shows what it should not"),
        (len(env.secret_key) < SECRET_KEY_LENGTH_MIN,
         f"SECRET_KEY must have at least {SECRET_KEY_LENGTH_MIN} characters"),
        (len(set(env.secret_key)) < SECRET_KEY_LETTERS_MIN, "SECRET_KEY must be random"),
        (not env.public_url.startswith("https:"), "PUBLIC_URL must be https"),
        (not env.mpesa_base_url.startswith("https:"), "MPESA_BASE_URL must be https"),
        (env.webhook_loopback, "WEBHOOK_LOOPBACK must be 0: it lets strangers call this machine"),
        (env.base_domain == "localhost", "BASE_DOMAIN must be a domain of yours"),
        ("*" in env.allowed_hosts, "ALLOWED_HOSTS must name hosts"),
        (env.secrets_url.startswith("vault+http:"), "SECRETS_URL must be vault+https"),
        (storage.get("endpoint", "").startswith("http:"), "STORAGE_URL's endpoint must be https"),
        (database.get("sslmode") in ("disable", "allow"), "DATABASE_URL must not turn TLS off"),
        (redis.scheme == "redis" and not redis.password, "REDIS_URL must carry a password"),
    )  # fmt: skip
    _complain(complaints, rules)


def _complain(complaints: list[str], rules: Iterable[tuple[object, str]]) -> None:
    """Add what is wrong, but one complaint about a value that could not be read is enough."""
    unread = {complaint.split()[0].rstrip(":") for complaint in complaints}
    complaints += [
        complaint
        for is_wrong, complaint in rules
        if is_wrong and complaint.split()[0].removesuffix("'s") not in unread
    ]


def _url(raw: str, schemes: tuple[str, ...]) -> str:
    """The text, if it is a URL. What is wrong with it is not quoted: it may hold a password."""
    try:
        parts = urlsplit(raw)
        _ = parts.port
    except ValueError:
        raise ValueError("not a URL") from None
    if parts.scheme not in schemes:
        raise ValueError(f"expected a URL of {', '.join(schemes)}")
    return raw


def _host(raw: str) -> str:
    if not _HOST.fullmatch(raw):
        raise ValueError("expected a host name")
    return raw


def _hosts(raw: str) -> tuple[str, ...]:
    hosts = tuple(host.strip() for host in raw.split(",") if host.strip())
    for host in hosts:
        if host != "*":
            _host(host.removeprefix("."))
    return hosts


def _words(raw: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in raw.split(",") if word.strip())


def _ports(raw: str) -> tuple[int, ...]:
    return tuple(_whole(word, 1, 65535) for word in _words(raw))


def _whole(raw: str, low: int, high: int) -> int:
    if not (raw.isascii() and raw.isdigit() and low <= int(raw) <= high):
        raise ValueError(f"must be a whole number from {low} to {high}")
    return int(raw)


def _one_of(raw: str, choices: tuple[str, ...]) -> str:
    if raw not in choices:
        raise ValueError(f"must be one of {', '.join(choices)}")
    return raw
