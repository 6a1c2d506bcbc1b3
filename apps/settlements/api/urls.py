"""Addresses of the settlements API, below ``/v1/``."""

from django.urls import path

from apps.settlements.api import payees, schedules, views

urlpatterns = [
    path("settlements/payees", payees.PayeeCollection.as_view()),
    path("settlements/payees/files", payees.PayeeFileCollection.as_view()),
    path("settlements/payees/<str:id>", payees.PayeeItem.as_view()),
    path("settlements/payees/<str:id>/details", payees.PayeeDetails.as_view()),
    path("settlements/batches", views.BatchCollection.as_view()),
    path("settlements/batches/<str:id>", views.BatchItem.as_view()),
    path("settlements/batches/<str:id>/submit", views.BatchSubmission.as_view()),
    path("settlements/calendars/<str:code>", schedules.CalendarItem.as_view()),
    path("settlements/rails", schedules.RailCollection.as_view()),
    path("settlements/schedules", schedules.ScheduleCollection.as_view()),
    path("settlements/schedules/<str:id>", schedules.ScheduleItem.as_view()),
    path("settlements/schedules/<str:id>/end", schedules.ScheduleEnd.as_view()),
    path("settlements/statements", views.StatementCollection.as_view()),
    path("settlements/breaks", views.BreakCollection.as_view()),
    path("settlements/breaks/<str:id>", views.BreakItem.as_view()),
]
