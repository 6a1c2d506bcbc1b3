-- Guards around pay-ins and receipts recorded by hand.
-- SQLSTATEs: PM020 a receipt credited twice, PM021 fixed facts, PM022 uses and what is left differ,
-- PM023 the same person on both sides, PM024 illegal move.

-- As apps/payments/domain/pay_ins.py folds a reference: no case, no separators, no look-alikes.
CREATE FUNCTION payments_folded_reference_v1(reference text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT translate(regexp_replace(upper(reference), '[^A-Z0-9]', '', 'g'), 'OIL', '011')
$$;
CREATE INDEX payments_intent_folded ON payments_payment_intent
  (payments_folded_reference_v1(reference));

-- A provider's receipt is one movement of money: either a payment that was asked for booked it or
-- a pay-in did. The lock makes that true for two transactions at once.
CREATE FUNCTION payments_guard_receipt_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  receipt text;
BEGIN
  IF TG_TABLE_NAME = 'payments_payment_event' THEN
    receipt := NEW.provider_reference;
  ELSE
    receipt := NEW.receipt;
  END IF;
  PERFORM pg_advisory_xact_lock(
    hashtextextended('payments.receipt:' || NEW.provider_account_id || ':' || receipt, 0));
  IF TG_TABLE_NAME = 'payments_payment_event' THEN
    PERFORM 1 FROM payments_pay_in
      WHERE provider_account_id = NEW.provider_account_id AND payments_pay_in.receipt = NEW.provider_reference;
  ELSE
    PERFORM 1 FROM payments_payment_event
      WHERE provider_account_id = NEW.provider_account_id AND provider_reference = NEW.receipt
        AND kind = 'succeeded' AND booked_minor > 0;
  END IF;
  IF FOUND THEN
    RAISE EXCEPTION 'receipt % is in the books already', receipt USING ERRCODE = 'PM020';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payments_payment_event_receipt
  BEFORE INSERT ON payments_payment_event FOR EACH ROW
  WHEN (NEW.kind = 'succeeded' AND NEW.booked_minor > 0 AND NEW.provider_reference <> '')
  EXECUTE FUNCTION payments_guard_receipt_v1();
CREATE TRIGGER payments_pay_in_receipt
  BEFORE INSERT ON payments_pay_in
  FOR EACH ROW EXECUTE FUNCTION payments_guard_receipt_v1();

CREATE FUNCTION payments_guard_pay_in_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF (to_jsonb(OLD) - '{left_minor,state,doubt}'::text[])
     IS DISTINCT FROM (to_jsonb(NEW) - '{left_minor,state,doubt}'::text[]) THEN
    RAISE EXCEPTION 'what was paid is fixed' USING ERRCODE = 'PM021';
  END IF;
  IF OLD.state <> NEW.state
     AND NOT (OLD.state = 'open' AND NEW.state IN ('refunding', 'used')
              OR OLD.state = 'refunding' AND NEW.state IN ('open', 'used')) THEN
    RAISE EXCEPTION 'pay-in: % -> %', OLD.state, NEW.state USING ERRCODE = 'PM024';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payments_pay_in_guard
  BEFORE UPDATE ON payments_pay_in
  FOR EACH ROW EXECUTE FUNCTION payments_guard_pay_in_v1();
CREATE TRIGGER payments_pay_in_kept
  BEFORE DELETE ON payments_pay_in
  FOR EACH ROW EXECUTE FUNCTION payments_refuse_change_v1();
CREATE TRIGGER payments_pay_in_use_append_only
  BEFORE UPDATE OR DELETE ON payments_pay_in_use
  FOR EACH ROW EXECUTE FUNCTION payments_refuse_change_v1();

-- At the end of a transaction the uses of a pay-in and what is left of it add up to its amount.
CREATE FUNCTION payments_check_pay_in_used_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  wanted uuid := CASE WHEN TG_TABLE_NAME = 'payments_pay_in'
                      THEN NEW.id ELSE (to_jsonb(NEW) ->> 'pay_in_id')::uuid END;
BEGIN
  PERFORM 1 FROM payments_pay_in p WHERE p.id = wanted AND p.amount_minor - p.left_minor
    <> (SELECT coalesce(sum(u.amount_minor), 0) FROM payments_pay_in_use u WHERE u.pay_in_id = p.id);
  IF FOUND THEN
    RAISE EXCEPTION 'the uses of a pay-in and what is left of it do not add up'
      USING ERRCODE = 'PM022';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER payments_pay_in_adds_up
  AFTER INSERT OR UPDATE ON payments_pay_in DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION payments_check_pay_in_used_v1();
CREATE CONSTRAINT TRIGGER payments_pay_in_use_adds_up
  AFTER INSERT ON payments_pay_in_use DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION payments_check_pay_in_used_v1();

-- Whoever asks for a refund or records a receipt does not decide about it.
CREATE FUNCTION payments_guard_two_persons_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  fixed text[] := TG_ARGV[0]::text[];
  moves jsonb := TG_ARGV[1]::jsonb;
  maker text := to_jsonb(NEW) ->> TG_ARGV[2];
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF (to_jsonb(OLD) - fixed) IS DISTINCT FROM (to_jsonb(NEW) - fixed) THEN
      RAISE EXCEPTION 'what was recorded is fixed' USING ERRCODE = 'PM021';
    END IF;
    IF OLD.state <> NEW.state AND NOT coalesce(moves -> OLD.state ? NEW.state, false) THEN
      RAISE EXCEPTION '%: % -> %', TG_TABLE_NAME, OLD.state, NEW.state USING ERRCODE = 'PM024';
    END IF;
    IF OLD.decided_person <> '' AND OLD.decided_person <> NEW.decided_person THEN
      RAISE EXCEPTION 'it has been decided' USING ERRCODE = 'PM021';
    END IF;
  ELSIF NEW.state NOT IN ('asked', 'recorded') THEN
    RAISE EXCEPTION '% begins as %', TG_TABLE_NAME, NEW.state USING ERRCODE = 'PM024';
  END IF;
  IF NEW.state IN ('approved', 'done', 'failed')
     AND (NEW.decided_person = '' OR NEW.decided_person = maker) THEN
    RAISE EXCEPTION 'another person decides' USING ERRCODE = 'PM023';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payments_pay_in_refund_two_persons
  BEFORE INSERT OR UPDATE ON payments_pay_in_refund FOR EACH ROW
  EXECUTE FUNCTION payments_guard_two_persons_v1(
    '{state,decided_person,decided_by,decided_at,said}',
    '{"asked": ["approved", "rejected"], "approved": ["done", "failed"], "failed": ["done"]}', 'asked_person');
CREATE TRIGGER payments_manual_receipt_two_persons
  BEFORE INSERT OR UPDATE ON payments_manual_receipt FOR EACH ROW
  EXECUTE FUNCTION payments_guard_two_persons_v1(
    '{state,decided_person,decided_by,decided_at,decision_reason,pay_in_id}',
    '{"recorded": ["approved", "cancelled"]}', 'recorded_person');
CREATE TRIGGER payments_pay_in_refund_kept
  BEFORE DELETE ON payments_pay_in_refund
  FOR EACH ROW EXECUTE FUNCTION payments_refuse_change_v1();
CREATE TRIGGER payments_manual_receipt_kept
  BEFORE DELETE ON payments_manual_receipt
  FOR EACH ROW EXECUTE FUNCTION payments_refuse_change_v1();
