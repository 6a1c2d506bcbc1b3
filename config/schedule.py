"""When the clockwork turns: the sweeps that find every due row, whatever the broker lost.

One explicit list, so that a reader sees at a glance what runs by itself and how often. A task is a
name from some app's ``tasks.py``; it must be safe to run twice and beside itself.
"""

#: Task -> seconds between two runs.
EVERY: dict[str, float] = {
    "platform.run_due_jobs": 5,
    "platform.purge_answers": 600,
    "platform.purge_events": 600,
    "identity.forget_expired_tokens": 3600,
    "identity.forget_old_sign_ins": 3600,
    "webhooks.sweep_deliveries": 2,
    "webhooks.purge_deliveries": 600,
    "ledger.announce_crossings": 5,
    "ledger.tend_journals": 300,
    "ledger.post_due_recurring": 300,
    "ledger.sweep_folds": 1,
    "ledger.sweep_waits": 5,
    "ledger.refresh_ecb_rates": 3600,
    "ledger.sweep_holds": 10,
    "payments.sweep_sends": 2,
    "payments.sweep_callbacks": 2,
    "payments.sweep_checks": 2,
    "payments.sweep_expiry": 60,
    "payments.sweep_bank_files": 30,
    "payments.sweep_disputes": 60,
    "payments.sweep_pay_ins": 900,
    "payments.read_balances": 3600,
    "payments.reseal_phone_numbers": 300,
    "settlements.follow_up_payouts": 10,
    "settlements.run_schedules": 60,
    "ledger.seal": 30,
    "reporting.audit_books_fast": 60,
    "reporting.audit_books": 900,
}

#: A run that no worker took within this many intervals is dropped: the next one does its work.
_STALE_INTERVALS = 3

beat_schedule: dict[str, dict[str, object]] = {
    task: {
        "task": task,
        "schedule": seconds,
        "options": {"expires": seconds * _STALE_INTERVALS},
    }
    for task, seconds in EVERY.items()
}
