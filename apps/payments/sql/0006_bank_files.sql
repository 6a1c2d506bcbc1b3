-- Guards around bank files. PM030: what a file is, is fixed; PM031: an illegal move;
-- PM032: a payout leaves in one file, and is for one payee.

CREATE FUNCTION payments_bank_move_allowed_v1(before text, after text)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT before = after OR EXISTS (
    SELECT 1 FROM (VALUES
      ('built', '{delivering}'::text[]),
      ('delivering', '{built,unknown,delivered}'),
      ('unknown', '{built,delivered}'),
      ('received', '{done,quarantined}'),
      ('quarantined', '{received,discarded}')
    ) AS moves (b, allowed)
    WHERE b = before AND after = ANY (allowed)
  )
$$;

CREATE FUNCTION payments_guard_bank_file_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF (NEW.direction = 'out') <> (NEW.state = 'built')
       OR (NEW.direction = 'in') <> (NEW.state = 'received') THEN
      RAISE EXCEPTION 'a bank file does not begin %', NEW.state USING ERRCODE = 'PM031';
    END IF;
    RETURN NEW;
  END IF;
  IF TG_OP = 'DELETE' OR
     (OLD.id, OLD.tenant, OLD.provider_account_id, OLD.direction, OLD.name, OLD.sha256,
      OLD.size_bytes, OLD.stored_as, OLD.currency, OLD.created_at)
     IS DISTINCT FROM
     (NEW.id, NEW.tenant, NEW.provider_account_id, NEW.direction, NEW.name, NEW.sha256,
      NEW.size_bytes, NEW.stored_as, NEW.currency, NEW.created_at)
     OR (OLD.direction = 'out' AND (OLD.message_id, OLD.count, OLD.total_minor)
         IS DISTINCT FROM (NEW.message_id, NEW.count, NEW.total_minor)) THEN
    RAISE EXCEPTION 'what a bank file is, is fixed' USING ERRCODE = 'PM030';
  END IF;
  IF NOT payments_bank_move_allowed_v1(OLD.state, NEW.state) THEN
    RAISE EXCEPTION 'bank file: % -> %', OLD.state, NEW.state USING ERRCODE = 'PM031';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payments_bank_file_guard
  BEFORE INSERT OR UPDATE OR DELETE ON payments_bank_file
  FOR EACH ROW EXECUTE FUNCTION payments_guard_bank_file_v1();

CREATE FUNCTION payments_guard_bank_payout_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF TG_OP = 'DELETE'
     OR (OLD.id, OLD.tenant, OLD.attempt_id, OLD.payee)
        IS DISTINCT FROM (NEW.id, NEW.tenant, NEW.attempt_id, NEW.payee)
     OR (OLD.file_id IS NOT NULL AND OLD.file_id IS DISTINCT FROM NEW.file_id)
     OR (OLD.is_told AND NOT NEW.is_told) THEN
    RAISE EXCEPTION 'a payout by bank leaves in one file' USING ERRCODE = 'PM032';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payments_bank_payout_guard
  BEFORE UPDATE OR DELETE ON payments_bank_payout
  FOR EACH ROW EXECUTE FUNCTION payments_guard_bank_payout_v1();

CREATE TRIGGER payments_bank_file_sighting_append_only
  BEFORE UPDATE OR DELETE ON payments_bank_file_sighting
  FOR EACH ROW EXECUTE FUNCTION payments_refuse_change_v1();
