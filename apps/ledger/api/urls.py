"""Addresses of the ledger's API, below ``/v1/``."""

from django.urls import path

from apps.ledger.api import limits, reports, views

urlpatterns = [
    path("ledger/accounts", views.AccountCollection.as_view()),
    path("ledger/accounts/<str:code>", views.AccountItem.as_view()),
    path("ledger/accounts/<str:code>/postings", views.AccountPostings.as_view()),
    path("ledger/entries", views.EntryCollection.as_view()),
    path("ledger/entries/<str:id>", views.EntryItem.as_view()),
    path("ledger/entries/<str:id>/reverse", views.EntryReversal.as_view()),
    path("ledger/limits", limits.LimitCollection.as_view()),
    path("ledger/limits/<str:code>", limits.LimitItem.as_view()),
    path("ledger/limits/<str:code>/end", limits.LimitEnding.as_view()),
    path("ledger/monitors", limits.MonitorCollection.as_view()),
    path("ledger/monitors/<str:code>", limits.MonitorItem.as_view()),
    path("ledger/monitors/<str:code>/end", limits.MonitorEnding.as_view()),
    path("ledger/reports/<str:name>", reports.ReportItem.as_view()),
    path("ledger/reports/<str:name>/file", reports.ReportFile.as_view()),
    path("ledger/reports/<str:name>/jobs", reports.ReportJobs.as_view()),
    path("ledger/trial-balance", views.TrialBalancePage.as_view()),
]
