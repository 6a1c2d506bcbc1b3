-- Operations besides purchase and payout: their moves, and what may never be asked for.
-- PM010 an operation that builds on the wrong attempt, PM011 more than is held or was captured,
-- PM012 a capture after the last one or after a void, PM013 more refunds than money.

-- The moves a state may make, as in apps/payments/domain.
CREATE FUNCTION payments_move_allowed_v2(machine text, before text, after text)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT before = after OR EXISTS (
    SELECT 1 FROM (VALUES
      ('intent', 'requires_method', '{processing,cancelled,expired}'::text[]),
      ('intent', 'processing', '{requires_action,unknown,authorised,succeeded,partially_captured,partially_refunded,refunded,failed}'),
      ('intent', 'requires_action', '{processing,unknown,authorised,succeeded,partially_captured,partially_refunded,refunded,failed}'),
      ('intent', 'unknown', '{authorised,succeeded,partially_captured,partially_refunded,refunded,failed}'),
      ('intent', 'failed', '{processing,authorised,succeeded,partially_captured,partially_refunded,refunded,cancelled,expired}'),
      ('intent', 'cancelled', '{authorised,succeeded,partially_captured,partially_refunded,refunded}'),
      ('intent', 'expired', '{authorised,succeeded,partially_captured,partially_refunded,refunded}'),
      ('intent', 'authorised', '{succeeded,partially_captured,partially_refunded,refunded,failed,cancelled,expired}'),
      ('intent', 'succeeded', '{authorised,partially_captured,partially_refunded,refunded,failed,cancelled,expired}'),
      ('intent', 'partially_captured', '{authorised,succeeded,partially_refunded,refunded,failed,cancelled,expired}'),
      ('intent', 'partially_refunded', '{authorised,succeeded,partially_captured,refunded,failed,cancelled,expired}'),
      ('intent', 'refunded', '{authorised,succeeded,partially_captured,partially_refunded,failed,cancelled,expired}'),
      ('attempt', 'queued', '{sending,succeeded,declined,failed}'),
      ('attempt', 'sending', '{sent,pending,not_sent,unknown,succeeded,declined,failed}'),
      ('attempt', 'not_sent', '{sending,succeeded,declined,failed}'),
      ('attempt', 'sent', '{pending,unknown,queued,succeeded,declined,failed}'),
      ('attempt', 'pending', '{unknown,queued,succeeded,declined,failed}'),
      ('attempt', 'unknown', '{pending,sent,queued,investigate,succeeded,declined,failed}'),
      ('attempt', 'investigate', '{unknown,queued,succeeded,declined,failed}'),
      ('attempt', 'declined', '{succeeded}'),
      ('attempt', 'failed', '{succeeded}'),
      ('callback', 'new', '{done,ignored,quarantined,dead}'),
      ('callback', 'dead', '{new}'),
      ('callback', 'quarantined', '{new}'),
      ('refund', 'awaiting_approval', '{approved,rejected}'),
      ('refund', 'approved', '{succeeded,failed,reversed}'),
      ('refund', 'succeeded', '{reversed}'),
      ('refund', 'failed', '{succeeded}'),
      ('dispute', 'needs_response', '{under_review,won,lost,accepted,closed}'),
      ('dispute', 'under_review', '{needs_response,won,lost,accepted,closed}'),
      ('dispute', 'won', '{needs_response,under_review,lost,accepted,closed}'),
      ('dispute', 'lost', '{needs_response,under_review,won,accepted,closed}'),
      ('dispute', 'accepted', '{needs_response,under_review,won,lost,closed}'),
      ('dispute', 'closed', '{needs_response,under_review,won,lost,accepted}')
    ) AS moves (m, b, allowed)
    WHERE m = machine AND b = before AND after = ANY (allowed)
  )
$$;

CREATE FUNCTION payments_guard_intent_v2() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF (OLD.id, OLD.tenant, OLD.reference, OLD.amount_minor, OLD.currency, OLD.payer_phone,
      OLD.payment_method, OLD.capture_method, OLD.return_url,
      OLD.allocation, OLD.idempotency_key, OLD.fingerprint, OLD.created_at)
     IS DISTINCT FROM
     (NEW.id, NEW.tenant, NEW.reference, NEW.amount_minor, NEW.currency, NEW.payer_phone,
      NEW.payment_method, NEW.capture_method, NEW.return_url,
      NEW.allocation, NEW.idempotency_key, NEW.fingerprint, NEW.created_at) THEN
    RAISE EXCEPTION 'what a payment intent asks for is fixed' USING ERRCODE = 'PM003';
  END IF;
  IF NOT payments_move_allowed_v2('intent', OLD.status, NEW.status) THEN
    RAISE EXCEPTION 'payment intent: % -> %', OLD.status, NEW.status USING ERRCODE = 'PM002';
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER payments_payment_intent_guard ON payments_payment_intent;
CREATE TRIGGER payments_payment_intent_guard
  BEFORE UPDATE ON payments_payment_intent
  FOR EACH ROW EXECUTE FUNCTION payments_guard_intent_v2();

CREATE FUNCTION payments_guard_attempt_v2() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF (OLD.id, OLD.tenant, OLD.direction, OLD.operation, OLD.number, OLD.intent_id, OLD.payout_ref,
      OLD.provider_account_id, OLD.amount_minor, OLD.currency, OLD.phone, OLD.debit_account,
      OLD.party, OLD.parent_id, OLD.is_last, OLD.allocation, OLD.reason,
      OLD.provider_key, OLD.callback_token_hash, OLD.idempotency_key, OLD.fingerprint)
     IS DISTINCT FROM
     (NEW.id, NEW.tenant, NEW.direction, NEW.operation, NEW.number, NEW.intent_id, NEW.payout_ref,
      NEW.provider_account_id, NEW.amount_minor, NEW.currency, NEW.phone, NEW.debit_account,
      NEW.party, NEW.parent_id, NEW.is_last, NEW.allocation, NEW.reason,
      NEW.provider_key, NEW.callback_token_hash, NEW.idempotency_key, NEW.fingerprint) THEN
    RAISE EXCEPTION 'what an attempt is for is fixed' USING ERRCODE = 'PM003';
  END IF;
  IF NOT payments_move_allowed_v2('attempt', OLD.state, NEW.state) THEN
    RAISE EXCEPTION 'attempt: % -> %', OLD.state, NEW.state USING ERRCODE = 'PM002';
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER payments_attempt_guard ON payments_attempt;
CREATE TRIGGER payments_attempt_guard
  BEFORE UPDATE ON payments_attempt
  FOR EACH ROW EXECUTE FUNCTION payments_guard_attempt_v2();

-- What builds on another attempt. The intent's lock makes two at once wait for each other; what was
-- asked for counts until it is proved that it did not happen.
CREATE FUNCTION payments_guard_building_attempt_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  asked payments_payment_intent;
  parent payments_attempt;
  before bigint;
BEGIN
  SELECT * INTO asked FROM payments_payment_intent WHERE id = NEW.intent_id FOR UPDATE;
  SELECT * INTO parent FROM payments_attempt WHERE id = NEW.parent_id;
  IF parent.intent_id IS DISTINCT FROM NEW.intent_id OR parent.state <> 'succeeded'
     OR parent.currency <> NEW.currency
     OR parent.provider_account_id <> NEW.provider_account_id
     OR NOT (NEW.operation IN ('capture', 'void') AND parent.operation = 'authorise'
             OR NEW.operation = 'refund' AND parent.operation IN ('purchase', 'capture')) THEN
    RAISE EXCEPTION 'a % cannot build on that attempt', NEW.operation USING ERRCODE = 'PM010';
  END IF;
  SELECT coalesce(sum(amount_minor), 0) INTO before FROM payments_attempt
    WHERE intent_id = NEW.intent_id AND operation = NEW.operation
      AND state NOT IN ('declined', 'failed');
  IF NEW.operation = 'capture' AND before + NEW.amount_minor > asked.authorised_minor
     OR NEW.operation = 'refund'
        AND before + NEW.amount_minor > asked.captured_minor - asked.disputed_minor THEN
    RAISE EXCEPTION 'a % of % after % is too much', NEW.operation, NEW.amount_minor, before
      USING ERRCODE = 'PM011';
  END IF;
  IF NEW.operation IN ('capture', 'void') AND EXISTS (
    SELECT 1 FROM payments_attempt
      WHERE parent_id = NEW.parent_id AND state NOT IN ('declined', 'failed')
        AND (operation = 'void' OR operation = 'capture' AND is_last)) THEN
    RAISE EXCEPTION 'the authorisation is used up or let go' USING ERRCODE = 'PM012';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payments_attempt_begin_building
  BEFORE INSERT ON payments_attempt
  FOR EACH ROW WHEN (NEW.operation IN ('capture', 'void', 'refund'))
  EXECUTE FUNCTION payments_guard_building_attempt_v1();

-- A payout is guarded as before; a refund goes out too, but belongs to an intent.
CREATE FUNCTION payments_guard_new_attempt_v2() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  other text;
BEGIN
  IF NEW.state <> 'queued' THEN
    RAISE EXCEPTION 'an attempt begins queued, not %', NEW.state USING ERRCODE = 'PM002';
  END IF;
  IF NEW.payout_ref IS NOT NULL THEN
    SELECT state INTO other FROM payments_attempt
      WHERE payout_ref = NEW.payout_ref AND state NOT IN ('declined', 'failed') LIMIT 1;
    IF FOUND THEN
      RAISE EXCEPTION 'the payout has an attempt that is %', other USING ERRCODE = 'PM004';
    END IF;
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER payments_attempt_begin ON payments_attempt;
CREATE TRIGGER payments_attempt_begin
  BEFORE INSERT ON payments_attempt
  FOR EACH ROW EXECUTE FUNCTION payments_guard_new_attempt_v2();

CREATE FUNCTION payments_guard_callback_v2() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF (OLD.id, OLD.tenant, OLD.provider_account_id, OLD.attempt_id, OLD.kind, OLD.dedupe, OLD.body,
      OLD.body_sha256, OLD.received_at, OLD.remote_ip, OLD.headers, OLD.is_genuine)
     IS DISTINCT FROM
     (NEW.id, NEW.tenant, NEW.provider_account_id, NEW.attempt_id, NEW.kind, NEW.dedupe, NEW.body,
      NEW.body_sha256, NEW.received_at, NEW.remote_ip, NEW.headers, NEW.is_genuine) THEN
    RAISE EXCEPTION 'a stored callback is evidence' USING ERRCODE = 'PM003';
  END IF;
  IF NOT payments_move_allowed_v2('callback', OLD.state, NEW.state)
     OR NOT NEW.is_genuine AND NEW.state <> 'quarantined' THEN
    RAISE EXCEPTION 'callback: % -> %', OLD.state, NEW.state USING ERRCODE = 'PM002';
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER payments_callback_guard ON payments_callback;
CREATE TRIGGER payments_callback_guard
  BEFORE UPDATE ON payments_callback
  FOR EACH ROW EXECUTE FUNCTION payments_guard_callback_v2();

-- Refunds: what is asked for stays asked for, counts until it is refused or proved to have failed,
-- and never exceeds what came and was not disputed away.
CREATE FUNCTION payments_guard_new_refund_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  asked payments_payment_intent;
  before bigint;
BEGIN
  SELECT * INTO asked FROM payments_payment_intent WHERE id = NEW.intent_id FOR UPDATE;
  SELECT coalesce(sum(amount_minor), 0) INTO before FROM payments_refund
    WHERE intent_id = NEW.intent_id
      AND status IN ('awaiting_approval', 'approved', 'succeeded');
  IF NEW.currency <> asked.currency
     OR before + NEW.amount_minor > asked.captured_minor - asked.disputed_minor THEN
    RAISE EXCEPTION 'a refund of % after % is too much', NEW.amount_minor, before
      USING ERRCODE = 'PM013';
  END IF;
  IF NEW.status <> 'awaiting_approval' THEN
    RAISE EXCEPTION 'a refund begins undecided, not %', NEW.status USING ERRCODE = 'PM002';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payments_refund_begin
  BEFORE INSERT ON payments_refund
  FOR EACH ROW EXECUTE FUNCTION payments_guard_new_refund_v1();

CREATE FUNCTION payments_guard_refund_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF (OLD.id, OLD.tenant, OLD.intent_id, OLD.parent_id, OLD.amount_minor, OLD.currency,
      OLD.allocation, OLD.reason, OLD.asked_by, OLD.asked_at,
      OLD.idempotency_key, OLD.fingerprint)
     IS DISTINCT FROM
     (NEW.id, NEW.tenant, NEW.intent_id, NEW.parent_id, NEW.amount_minor, NEW.currency,
      NEW.allocation, NEW.reason, NEW.asked_by, NEW.asked_at,
      NEW.idempotency_key, NEW.fingerprint)
     OR OLD.decided_by <> '' AND OLD.decided_by <> NEW.decided_by
     OR OLD.attempt_id IS NOT NULL AND OLD.attempt_id IS DISTINCT FROM NEW.attempt_id THEN
    RAISE EXCEPTION 'what a refund asks for, and who decided, is fixed' USING ERRCODE = 'PM003';
  END IF;
  IF NOT payments_move_allowed_v2('refund', OLD.status, NEW.status) THEN
    RAISE EXCEPTION 'refund: % -> %', OLD.status, NEW.status USING ERRCODE = 'PM002';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payments_refund_guard
  BEFORE UPDATE ON payments_refund
  FOR EACH ROW EXECUTE FUNCTION payments_guard_refund_v1();
CREATE TRIGGER payments_refund_kept
  BEFORE DELETE ON payments_refund
  FOR EACH ROW EXECUTE FUNCTION payments_refuse_change_v1();

CREATE FUNCTION payments_guard_dispute_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF (OLD.id, OLD.tenant, OLD.provider_account_id, OLD.intent_id, OLD.attempt_id, OLD.reference,
      OLD.currency, OLD.opened_at)
     IS DISTINCT FROM
     (NEW.id, NEW.tenant, NEW.provider_account_id, NEW.intent_id, NEW.attempt_id, NEW.reference,
      NEW.currency, NEW.opened_at) THEN
    RAISE EXCEPTION 'what a dispute is about is fixed' USING ERRCODE = 'PM003';
  END IF;
  IF NOT payments_move_allowed_v2('dispute', OLD.status, NEW.status) THEN
    RAISE EXCEPTION 'dispute: % -> %', OLD.status, NEW.status USING ERRCODE = 'PM002';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payments_dispute_guard
  BEFORE UPDATE ON payments_dispute
  FOR EACH ROW EXECUTE FUNCTION payments_guard_dispute_v1();
CREATE TRIGGER payments_dispute_kept
  BEFORE DELETE ON payments_dispute
  FOR EACH ROW EXECUTE FUNCTION payments_refuse_change_v1();
CREATE TRIGGER payments_dispute_evidence_append_only
  BEFORE UPDATE OR DELETE ON payments_dispute_evidence
  FOR EACH ROW EXECUTE FUNCTION payments_refuse_change_v1();
