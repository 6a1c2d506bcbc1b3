"""Addresses of the ledger's API, below ``/v1/``."""

from django.urls import path

from apps.ledger.api import limits, periods, reports, views

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
    path("ledger/periods", periods.PeriodCollection.as_view()),
    path("ledger/periods/<str:id>", periods.PeriodItem.as_view()),
    path("ledger/periods/<str:id>/checklist", periods.PeriodChecklist.as_view()),
    path("ledger/periods/<str:id>/balances", periods.PeriodBalances.as_view()),
    path("ledger/periods/<str:id>/close", periods.PeriodClose.as_view()),
    path("ledger/periods/<str:id>/requests", periods.PeriodRequests.as_view()),
    path("ledger/periods/<str:id>/exceptions", periods.PeriodExceptions.as_view()),
    path("ledger/periods/<str:id>/reopen", periods.PeriodReopening.as_view()),
    path("ledger/period-requests/<str:id>/end", periods.PeriodRequestEnd.as_view()),
    path("ledger/fiscal-years", periods.FiscalYearCollection.as_view()),
    path("ledger/fiscal-years/<str:id>", periods.FiscalYearItem.as_view()),
    path("ledger/fiscal-years/<str:id>/carry", periods.FiscalYearCarry.as_view()),
    path("ledger/fiscal-years/<str:id>/take-back", periods.FiscalYearTakeBack.as_view()),
    path("ledger/trial-balance", views.TrialBalancePage.as_view()),
]
