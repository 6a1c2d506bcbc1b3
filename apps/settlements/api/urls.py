"""Addresses of the settlements API, below ``/v1/``."""

from django.urls import path

from apps.settlements.api import views

urlpatterns = [
    path("settlements/payees", views.PayeeCollection.as_view()),
    path("settlements/batches", views.BatchCollection.as_view()),
    path("settlements/batches/<str:id>", views.BatchItem.as_view()),
    path("settlements/batches/<str:id>/submit", views.BatchSubmission.as_view()),
    path("settlements/statements", views.StatementCollection.as_view()),
    path("settlements/breaks", views.BreakCollection.as_view()),
    path("settlements/breaks/<str:id>", views.BreakItem.as_view()),
]
