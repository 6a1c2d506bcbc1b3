-- What people decide: rulings about unknown outcomes, strayed money, discrepancies, withdrawals.
-- SQLSTATEs: PM050 a ruling about what is proved, PM051 an operator's word without a ruling,
-- PM052 sent again without a ruling, PM053 fixed facts or an illegal move of strayed money,
-- PM056 a pay-in given back without two persons,
-- PM054 its uses and what is left differ, PM055 fixed facts of a discrepancy or withdrawal.

CREATE FUNCTION payments_guard_new_ruling_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM 1 FROM payments_attempt
    WHERE id = NEW.attempt_id AND state IN ('unknown', 'investigate') FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the outcome of that attempt is not unknown' USING ERRCODE = 'PM050';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payments_ruling_begin
  BEFORE INSERT ON payments_ruling
  FOR EACH ROW EXECUTE FUNCTION payments_guard_new_ruling_v1();
CREATE TRIGGER payments_ruling_two_persons
  BEFORE INSERT OR UPDATE ON payments_ruling FOR EACH ROW
  EXECUTE FUNCTION payments_guard_two_persons_v1(
    '{state,decided_person,decided_by,decided_at,decision_reason}',
    '{"asked": ["approved", "rejected", "lapsed"]}', 'asked_person');
CREATE TRIGGER payments_ruling_kept
  BEFORE DELETE ON payments_ruling
  FOR EACH ROW EXECUTE FUNCTION payments_refuse_change_v1();

-- The word of an operator about an attempt is in the books only by a ruling that a second person
-- approved.
CREATE FUNCTION payments_guard_operators_word_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM 1 FROM payments_ruling
    WHERE attempt_id = NEW.attempt_id AND state = 'approved' AND verb = NEW.kind;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no ruling says so' USING ERRCODE = 'PM051';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payments_payment_event_operators_word
  BEFORE INSERT ON payments_payment_event
  FOR EACH ROW WHEN (NEW.source = 'operator' AND NEW.attempt_id IS NOT NULL)
  EXECUTE FUNCTION payments_guard_operators_word_v1();

-- What people look into is not sent again by itself.
CREATE FUNCTION payments_guard_resend_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM 1 FROM payments_ruling
    WHERE attempt_id = NEW.id AND state = 'approved' AND verb = 'resend';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no ruling has it sent again' USING ERRCODE = 'PM052';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payments_attempt_resend
  BEFORE UPDATE ON payments_attempt
  FOR EACH ROW WHEN (OLD.state = 'investigate' AND NEW.state = 'queued')
  EXECUTE FUNCTION payments_guard_resend_v1();

-- A pay-in goes back by its receipt only when two persons want it, and for what it was.
CREATE FUNCTION payments_guard_return_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM 1 FROM payments_pay_in_refund refund JOIN payments_pay_in pay_in
      ON pay_in.id = refund.pay_in_id
    WHERE refund.id = NEW.payout_ref AND refund.state = 'approved'
      AND pay_in.amount_minor = NEW.amount_minor AND pay_in.currency = NEW.currency
      AND pay_in.receipt = NEW.party ->> 'value'
      AND pay_in.provider_account_id = NEW.provider_account_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no two persons give that pay-in back' USING ERRCODE = 'PM056';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payments_attempt_return
  BEFORE INSERT ON payments_attempt
  FOR EACH ROW WHEN (NEW.party ->> 'kind' = 'receipt')
  EXECUTE FUNCTION payments_guard_return_v1();

CREATE FUNCTION payments_guard_stray_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF (to_jsonb(OLD) - '{left_minor,state,refund_id,closed_at}'::text[])
     IS DISTINCT FROM (to_jsonb(NEW) - '{left_minor,state,refund_id,closed_at}'::text[]) THEN
    RAISE EXCEPTION 'what strayed is fixed' USING ERRCODE = 'PM053';
  END IF;
  IF OLD.state <> NEW.state
     AND NOT (OLD.state = 'open' AND NEW.state IN ('refunding', 'done')
              OR OLD.state = 'refunding' AND NEW.state IN ('open', 'done')
              OR OLD.state = 'done' AND NEW.state IN ('open', 'refunding')
                 AND NEW.refund_id IS NOT NULL) THEN
    RAISE EXCEPTION 'stray: % -> %', OLD.state, NEW.state USING ERRCODE = 'PM053';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payments_stray_guard
  BEFORE UPDATE ON payments_stray
  FOR EACH ROW EXECUTE FUNCTION payments_guard_stray_v1();
CREATE TRIGGER payments_stray_kept
  BEFORE DELETE ON payments_stray
  FOR EACH ROW EXECUTE FUNCTION payments_refuse_change_v1();
CREATE TRIGGER payments_stray_use_append_only
  BEFORE UPDATE OR DELETE ON payments_stray_use
  FOR EACH ROW EXECUTE FUNCTION payments_refuse_change_v1();

-- At the end of a transaction the uses of strayed money and what is left of it add up.
CREATE FUNCTION payments_check_stray_used_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  wanted uuid := CASE WHEN TG_TABLE_NAME = 'payments_stray'
                      THEN NEW.id ELSE (to_jsonb(NEW) ->> 'stray_id')::uuid END;
BEGIN
  PERFORM 1 FROM payments_stray s WHERE s.id = wanted AND s.amount_minor - s.left_minor
    <> (SELECT coalesce(sum(u.amount_minor), 0) FROM payments_stray_use u WHERE u.stray_id = s.id);
  IF FOUND THEN
    RAISE EXCEPTION 'the uses of strayed money and what is left of it do not add up'
      USING ERRCODE = 'PM054';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER payments_stray_adds_up
  AFTER INSERT OR UPDATE ON payments_stray DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION payments_check_stray_used_v1();
CREATE CONSTRAINT TRIGGER payments_stray_use_adds_up
  AFTER INSERT ON payments_stray_use DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION payments_check_stray_used_v1();

CREATE TRIGGER payments_provider_balance_append_only
  BEFORE UPDATE OR DELETE ON payments_provider_balance
  FOR EACH ROW EXECUTE FUNCTION payments_refuse_change_v1();

-- Of a discrepancy only who looks into it and how it ended changes while it is open; of a
-- withdrawal only where it stands. Arguments: the columns that may change.
CREATE FUNCTION payments_guard_kept_facts_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  free text[] := TG_ARGV[0]::text[];
BEGIN
  IF (to_jsonb(OLD) - free) IS DISTINCT FROM (to_jsonb(NEW) - free)
     OR (to_jsonb(OLD) ->> TG_ARGV[1]) = ANY (TG_ARGV[2]::text[]) THEN
    RAISE EXCEPTION 'what % says is fixed', TG_TABLE_NAME USING ERRCODE = 'PM055';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payments_discrepancy_guard
  BEFORE UPDATE ON payments_discrepancy
  FOR EACH ROW EXECUTE FUNCTION payments_guard_kept_facts_v1(
    '{state,owner_id,owner_name,explanation,explained_by,closed_at,expected_minor,found_minor,said,seen_at}',
    'state', '{explained,vanished}');
CREATE TRIGGER payments_discrepancy_kept
  BEFORE DELETE ON payments_discrepancy
  FOR EACH ROW EXECUTE FUNCTION payments_refuse_change_v1();
CREATE TRIGGER payments_withdrawal_guard
  BEFORE UPDATE ON payments_withdrawal
  FOR EACH ROW EXECUTE FUNCTION payments_guard_kept_facts_v1(
    '{status,arrival_at,bank,came_entry_id,back_entry_id}', 'status', '{failed}');
CREATE TRIGGER payments_withdrawal_kept
  BEFORE DELETE ON payments_withdrawal
  FOR EACH ROW EXECUTE FUNCTION payments_refuse_change_v1();
