"""Addresses below ``/v1/``."""

from __future__ import annotations

from django.urls import path

from apps.payments.api.intents import Collect, Intent, IntentEvents, Intents

urlpatterns = [
    path("payments/intents", Intents.as_view()),
    path("payments/intents/<str:intent>", Intent.as_view()),
    path("payments/intents/<str:intent>/collect", Collect.as_view()),
    path("payments/intents/<str:intent>/events", IntentEvents.as_view()),
]
