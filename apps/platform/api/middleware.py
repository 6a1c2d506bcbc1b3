"""Below ``/v1`` every refusal is a problem, whoever refused."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.platform.api.problems import MEDIA_TYPE, bare_problem

_API = re.compile(r"^(/t/[^/]+)?/v1(/|$)")
FIRST_ERROR = 400


class ProblemAnswers:
    """Write a bare problem over the framework's error pages (unknown address, bad host, a bug).

    What Django would show, with its traceback on a developer's machine, never reaches a client of
    the API; it has been logged by then, under the request id that the problem carries.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, as a problem if it is an error."""
        response = self.get_response(request)
        if response.status_code < FIRST_ERROR or not _API.match(request.path):
            return response
        if response.headers.get("Content-Type", "").startswith((MEDIA_TYPE, "application/json")):
            return response
        response.content = bare_problem(response.status_code)
        response.headers["Content-Type"] = MEDIA_TYPE
        response.headers.pop("Content-Length", None)
        return response
