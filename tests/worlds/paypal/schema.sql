-- The provider's own books. Amounts are minor units as PayPal counts them (JPY, HUF and TWD have
-- none), times are milliseconds since 1970 in UTC on the simulator's clock.

CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;

CREATE TABLE IF NOT EXISTS merchant (
  client_id TEXT PRIMARY KEY,
  client_secret TEXT NOT NULL,
  email TEXT NOT NULL,
  currency TEXT NOT NULL,
  fee_bps INTEGER NOT NULL CHECK (fee_bps >= 0),
  fee_fixed_minor INTEGER NOT NULL CHECK (fee_fixed_minor >= 0),
  payout_fee_minor INTEGER NOT NULL CHECK (payout_fee_minor >= 0)
) STRICT;

CREATE TABLE IF NOT EXISTS token (
  value TEXT PRIMARY KEY,
  client_id TEXT NOT NULL,
  expires_at_ms INTEGER NOT NULL
) STRICT;

-- Every API object as the JSON that is shown; names that start with "_" are not shown.
CREATE TABLE IF NOT EXISTS object (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  merchant TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS object_listed ON object (kind, merchant, sequence);

-- One line of the merchant's activity; the amount is negative when money leaves, the fee likewise.
CREATE TABLE IF NOT EXISTS movement (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  merchant TEXT NOT NULL,
  event_code TEXT NOT NULL,                        -- T0006, T1107, …
  currency TEXT NOT NULL,
  amount_minor INTEGER NOT NULL,
  fee_minor INTEGER NOT NULL,
  related TEXT NOT NULL DEFAULT '',
  invoice_id TEXT NOT NULL DEFAULT '',
  custom_field TEXT NOT NULL DEFAULT '',
  party TEXT NOT NULL DEFAULT '',
  at_ms INTEGER NOT NULL
) STRICT;

-- Double entry beside the movements: a positive posting means that the account gains.
CREATE TABLE IF NOT EXISTS posting (
  movement TEXT NOT NULL REFERENCES movement (id),
  account TEXT NOT NULL,                           -- a client id, world, fees
  currency TEXT NOT NULL,
  amount_minor INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS request (
  merchant TEXT NOT NULL,
  path TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  window_ms INTEGER NOT NULL,
  status INTEGER,                                  -- missing: the first request is still running
  body TEXT,
  PRIMARY KEY (merchant, path, key)
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
  webhook TEXT NOT NULL,
  url TEXT NOT NULL,
  subject TEXT NOT NULL,
  due_at_ms INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'due'                -- due, answered, given_up
) STRICT;

CREATE TABLE IF NOT EXISTS delivery_try (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  delivery_id INTEGER NOT NULL REFERENCES delivery,
  at_ms INTEGER NOT NULL,
  transmission_id TEXT NOT NULL,
  status INTEGER,                                  -- missing: no answer came
  answer TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS fault (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  path TEXT NOT NULL,
  kind TEXT NOT NULL,
  remaining INTEGER NOT NULL,
  milliseconds INTEGER NOT NULL DEFAULT 0
) STRICT;
