-- Posting templates: what a version says never changes, and only a version whose examples posted
-- what they expect, let in by a second person, makes entries.
--
-- LG101 an entry of no active version     LG102 a version changed, or a state that does not follow
-- LG103 four eyes on activation           LG104 examples missing, or not posted as expected

CREATE FUNCTION ledger_check_template_version_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    examples jsonb := coalesce(NEW.content -> 'examples', '[]');
    named text := (SELECT t.code FROM ledger_template t WHERE t.id = NEW.template_id)
                  || '@' || NEW.number;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' OR NEW.activated_at IS NOT NULL OR NEW.retired_at IS NOT NULL
           OR NEW.number <> (SELECT count(*) + 1 FROM ledger_template_version v
                              WHERE v.template_id = NEW.template_id) THEN
            RAISE EXCEPTION 'a version begins as a draft, with the next number'
                USING ERRCODE = 'LG102', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA,
                      DETAIL = jsonb_build_object(
                          'template', named, 'from_state', '', 'to_state', NEW.state);
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.tenant, NEW.template_id, NEW.number, NEW.content, NEW.maker_person, NEW.maker,
        NEW.created_at)
           IS DISTINCT FROM
       (OLD.id, OLD.tenant, OLD.template_id, OLD.number, OLD.content, OLD.maker_person, OLD.maker,
        OLD.created_at)
       OR OLD.state || '>' || NEW.state <> ALL (ARRAY[
           'draft>active', 'draft>retired', 'active>retired'])
       OR (OLD.state = 'active' AND
           (NEW.checks, NEW.activator_person, NEW.activator, NEW.step_up_at, NEW.activated_at)
           IS DISTINCT FROM
           (OLD.checks, OLD.activator_person, OLD.activator, OLD.step_up_at, OLD.activated_at))
       OR (NEW.state = 'retired') <> (NEW.retired_at IS NOT NULL) THEN
        RAISE EXCEPTION 'a version is as it was written, and goes from draft to active to retired'
            USING ERRCODE = 'LG102', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA,
                  DETAIL = jsonb_build_object(
                      'template', named, 'from_state', OLD.state, 'to_state', NEW.state);
    END IF;
    IF NEW.state = 'active' THEN
        IF NEW.activator_person IN ('', OLD.maker_person) OR NEW.activated_at IS NULL
           OR NEW.step_up_at IS NULL OR NEW.step_up_at > NEW.activated_at
           OR NEW.step_up_at < NEW.activated_at - interval '5 minutes' THEN
            RAISE EXCEPTION 'another person activates, with a fresh second factor'
                USING ERRCODE = 'LG103', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA,
                      DETAIL = jsonb_build_object('template', named);
        END IF;
        IF jsonb_array_length(examples) = 0
           OR jsonb_array_length(NEW.checks) <> jsonb_array_length(examples)
           OR EXISTS (
              SELECT 1 FROM jsonb_array_elements(examples) WITH ORDINALITY e(said, n)
                JOIN jsonb_array_elements(NEW.checks) WITH ORDINALITY c(found, n) USING (n)
               WHERE (c.found -> 'legs') IS DISTINCT FROM (e.said -> 'legs')
                  OR (c.found -> 'passed') IS DISTINCT FROM 'true'::jsonb) THEN
            RAISE EXCEPTION 'every example must have posted what it expects'
                USING ERRCODE = 'LG104', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA,
                      DETAIL = jsonb_build_object(
                          'template', named, 'examples', jsonb_array_length(examples),
                          'failed', '[]'::jsonb);
        END IF;
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER ledger_template_version_move BEFORE INSERT OR UPDATE ON ledger_template_version
    FOR EACH ROW EXECUTE FUNCTION ledger_check_template_version_v1();
CREATE TRIGGER ledger_template_version_kept BEFORE DELETE OR TRUNCATE ON ledger_template_version
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_template_kept BEFORE DELETE OR TRUNCATE ON ledger_template
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_template_code_kept BEFORE UPDATE OF id, tenant, code ON ledger_template
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();

-- No row is locked: a version that is retired a moment later was active when the entry was written.
CREATE FUNCTION ledger_check_entry_template_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    IF jsonb_typeof(NEW.metadata #> '{template,parameters}') IS DISTINCT FROM 'object'
       OR NOT EXISTS (
          SELECT 1 FROM ledger_template t JOIN ledger_template_version v ON v.template_id = t.id
           WHERE t.code = split_part(NEW.template, '@', 1)
             AND t.code || '@' || v.number = NEW.template AND v.state = 'active') THEN
        RAISE EXCEPTION 'entry % is made from no active template', NEW.id
            USING ERRCODE = 'LG101', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA,
                  DETAIL = jsonb_build_object('template', NEW.template);
    END IF;
    RETURN NULL;
END;
$$;

CREATE TRIGGER ledger_journal_entry_of_template AFTER INSERT ON ledger_journal_entry
    FOR EACH ROW WHEN (NEW.template <> '')
    EXECUTE FUNCTION ledger_check_entry_template_v1();
