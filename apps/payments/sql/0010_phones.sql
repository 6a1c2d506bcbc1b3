-- Telephone numbers are kept once, sealed; bodies of callbacks are sealed too. A new key of the
-- program seals them anew, and that is the only change they take.
-- PM060 a kept number was changed in another way; for a callback that is PM003, as for its bytes.

DO $$
BEGIN
  IF EXISTS (SELECT FROM payments_callback) THEN
    RAISE EXCEPTION 'Callbacks from before the first release are not sealed: begin with an empty database.'
      USING ERRCODE = 'PM060';
  END IF;
END $$;

CREATE FUNCTION payments_guard_phone_number_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.sealed_by = NEW.sealed_by
     OR (OLD.id, OLD.tenant, OLD.shown, OLD.created_at)
        IS DISTINCT FROM (NEW.id, NEW.tenant, NEW.shown, NEW.created_at) THEN
    RAISE EXCEPTION 'a kept number changes only its seal, with the key' USING ERRCODE = 'PM060';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payments_phone_number_guard
  BEFORE UPDATE OR DELETE ON payments_phone_number
  FOR EACH ROW EXECUTE FUNCTION payments_guard_phone_number_v1();

-- As before, but the body may be sealed anew when nothing else happens to the row.
CREATE FUNCTION payments_guard_callback_v3() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF (OLD.sealed_by, OLD.body) IS DISTINCT FROM (NEW.sealed_by, NEW.body)
     AND (OLD.sealed_by = NEW.sealed_by OR OLD.body = NEW.body
          OR to_jsonb(OLD) - 'body' - 'sealed_by' <> to_jsonb(NEW) - 'body' - 'sealed_by') THEN
    RAISE EXCEPTION 'a callback changes only its seal, with the key' USING ERRCODE = 'PM003';
  END IF;
  IF (OLD.id, OLD.tenant, OLD.provider_account_id, OLD.attempt_id, OLD.kind, OLD.dedupe,
      OLD.body_sha256, OLD.received_at, OLD.remote_ip, OLD.headers, OLD.is_genuine)
     IS DISTINCT FROM
     (NEW.id, NEW.tenant, NEW.provider_account_id, NEW.attempt_id, NEW.kind, NEW.dedupe,
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
  FOR EACH ROW EXECUTE FUNCTION payments_guard_callback_v3();
