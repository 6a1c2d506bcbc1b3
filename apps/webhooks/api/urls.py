"""Addresses of the webhooks API, below ``/v1/``."""

from django.urls import path

from apps.webhooks.api import views

urlpatterns = [
    path("webhooks/endpoints", views.EndpointCollection.as_view()),
    path("webhooks/endpoints/<str:id>", views.EndpointItem.as_view()),
    path("webhooks/endpoints/<str:id>/pause", views.EndpointPause.as_view()),
    path("webhooks/endpoints/<str:id>/activate", views.EndpointActivation.as_view()),
    path("webhooks/endpoints/<str:id>/rotate-secret", views.EndpointRotation.as_view()),
    path("webhooks/endpoints/<str:id>/test", views.EndpointTest.as_view()),
    path("webhooks/deliveries", views.DeliveryCollection.as_view()),
    path("webhooks/deliveries/<str:id>", views.DeliveryItem.as_view()),
    path("webhooks/deliveries/<str:id>/replay", views.DeliveryReplay.as_view()),
    path("webhooks/replays", views.ReplayCollection.as_view()),
]
