-- A stop is written once and ended once.

CREATE FUNCTION payments_guard_stop_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.ended_at IS NOT NULL OR NEW.ended_at IS NULL
     OR (OLD.id, OLD.tenant, OLD.provider_account_id, OLD.operation, OLD.reason, OLD.stopped_by,
         OLD.stopped_at)
        IS DISTINCT FROM
        (NEW.id, NEW.tenant, NEW.provider_account_id, NEW.operation, NEW.reason, NEW.stopped_by,
         NEW.stopped_at)
  THEN
    RAISE EXCEPTION 'a stop is written once and ended once' USING ERRCODE = 'PM003';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER payments_provider_stop_guard
  BEFORE UPDATE OR DELETE ON payments_provider_stop
  FOR EACH ROW EXECUTE FUNCTION payments_guard_stop_v1();
