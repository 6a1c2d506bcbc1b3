"""What a service credential may be allowed to do over the API."""

#: Every scope there is. A credential carries some of them; a view asks for one per HTTP method.
SCOPES: dict[str, str] = {
    "ledger:read": "Read accounts, entries and balances",
    "ledger:write": "Post and reverse journal entries",
    "ledger:close": "Close periods, ask for exceptions, carry a year's result",
    "payments:read": "Read payment intents and attempts",
    "payments:write": "Create payment intents and start collections",
    "payments:phones": "Open payers' whole phone numbers, each time on record",
    "settlements:read": "Read batches, disbursements and statements",
    "settlements:write": "Draft and submit batches, import statements",
    "jobs:read": "Read long-running jobs and fetch their results",
    "jobs:write": "Cancel and resume jobs",
    "webhooks:read": "Read webhook endpoints and deliveries",
    "webhooks:write": "Manage webhook endpoints, have webhooks delivered again",
}
