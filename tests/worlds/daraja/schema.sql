-- The provider's own books. Amounts are cents of a Kenyan shilling, times are milliseconds since
-- 1970 in UTC on the simulator's clock.

CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;

CREATE TABLE IF NOT EXISTS organisation (
  shortcode TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  passkey TEXT NOT NULL,
  consumer_key TEXT NOT NULL,
  consumer_secret TEXT NOT NULL,
  initiator TEXT NOT NULL,
  initiator_password TEXT NOT NULL,
  pay_in_bps INTEGER NOT NULL CHECK (pay_in_bps >= 0),
  fee_surprise_minor INTEGER NOT NULL DEFAULT 0,   -- added to the next fee, once
  c2b_response_type TEXT,
  c2b_confirmation_url TEXT,
  c2b_validation_url TEXT,
  pull_number TEXT
) STRICT;

CREATE TABLE IF NOT EXISTS token (
  consumer_key TEXT PRIMARY KEY,                   -- one living token each: a new one ends the old
  value TEXT NOT NULL UNIQUE,
  expires_at_ms INTEGER NOT NULL
) STRICT;

-- What was asked of us and what became of it. A missing result means: still being processed.
CREATE TABLE IF NOT EXISTS conversation (
  conversation_id TEXT PRIMARY KEY,                -- of an STK push: the CheckoutRequestID
  originator_id TEXT NOT NULL,                     -- of an STK push: the MerchantRequestID
  operation TEXT NOT NULL,
  shortcode TEXT NOT NULL REFERENCES organisation,
  phone TEXT,
  amount_minor INTEGER NOT NULL DEFAULT 0,
  body TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  result_code TEXT,
  result_desc TEXT,
  receipt TEXT,
  UNIQUE (shortcode, operation, originator_id)
) STRICT;

CREATE TABLE IF NOT EXISTS account (
  code TEXT PRIMARY KEY,                           -- 600992/utility, customer/2547…, world, fees
  balance_minor INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE IF NOT EXISTS transfer (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  receipt TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('deposit', 'pay_in', 'payout', 'fee', 'reversal')),
  shortcode TEXT NOT NULL REFERENCES organisation,
  phone TEXT NOT NULL DEFAULT '',
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
  account_reference TEXT NOT NULL DEFAULT '',
  merchant_request_id TEXT NOT NULL DEFAULT '',
  checkout_request_id TEXT NOT NULL DEFAULT '',
  originator_conversation_id TEXT NOT NULL DEFAULT '',
  conversation_id TEXT NOT NULL DEFAULT '',
  linked_receipt TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL,
  details TEXT NOT NULL,
  initiated_at_ms INTEGER NOT NULL,
  completed_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS transfer_by_shortcode ON transfer (shortcode, completed_at_ms);

CREATE TABLE IF NOT EXISTS posting (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  receipt TEXT NOT NULL REFERENCES transfer (receipt),
  account TEXT NOT NULL REFERENCES account (code),
  amount_minor INTEGER NOT NULL CHECK (amount_minor <> 0)  -- positive: the account gains
) STRICT;
CREATE INDEX IF NOT EXISTS posting_by_receipt ON posting (receipt);

CREATE TRIGGER IF NOT EXISTS transfer_stays BEFORE UPDATE ON transfer
BEGIN SELECT RAISE(ABORT, 'a transfer is never altered'); END;
CREATE TRIGGER IF NOT EXISTS transfer_remains BEFORE DELETE ON transfer
BEGIN SELECT RAISE(ABORT, 'a transfer is never deleted'); END;
CREATE TRIGGER IF NOT EXISTS posting_stays BEFORE UPDATE ON posting
BEGIN SELECT RAISE(ABORT, 'a posting is never altered'); END;
CREATE TRIGGER IF NOT EXISTS posting_remains BEFORE DELETE ON posting
BEGIN SELECT RAISE(ABORT, 'a posting is never deleted'); END;

-- What is still to be done: money to move, and messages to send. Both survive a kill -9.
CREATE TABLE IF NOT EXISTS task (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  due_at_ms INTEGER NOT NULL,
  is_done INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS task_due ON task (due_at_ms) WHERE is_done = 0;

CREATE TABLE IF NOT EXISTS callback (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  shortcode TEXT NOT NULL,
  purpose TEXT NOT NULL,
  subject TEXT NOT NULL,                           -- conversation id, or receipt of a pay-in
  url TEXT NOT NULL,
  body TEXT NOT NULL,
  due_at_ms INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'answered', 'given_up'))
) STRICT;
CREATE INDEX IF NOT EXISTS callback_due ON callback (due_at_ms) WHERE state = 'due';

CREATE TABLE IF NOT EXISTS delivery (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  callback_id INTEGER NOT NULL REFERENCES callback,
  at_ms INTEGER NOT NULL,
  status INTEGER,                                  -- absent: no HTTP answer came
  answer TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS delivery_by_callback ON delivery (callback_id);

CREATE TABLE IF NOT EXISTS fault (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  path TEXT NOT NULL,                              -- exact path, or * for every one
  kind TEXT NOT NULL,
  remaining INTEGER NOT NULL,
  milliseconds INTEGER NOT NULL DEFAULT 0
) STRICT;
