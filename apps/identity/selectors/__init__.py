"""What can be asked about people and service clients."""

from apps.identity.selectors.people import Person, people, person_by_username, person_of
from apps.identity.selectors.service_clients import (
    ClientRow,
    KeyRow,
    service_client_by_name,
    service_clients,
)
from apps.identity.selectors.sessions import SessionReading, open_sessions

__all__ = [
    "ClientRow",
    "KeyRow",
    "Person",
    "SessionReading",
    "open_sessions",
    "people",
    "person_by_username",
    "person_of",
    "service_client_by_name",
    "service_clients",
]
