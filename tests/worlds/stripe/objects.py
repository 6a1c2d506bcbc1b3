"""API objects: kept as JSON, shown without private names, listed by pages, expanded on request."""

from __future__ import annotations

import json
from typing import Any

from tests.worlds.stripe.errors import invalid, missing
from tests.worlds.stripe.form import Params
from tests.worlds.stripe.world import World

Body = dict[str, Any]
LIMIT_MOST = 100
_DEEPEST = 4


def add(world: World, prefix: str, kind: str, account: str, body: Body) -> Body:
    """A new object with an identifier of its own."""
    id = body.pop("id", None) or world.name(prefix)
    created = world.now()
    whole = {"id": id, "object": kind, "created": created, "livemode": False, **body}
    world.store.insert(
        "object", id=id, kind=kind, account=account, created=created, body=json.dumps(whole)
    )
    return whole


def save(world: World, body: Body) -> None:
    world.store.write("UPDATE object SET body = ? WHERE id = ?", json.dumps(body), body["id"])


def find(world: World, id: str, kind: str = "", account: str = "") -> Body | None:
    """The object of that id; of that kind and account, where they are named."""
    row = world.store.row(
        "SELECT body FROM object WHERE id = ?1 AND (?2 = '' OR kind = ?2)"
        " AND (?3 = '' OR account = ?3)",
        id,
        kind,
        account,
    )
    return dict(json.loads(row["body"])) if row else None


def get(world: World, id: str, kind: str, account: str, param: str = "id") -> Body:
    body = find(world, id, kind, account)
    if body is None:
        raise missing(kind, id, param)
    return body


def owner(world: World, id: str) -> str:
    """The account an object belongs to."""
    row = world.store.row("SELECT account FROM object WHERE id = ?", id)
    return str(row["account"]) if row else ""


def having(world: World, kind: str, field: str, value: str) -> list[Body]:
    """Objects with a value in a field of ours, oldest first."""
    rows = world.store.rows(
        f"SELECT body FROM object WHERE kind = ? AND json_extract(body, '$.{field}') = ?"
        " ORDER BY sequence",
        kind,
        value,
    )
    return [dict(json.loads(row["body"])) for row in rows]


def page(world: World, kind: str, account: str, params: Params, url: str, *filters: str) -> Body:
    """``GET /v1/<kind>s``: newest first, ``limit``, ``starting_after``, ``created`` and filters."""
    limit = params.whole("limit") or 10
    if not 1 <= limit <= LIMIT_MOST:
        raise invalid("Invalid limit: must be from 1 to 100", "limit")
    conditions, values = ["kind = ?", "account = ?"], [kind, account]
    for name in filters:
        if value := params.text(name):
            conditions.append(f"json_extract(body, '$.{name}') = ?")
            values.append(value)
    after = params.text("starting_after")
    if after:
        get(world, after, kind, account, "starting_after")
        conditions.append("sequence < (SELECT sequence FROM object WHERE id = ?)")
        values.append(after)
    for condition, value in _created(params):
        conditions.append(condition)
        values.append(value)
    found = world.store.rows(
        f"SELECT body FROM object WHERE {' AND '.join(conditions)}"
        f" ORDER BY sequence DESC LIMIT {limit + 1}",
        *values,
    )
    data = [dict(json.loads(row["body"])) for row in found]
    return {"object": "list", "url": url, "has_more": len(data) > limit, "data": data[:limit]}


def _created(params: Params) -> list[tuple[str, str]]:
    signs = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
    bounds = params.below("created")
    told = [(f"created {signs[name]} CAST(? AS INTEGER)", bounds.text(name)) for name in signs]
    return [(condition, value) for condition, value in told if value]


def shown(world: World, body: Any, expand: list[str]) -> Any:
    """What a client sees: private names gone, the paths of ``expand`` filled in."""
    for path in expand:
        steps = path.split(".")
        if len(steps) > _DEEPEST:
            raise invalid("You cannot expand more than 4 levels", "expand")
        body = _expanded(world, body, steps)
    return _public(body)


def _public(body: Any) -> Any:
    if isinstance(body, dict):
        return {name: _public(value) for name, value in body.items() if not name.startswith("_")}
    return [_public(item) for item in body] if isinstance(body, list) else body


def _expanded(world: World, node: Any, steps: list[str]) -> Any:
    if isinstance(node, list):
        return [_expanded(world, item, steps) for item in node]
    if isinstance(node, str):
        node = find(world, node) or node
    if not steps or not isinstance(node, dict):
        return node
    name, rest = steps[0], steps[1:]
    if name not in node:
        raise invalid(f"This property cannot be expanded ({name}).", "expand")
    return node | {name: _expanded(world, node[name], rest)}
