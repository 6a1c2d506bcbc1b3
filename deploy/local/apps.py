"""The processes of the demo, as data: what a deployment runs in containers, on one machine."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.nats_conf import neighbours
from deploy.local.stack import BYTECODE
from deploy.local.state import State

PREFERRED_WEB_PORT = 8000
PREFERRED_DOOR_PORT = 8001
PREFERRED_SIMULATORS_PORT = 8100

SIMULATORS = "simulators"
WEB = "web"
DOOR = "door"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the processes are told: where they listen, and where they find the others."""

    folder: Path
    web_port: int
    door_port: int
    simulators_port: int
    environment: Mapping[str, str]

    @property
    def web_url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"


def settings_for(state: State, servers: Mapping[str, str]) -> Settings:
    """Choose the ports and complete the servers' environment."""
    web_port = state.port(WEB, PREFERRED_WEB_PORT)
    door_port = state.port(DOOR, PREFERRED_DOOR_PORT)
    simulators_port = state.port(SIMULATORS, PREFERRED_SIMULATORS_PORT)
    # With a NATS of someone else's, the neighbours' credentials are theirs to give, too.
    guests = {guest.variable: servers["NATS_URL"] for guest in neighbours()}
    environment = {
        **guests,
        **servers,
        **BYTECODE,
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "ENVIRONMENT": "local",
        "SECRET_KEY": state.secret("django"),
        "PUBLIC_URL": f"http://127.0.0.1:{web_port}",
        "BASE_DOMAIN": "localhost",
        "MPESA_BASE_URL": f"http://127.0.0.1:{simulators_port}",
        "STORAGE_URL": (state.folder / "files").as_uri(),
        "SECRETS_URL": f"env://?file={state.folder / 'secrets.json'}",
        "DEMO_DATA": str(state.folder),
    }
    return Settings(
        folder=state.folder,
        web_port=web_port,
        door_port=door_port,
        simulators_port=simulators_port,
        environment=environment,
    )


@dataclass(frozen=True, kw_only=True)
class Programme:
    """Everything the demo runs, in the order of the fields."""

    simulators: tuple[str, ...]
    migrate: tuple[str, ...]  # to its end: shared tables, then every tenant that is behind
    seed: tuple[str, ...]  # to its end, with the simulators there; prints who can sign in
    house: Mapping[str, tuple[str, ...]]  # started together, kept running; one is named "web"
    day: tuple[str, ...]  # its exit code is the verdict


def programme(settings: Settings) -> Programme:
    """The real one: what a deployment runs in containers."""
    return Programme(
        simulators=_simulators(settings),
        migrate=_manage("migrate_tenants"),
        seed=(sys.executable, "-c", "from deploy.local.day.seed import main; main()"),
        house=_house(settings),
        day=(sys.executable, "-m", "deploy.local.day"),
    )


def _manage(command: str) -> tuple[str, ...]:
    return (sys.executable, "manage.py", command)


def _simulators(settings: Settings) -> tuple[str, ...]:
    """The providers, in a process and with books of their own."""
    return (
        *(sys.executable, "-m", "tests.worlds", "--port", str(settings.simulators_port)),
        *("--data", str(settings.folder / "simulators"), "--seed", "1"),
    )


def _house(settings: Settings) -> dict[str, tuple[str, ...]]:
    """The project's own processes, by name."""
    celery = (sys.executable, "-m", "celery", "-A", "config.celery")
    return {
        WEB: (
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "config.wsgi:application"),
            *("--host", "127.0.0.1", "--port", str(settings.web_port)),
            *("--workers", "1", "--blocking-threads", "8"),
        ),
        DOOR: (
            *(sys.executable, "-m", "granian", "--interface", "asgi", "config.asgi:application"),
            *("--host", "127.0.0.1", "--port", str(settings.door_port), "--workers", "1"),
        ),
        "worker": (
            *(*celery, "worker", "--concurrency", "2", "--loglevel", "INFO"),
            *("--without-gossip", "--without-mingle"),  # one worker has nobody to talk to
        ),
        "beat": (
            *(*celery, "beat", "--loglevel", "INFO"),
            *("--schedule", str(settings.folder / "beat-schedule")),
        ),
        "relay": _manage("run_relay"),
        "consumers": _manage("run_consumers"),
    }
