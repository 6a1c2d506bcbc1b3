"""Cache keys that carry the tenant, so that no two tenants ever share an entry."""

from __future__ import annotations

from apps.platform.tenant import current_tenant


def make_key(key: str, key_prefix: str, version: int) -> str:
    """``KEY_FUNCTION`` of the cache. The platform itself is the tenant ``public``."""
    return f"{current_tenant().schema}:{key_prefix}:{version}:{key}"
