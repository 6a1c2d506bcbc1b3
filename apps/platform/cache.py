"""Cache keys that carry the tenant, so that no two tenants ever share an entry."""

from __future__ import annotations

from apps.platform.tenant import current_tenant


def make_key(key: str, key_prefix: str, version: int) -> str:
    """``KEY_FUNCTION`` of the cache. Where no tenant is known this raises ``NoTenant``."""
    return f"{current_tenant().id.hex}:{key_prefix}:{version}:{key}"
