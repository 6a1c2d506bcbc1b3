-- The provider's own books. Amounts are in Stripe's minor units, times milliseconds since 1970 in
-- UTC on the simulator's clock, except inside objects, where they are seconds as Stripe has them.

CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;

CREATE TABLE IF NOT EXISTS platform (
  account TEXT PRIMARY KEY,                        -- acct_…
  secret_key TEXT NOT NULL UNIQUE,
  publishable_key TEXT NOT NULL UNIQUE,
  fee_bps INTEGER NOT NULL CHECK (fee_bps >= 0),
  fee_fixed_minor INTEGER NOT NULL CHECK (fee_fixed_minor >= 0),
  customer_pays INTEGER NOT NULL                   -- 1: somebody pays intents that wait for a method
) STRICT;

-- Every API object as the JSON that is shown; names that start with "_" are not shown.
CREATE TABLE IF NOT EXISTS object (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  account TEXT NOT NULL,                           -- whose it is: the platform's or a connected one's
  created INTEGER NOT NULL,                        -- seconds
  body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS object_listed ON object (kind, account, sequence);

-- Double entry beside the balance transactions. A positive posting means that the account gains.
CREATE TABLE IF NOT EXISTS posting (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  entry TEXT NOT NULL,                             -- txn_…
  account TEXT NOT NULL,                           -- acct_…, world, fees
  currency TEXT NOT NULL,
  amount_minor INTEGER NOT NULL,
  available_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS posting_account ON posting (account, currency);

CREATE TABLE IF NOT EXISTS idempotency (
  account TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  request_id TEXT NOT NULL,
  status INTEGER,                                  -- missing: the first request is still running
  body TEXT,
  PRIMARY KEY (account, key)
) STRICT;

CREATE TABLE IF NOT EXISTS task (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  due_at_ms INTEGER NOT NULL,
  is_done INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE IF NOT EXISTS delivery (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  event TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  subject TEXT NOT NULL,                           -- the payment intent or other object it is about
  due_at_ms INTEGER NOT NULL,
  first_due_at_ms INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'due'                -- due, answered, given_up
) STRICT;

CREATE TABLE IF NOT EXISTS delivery_try (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  delivery_id INTEGER NOT NULL REFERENCES delivery,
  at_ms INTEGER NOT NULL,
  status INTEGER,                                  -- missing: no answer came
  answer TEXT NOT NULL
) STRICT;

-- Signing secrets of a webhook endpoint; an old one signs too until it expires.
CREATE TABLE IF NOT EXISTS signing_secret (
  endpoint TEXT NOT NULL,
  secret TEXT NOT NULL,
  expires_at_ms INTEGER
) STRICT;

CREATE TABLE IF NOT EXISTS fault (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  path TEXT NOT NULL,
  kind TEXT NOT NULL,
  remaining INTEGER NOT NULL,
  milliseconds INTEGER NOT NULL DEFAULT 0
) STRICT;
