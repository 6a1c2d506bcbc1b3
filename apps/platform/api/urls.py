"""The documentation, and the nouns of the platform itself."""

from django.urls import path

from apps.platform.api import docs, jobs

urlpatterns = [
    path("openapi.json", docs.openapi_json),
    path("docs", docs.reference),
    path("docs/swagger", docs.workbench),
    path("docs/problems", docs.problems),
    path("platform/jobs", jobs.Jobs.as_view()),
    path("platform/jobs/<str:id>", jobs.OneJob.as_view()),
    path("platform/jobs/<str:id>/file", jobs.JobFile.as_view()),
    path("platform/jobs/<str:id>/cancel", jobs.JobCancellation.as_view()),
    path("platform/jobs/<str:id>/resume", jobs.JobResumption.as_view()),
]
