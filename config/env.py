"""The only reader of the environment: every setting, typed, with its default and its check.

A value that cannot be right stops the process before it serves anything: ``load`` collects every
complaint and raises one ``SettingsRefused`` that names them all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")

ENVIRONMENTS = ("local", "test", "staging", "production")
SECRET_KEY_LENGTH_MIN = 50


class SettingsRefused(Exception):
    """The environment holds values this program will not start with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Env:
    """Everything the process was told from outside. URLs carry their credentials."""

    environment: str
    debug: bool
    secret_key: str
    database_url: str
    redis_url: str
    nats_url: str
    public_url: str  # where providers and browsers reach us: scheme://host[:port]
    base_domain: str  # tenants live at <slug>.<base_domain>
    allowed_hosts: tuple[str, ...]
    storage_url: str  # file:///path or s3://bucket?endpoint=…&region=…
    secrets_url: str  # env:// or vault+https://host:port/mount
    mpesa_base_url: str
    otlp_endpoint: str
    log_format: str  # json or plain
    log_level: str
    trusted_proxies: int  # how many proxies of ours stand in front
    database_pool_max: int
    provider_timeout_seconds: int


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
        database_url=read.url("DATABASE_URL", ("postgres", "postgresql")),
        redis_url=read.url("REDIS_URL", ("redis", "rediss")),
        nats_url=read.url("NATS_URL", ("nats", "tls")),
        public_url=read.url(
            "PUBLIC_URL", ("http", "https"), "http://127.0.0.1:8000" if at_home else None
        ),
        base_domain=read.text("BASE_DOMAIN", "localhost" if at_home else None),
        allowed_hosts=tuple(
            host for host in read.text("ALLOWED_HOSTS", "").split(",") if host.strip()
        ),
        storage_url=read.url("STORAGE_URL", ("file", "s3"), "file:var/files" if at_home else None),
        secrets_url=read.url(
            "SECRETS_URL", ("env", "vault+http", "vault+https"), "env://" if at_home else None
        ),
        mpesa_base_url=read.url(
            "MPESA_BASE_URL", ("http", "https"), "https://sandbox.safaricom.co.ke"
        ),
        otlp_endpoint=read.text("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
        log_format=read.one_of("LOG_FORMAT", ("json", "plain"), "json"),
        log_level=read.one_of("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO"),
        trusted_proxies=read.whole("TRUSTED_PROXIES", 0 if at_home else 1, 0, 10),
        database_pool_max=read.whole("DATABASE_POOL_MAX", 10, 2, 200),
        provider_timeout_seconds=read.whole("PROVIDER_TIMEOUT_SECONDS", 30, 1, 120),
    )
    if not at_home:
        _refuse_unsafe(env, read.complaints)
    if read.complaints:
        raise SettingsRefused("; ".join(read.complaints))
    return env


def _refuse_unsafe(env: Env, complaints: list[str]) -> None:
    """What is merely untidy on a desk is dangerous in front of customers."""
    if env.debug:
        complaints.append("DEBUG must be 0 outside a developer's machine")
    if len(env.secret_key) < SECRET_KEY_LENGTH_MIN:
        complaints.append(f"SECRET_KEY must have at least {SECRET_KEY_LENGTH_MIN} characters")
    if not env.public_url.startswith("https://"):
        complaints.append("PUBLIC_URL must be https")
    if env.secrets_url.startswith("vault+http:"):
        complaints.append("SECRETS_URL must be vault+https")


def _url(raw: str, schemes: tuple[str, ...]) -> str:
    parts = urlsplit(raw)
    if parts.scheme not in schemes:
        raise ValueError(f"expected a URL of {', '.join(schemes)}")
    _ = parts.port  # raises ValueError on a port that is not one
    return raw


def _whole(raw: str, low: int, high: int) -> int:
    number = int(raw)
    if not low <= number <= high:
        raise ValueError(f"must be from {low} to {high}")
    return number


def _one_of(raw: str, choices: tuple[str, ...]) -> str:
    if raw not in choices:
        raise ValueError(f"must be one of {', '.join(choices)}")
    return raw
