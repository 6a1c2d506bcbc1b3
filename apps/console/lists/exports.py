"""Exports too long to wait for: written by a worker, kept for whoever asked."""

from __future__ import annotations

import io
from typing import Any

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from apps.console.errors import ExportTooLong
from apps.console.exporting import lines
from apps.console.site import OwnSite, console_site, platform_site
from apps.identity.errors import PermissionMissing
from apps.identity.models import User
from apps.platform.actors import Actor
from apps.platform.jobs import JobProgress, start_job

LIST_EXPORT = "console.export_list"
#: Longer lists are written by a job.
ROWS_AT_ONCE_MAX = 5000
#: What a worker writes within one turn, with room to spare; more needs a narrower filter.
ROWS_MAX = 200_000
ROWS_PER_STEP = 1000
SITES: dict[str, OwnSite] = {site.key: site for site in (console_site, platform_site)}


def start_export(admin: Any, query: str, rows: int, actor: Actor) -> str:
    """Queue the export and return the address at which its job is shown."""
    if rows > ROWS_MAX:
        raise ExportTooLong(limit=ROWS_MAX)
    site: OwnSite = admin.admin_site
    job = start_job(
        kind=LIST_EXPORT,
        title=f"Export of {admin.list_title()}",
        total=rows,
        actor=actor,
        arguments={
            "site": site.key,
            "app": admin.opts.app_label,
            "model": admin.opts.model_name,
            "query": query,
        },
    )
    return reverse(f"{site.name}:job", args=[job])


def write_export(progress: JobProgress) -> None:
    """Write the file of one export, from its beginning: a second try replaces the first.

    The owner's permission is asked again, as it is now.
    """
    asked = progress.arguments
    site = SITES[asked["site"]]
    admin: Any = next(
        one
        for one in site._registry.values()
        if (one.opts.app_label, one.opts.model_name) == (asked["app"], asked["model"])
    )
    request = _request(asked["query"], progress.owner)
    if not admin.has_view_permission(request):
        raise PermissionMissing(permission=getattr(admin, "permission", ""))
    changes = admin.get_changelist_instance(request)
    file = io.StringIO()
    for count, line in enumerate(lines(admin.file_rows(request, changes))):
        file.write(line)
        if count % ROWS_PER_STEP == 0:
            progress.advance(max(count - 2, 0), "rows written")
    progress.keep(f"{admin.opts.model_name}.csv", file.getvalue().encode())
    progress.advance(progress.total, "the file is ready")


def _request(query: str, owner: Actor) -> HttpRequest:
    """What a list needs of a request: the filters and who asks."""
    user = User.objects.filter(id=owner.id, is_active=True).first() if owner.id else None
    if user is None:
        raise PermissionMissing(permission=LIST_EXPORT)
    request = HttpRequest()
    request.method = "GET"
    request.GET = QueryDict(query)
    request.user = user
    return request
