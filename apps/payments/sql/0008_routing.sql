-- Routing: rules are written once and take effect when a second person agrees; an attempt keeps why
-- it went the way it went. PM061 a version's content or move, PM062 the same person twice.

CREATE FUNCTION payments_guard_routing_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'proposed' THEN
      RAISE EXCEPTION 'routing begins proposed, not %', NEW.state USING ERRCODE = 'PM061';
    END IF;
    RETURN NEW;
  END IF;
  IF TG_OP = 'DELETE'
     OR (OLD.id, OLD.tenant, OLD.version, OLD.rules, OLD.note, OLD.proposed_person,
         OLD.proposed_by, OLD.proposed_at)
        IS DISTINCT FROM
        (NEW.id, NEW.tenant, NEW.version, NEW.rules, NEW.note, NEW.proposed_person,
         NEW.proposed_by, NEW.proposed_at)
     OR OLD.state <> 'proposed'
        AND (OLD.decided_person, OLD.decided_by, OLD.decided_at, OLD.said)
            IS DISTINCT FROM (NEW.decided_person, NEW.decided_by, NEW.decided_at, NEW.said)
     OR (OLD.state, NEW.state) NOT IN
        (('proposed', 'active'), ('proposed', 'rejected'), ('active', 'retired')) THEN
    RAISE EXCEPTION 'a version of the routing is written once' USING ERRCODE = 'PM061';
  END IF;
  IF NEW.state = 'active' AND NEW.decided_person IN ('', NEW.proposed_person) THEN
    RAISE EXCEPTION 'another person makes it active' USING ERRCODE = 'PM062';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payments_routing_version_guard
  BEFORE INSERT OR UPDATE OR DELETE ON payments_routing_version
  FOR EACH ROW EXECUTE FUNCTION payments_guard_routing_v1();

CREATE FUNCTION payments_guard_route_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'why an attempt went its way is fixed' USING ERRCODE = 'PM003';
END $$;
CREATE TRIGGER payments_attempt_route_guard
  BEFORE UPDATE ON payments_attempt
  FOR EACH ROW WHEN (OLD.route IS DISTINCT FROM NEW.route)
  EXECUTE FUNCTION payments_guard_route_v1();
