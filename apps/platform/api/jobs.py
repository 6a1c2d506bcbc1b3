"""Jobs over HTTP: how far they are, their result, ending them and taking them up again."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.platform.api.endpoints import Endpoint
from apps.platform.api.fields import PublicIdField
from apps.platform.api.pagination import CursorPages
from apps.platform.api.schema import page_of
from apps.platform.jobs import cancel_job, job_status, resume_job
from apps.platform.jobs.selectors import JobStatus, status_of
from apps.platform.models import Job
from apps.platform.storage import TenantStorage

PREFIX = "job"


class JobSerializer(serializers.Serializer):
    """A job as the API shows it."""

    id = PublicIdField(PREFIX)
    kind = serializers.CharField()
    title = serializers.CharField()
    owner = serializers.CharField()
    state = serializers.ChoiceField(["queued", "running", "done", "failed", "cancelled"])
    done = serializers.IntegerField(help_text="Units of work done so far.")
    total = serializers.IntegerField(help_text="Units of work in all; 0 when not known.")
    note = serializers.CharField()
    error = serializers.CharField()
    has_file = serializers.SerializerMethodField(help_text="Whether there is a result to fetch.")
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)

    def get_has_file(self, job: JobStatus) -> bool:
        """The file's own name is nobody's business."""
        return bool(job.result_file)


class Jobs(Endpoint):
    """The tenant's jobs."""

    required_scope = {"GET": "jobs:read"}

    @extend_schema(responses=page_of(JobSerializer))
    def get(self, request: Request) -> Response:
        """Jobs, newest first."""
        return CursorPages().answer(
            request, Job.objects.all(), lambda job: JobSerializer(status_of(job)).data
        )


class OneJob(Endpoint):
    """One job."""

    required_scope = {"GET": "jobs:read"}

    @extend_schema(responses=JobSerializer)
    def get(self, request: Request, id: str) -> Response:
        """How far it has come."""
        return Response(JobSerializer(job_status(self.read_id(PREFIX, id))).data)


class JobFile(Endpoint):
    """The result of a job."""

    required_scope = {"GET": "jobs:read"}

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, id: str) -> FileResponse:
        """The file it made."""
        job = job_status(self.read_id(PREFIX, id))
        if not job.result_file:
            raise NotFound
        name = job.result_file.rpartition("/")[2]
        file = TenantStorage().open(job.result_file)
        return FileResponse(file, as_attachment=True, filename=name)


class JobCancellation(Endpoint):
    """The end of a job."""

    required_scope = {"POST": "jobs:write"}

    @extend_schema(request=None, responses=JobSerializer)
    def post(self, request: Request, id: str) -> Response:
        """End it; what it has done so far stays done."""
        job_id = self.read_id(PREFIX, id)

        def work() -> tuple[int, dict[str, Any]]:
            cancel_job(job_id=job_id, actor=self.actor(request))
            return 200, dict(JobSerializer(job_status(job_id)).data)

        return self.once(request, work)


class JobResumption(Endpoint):
    """A job taken up again."""

    required_scope = {"POST": "jobs:write"}

    @extend_schema(request=None, responses=JobSerializer)
    def post(self, request: Request, id: str) -> Response:
        """Let one that failed or was stopped go on from its last step."""
        job_id = self.read_id(PREFIX, id)

        def work() -> tuple[int, dict[str, Any]]:
            resume_job(job_id=job_id, actor=self.actor(request))
            return 200, dict(JobSerializer(job_status(job_id)).data)

        return self.once(request, work)
