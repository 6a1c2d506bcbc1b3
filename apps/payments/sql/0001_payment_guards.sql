-- Guards around payments: what the code promises, the database refuses to break.
-- SQLSTATE class PM: PM001 append-only, PM002 illegal move, PM003 fixed column, PM004 second payout.

CREATE FUNCTION payments_refuse_change_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'PM001';
END $$;

CREATE TRIGGER payments_payment_event_append_only
  BEFORE UPDATE OR DELETE ON payments_payment_event
  FOR EACH ROW EXECUTE FUNCTION payments_refuse_change_v1();
CREATE TRIGGER payments_provider_exchange_append_only
  BEFORE UPDATE OR DELETE ON payments_provider_exchange
  FOR EACH ROW EXECUTE FUNCTION payments_refuse_change_v1();
CREATE TRIGGER payments_payment_intent_kept
  BEFORE DELETE ON payments_payment_intent
  FOR EACH ROW EXECUTE FUNCTION payments_refuse_change_v1();
CREATE TRIGGER payments_attempt_kept
  BEFORE DELETE ON payments_attempt
  FOR EACH ROW EXECUTE FUNCTION payments_refuse_change_v1();
CREATE TRIGGER payments_callback_kept
  BEFORE DELETE ON payments_callback
  FOR EACH ROW EXECUTE FUNCTION payments_refuse_change_v1();

-- The moves a state may make, as in apps/payments/domain/states.py.
CREATE FUNCTION payments_move_allowed_v1(machine text, before text, after text)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT before = after OR EXISTS (
    SELECT 1 FROM (VALUES
      ('intent', 'requires_method', '{processing,cancelled,expired}'::text[]),
      ('intent', 'processing', '{unknown,succeeded,partially_captured,failed}'),
      ('intent', 'unknown', '{succeeded,partially_captured,failed}'),
      ('intent', 'failed', '{processing,succeeded,partially_captured,cancelled,expired}'),
      ('intent', 'cancelled', '{succeeded,partially_captured}'),
      ('intent', 'expired', '{succeeded,partially_captured}'),
      ('intent', 'partially_captured', '{succeeded}'),
      ('intent', 'succeeded', '{partially_captured}'),
      ('attempt', 'queued', '{sending,succeeded,declined,failed}'),
      ('attempt', 'sending', '{sent,pending,not_sent,unknown,succeeded,declined,failed}'),
      ('attempt', 'not_sent', '{sending,succeeded,declined,failed}'),
      ('attempt', 'sent', '{pending,unknown,succeeded,declined,failed}'),
      ('attempt', 'pending', '{unknown,succeeded,declined,failed}'),
      ('attempt', 'unknown', '{pending,sent,queued,investigate,succeeded,declined,failed}'),
      ('attempt', 'investigate', '{succeeded,declined,failed}'),
      ('attempt', 'declined', '{succeeded}'),
      ('attempt', 'failed', '{succeeded}'),
      ('callback', 'new', '{done,ignored,quarantined,dead}'),
      ('callback', 'dead', '{new}'),
      ('callback', 'quarantined', '{new}')
    ) AS moves (m, b, allowed)
    WHERE m = machine AND b = before AND after = ANY (allowed)
  )
$$;

CREATE FUNCTION payments_guard_intent_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF (OLD.id, OLD.tenant, OLD.reference, OLD.amount_minor, OLD.currency, OLD.payer_phone,
      OLD.allocation, OLD.idempotency_key, OLD.fingerprint, OLD.created_at)
     IS DISTINCT FROM
     (NEW.id, NEW.tenant, NEW.reference, NEW.amount_minor, NEW.currency, NEW.payer_phone,
      NEW.allocation, NEW.idempotency_key, NEW.fingerprint, NEW.created_at) THEN
    RAISE EXCEPTION 'what a payment intent asks for is fixed' USING ERRCODE = 'PM003';
  END IF;
  IF NOT payments_move_allowed_v1('intent', OLD.status, NEW.status) THEN
    RAISE EXCEPTION 'payment intent: % -> %', OLD.status, NEW.status USING ERRCODE = 'PM002';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payments_payment_intent_guard
  BEFORE UPDATE ON payments_payment_intent
  FOR EACH ROW EXECUTE FUNCTION payments_guard_intent_v1();

CREATE FUNCTION payments_guard_attempt_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF (OLD.id, OLD.tenant, OLD.direction, OLD.operation, OLD.number, OLD.intent_id, OLD.payout_ref,
      OLD.provider_account_id, OLD.amount_minor, OLD.currency, OLD.phone, OLD.debit_account,
      OLD.provider_key, OLD.callback_token_hash, OLD.idempotency_key, OLD.fingerprint)
     IS DISTINCT FROM
     (NEW.id, NEW.tenant, NEW.direction, NEW.operation, NEW.number, NEW.intent_id, NEW.payout_ref,
      NEW.provider_account_id, NEW.amount_minor, NEW.currency, NEW.phone, NEW.debit_account,
      NEW.provider_key, NEW.callback_token_hash, NEW.idempotency_key, NEW.fingerprint) THEN
    RAISE EXCEPTION 'what an attempt is for is fixed' USING ERRCODE = 'PM003';
  END IF;
  IF NOT payments_move_allowed_v1('attempt', OLD.state, NEW.state) THEN
    RAISE EXCEPTION 'attempt: % -> %', OLD.state, NEW.state USING ERRCODE = 'PM002';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payments_attempt_guard
  BEFORE UPDATE ON payments_attempt
  FOR EACH ROW EXECUTE FUNCTION payments_guard_attempt_v1();

-- A payout that may have been paid is never paid again. The unique index on live payouts makes
-- this safe against two at once: of two inserts, both live, one waits and is refused.
CREATE FUNCTION payments_guard_new_attempt_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  other text;
BEGIN
  IF NEW.state <> 'queued' THEN
    RAISE EXCEPTION 'an attempt begins queued, not %', NEW.state USING ERRCODE = 'PM002';
  END IF;
  IF NEW.direction = 'out' THEN
    SELECT state INTO other FROM payments_attempt
      WHERE payout_ref = NEW.payout_ref AND state NOT IN ('declined', 'failed') LIMIT 1;
    IF FOUND THEN
      RAISE EXCEPTION 'the payout has an attempt that is %', other USING ERRCODE = 'PM004';
    END IF;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payments_attempt_begin
  BEFORE INSERT ON payments_attempt
  FOR EACH ROW EXECUTE FUNCTION payments_guard_new_attempt_v1();

CREATE FUNCTION payments_guard_callback_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF (OLD.id, OLD.tenant, OLD.provider_account_id, OLD.attempt_id, OLD.kind, OLD.dedupe, OLD.body,
      OLD.body_sha256, OLD.received_at, OLD.remote_ip)
     IS DISTINCT FROM
     (NEW.id, NEW.tenant, NEW.provider_account_id, NEW.attempt_id, NEW.kind, NEW.dedupe, NEW.body,
      NEW.body_sha256, NEW.received_at, NEW.remote_ip) THEN
    RAISE EXCEPTION 'a stored callback is evidence' USING ERRCODE = 'PM003';
  END IF;
  IF NOT payments_move_allowed_v1('callback', OLD.state, NEW.state) THEN
    RAISE EXCEPTION 'callback: % -> %', OLD.state, NEW.state USING ERRCODE = 'PM002';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payments_callback_guard
  BEFORE UPDATE ON payments_callback
  FOR EACH ROW EXECUTE FUNCTION payments_guard_callback_v1();
