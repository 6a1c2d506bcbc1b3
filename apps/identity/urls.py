"""The account pages, included in both consoles under ``account/``."""

from django.urls import path

from apps.identity.views import password, second_factor, service_clients, sessions

app_name = "account"

urlpatterns = [
    path("second-factor", second_factor.enrol, name="enrol"),
    path("verify", second_factor.verify, name="verify"),
    path("step-up", second_factor.confirm, name="step-up"),
    path("password", password.password, name="password"),
    path("sessions", sessions.sessions, name="sessions"),
    path("sessions/others/end", sessions.end_others, name="sessions-end-others"),
    path("sessions/<uuid:session>/end", sessions.end, name="session-end"),
    path("clients", service_clients.clients, name="clients"),
    path("clients/<uuid:client>/secret", service_clients.new_secret, name="client-secret"),
    path("clients/<uuid:client>/off", service_clients.switch_off, name="client-off"),
    path("clients/<uuid:client>/keys", service_clients.new_key, name="client-keys"),
    path("keys/<uuid:key>/rotate", service_clients.next_key, name="key-rotate"),
    path("keys/<uuid:key>/revoke", service_clients.revoke_key, name="key-revoke"),
]
