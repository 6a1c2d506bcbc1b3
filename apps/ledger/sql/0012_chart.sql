-- The guards of the chart: units whose meaning is fixed, a tree without circles, dimensions that
-- postings must answer.
--
-- LG090 a dimension has no answer     LG091 an answer that is not allowed
-- LG092 a unit in use is changed      LG093 a parent that is no header of the class, or a circle

-- An account and its unit: whoever opens an account holds the unit's row, so nobody changes the
-- unit at the same time; whoever changes a unit waits for them and then sees their account.
CREATE FUNCTION ledger_hold_unit_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM 1 FROM ledger_unit WHERE code = NEW.currency FOR SHARE;
    RETURN NEW;
END;
$$;

CREATE TRIGGER ledger_account_unit_held
    BEFORE INSERT ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION ledger_hold_unit_v1();

CREATE FUNCTION ledger_check_unit_unused_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM ledger_account WHERE currency = OLD.code) THEN
        RAISE EXCEPTION 'unit % is in use: what its amounts mean is fixed', OLD.code
            USING ERRCODE = 'LG092', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA,
                  DETAIL = jsonb_build_object('unit', OLD.code);
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END;
$$;

CREATE TRIGGER ledger_unit_meaning_kept
    BEFORE UPDATE ON ledger_unit
    FOR EACH ROW WHEN ((NEW.code, NEW.exponent, NEW.tenant)
                       IS DISTINCT FROM (OLD.code, OLD.exponent, OLD.tenant))
    EXECUTE FUNCTION ledger_check_unit_unused_v1();
CREATE TRIGGER ledger_unit_kept
    BEFORE DELETE ON ledger_unit
    FOR EACH ROW EXECUTE FUNCTION ledger_check_unit_unused_v1();
CREATE TRIGGER ledger_unit_not_emptied
    BEFORE TRUNCATE ON ledger_unit
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();

-- The tree: a parent is a header of the same class and never below its own child. Two moves that
-- would make a circle together take turns; a new account has nobody below it yet and waits for none.
CREATE FUNCTION ledger_check_parent_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    parent record;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        PERFORM pg_advisory_xact_lock(
            hashtextextended(TG_TABLE_SCHEMA || ':ledger.account_parent', 0));
    END IF;
    SELECT code, is_header, account_class INTO parent FROM ledger_account WHERE id = NEW.parent_id;
    IF NOT coalesce(parent.is_header, false) OR parent.account_class <> NEW.account_class
       OR EXISTS (
           WITH RECURSIVE above AS (
               SELECT NEW.parent_id AS id
               UNION
               SELECT a.parent_id FROM above JOIN ledger_account a ON a.id = above.id
                WHERE a.parent_id IS NOT NULL)
           SELECT 1 FROM above WHERE id = NEW.id)
    THEN
        RAISE EXCEPTION 'account % cannot stand below %', NEW.code, parent.code
            USING ERRCODE = 'LG093', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA,
                  DETAIL = jsonb_build_object('account', NEW.code, 'parent', parent.code);
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER ledger_account_parent_sound
    BEFORE UPDATE OF parent_id ON ledger_account
    FOR EACH ROW WHEN (NEW.parent_id IS NOT NULL AND NEW.parent_id IS DISTINCT FROM OLD.parent_id)
    EXECUTE FUNCTION ledger_check_parent_v1();
CREATE TRIGGER ledger_account_parent_found
    BEFORE INSERT ON ledger_account
    FOR EACH ROW WHEN (NEW.parent_id IS NOT NULL) EXECUTE FUNCTION ledger_check_parent_v1();

-- Dimensions: each posting's answer is its account's, or else its entry's. Entries that the ledger
-- writes for itself, and reversals, take back or move on what was answered before. For the guard of
-- new postings, which names them by entry and leg.
CREATE FUNCTION ledger_check_dimensions_v1(p_entries uuid[], p_legs smallint[]) RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    bad record;
BEGIN
    SELECT a.code AS account, d.code AS dimension, e.kind INTO bad
      FROM unnest(p_entries, p_legs) x(entry_id, leg)
      JOIN ledger_posting n USING (entry_id, leg)
      JOIN ledger_journal_entry e ON e.id = n.entry_id
      JOIN ledger_account a ON a.id = n.account_id
      JOIN ledger_dimension d ON d.is_required
           AND (d.account_classes = '[]' OR d.account_classes ? a.account_class)
           AND (d.kinds = '[]' OR d.kinds ? e.kind)
     WHERE e.reverses_id IS NULL
       AND split_part(e.kind, '.', 1) NOT IN ('reversal', 'close', 'revaluation', 'fx')
       AND coalesce(a.dimensions ->> d.code, e.metadata -> 'dimensions' ->> d.code, '') = ''
     ORDER BY n.entry_id, n.leg, d.code
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'account % takes no % without its %', bad.account, bad.kind, bad.dimension
            USING ERRCODE = 'LG090', TABLE = 'ledger_posting', SCHEMA = current_schema(),
                  DETAIL = jsonb_build_object(
                      'account', bad.account, 'dimension', bad.dimension, 'entry_kind', bad.kind);
    END IF;

    SELECT given.key AS dimension, given.value #>> '{}' AS answer INTO bad
      FROM (SELECT DISTINCT entry_id FROM unnest(p_entries) x(entry_id)) n
      JOIN ledger_journal_entry e ON e.id = n.entry_id
     CROSS JOIN LATERAL jsonb_each(
               CASE jsonb_typeof(e.metadata -> 'dimensions')
                   WHEN 'object' THEN e.metadata -> 'dimensions' ELSE '{}' END) given
      LEFT JOIN ledger_dimension d ON d.code = given.key
     WHERE d.code IS NULL OR jsonb_typeof(given.value) <> 'string'
        OR (d.allowed <> '[]' AND NOT d.allowed ? (given.value #>> '{}'))
     ORDER BY given.key
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% is not an answer to dimension %', bad.answer, bad.dimension
            USING ERRCODE = 'LG091', TABLE = 'ledger_posting', SCHEMA = current_schema(),
                  DETAIL = jsonb_build_object('dimension', bad.dimension, 'answer', bad.answer);
    END IF;
END;
$$;

-- What reports ask for: the days after a date, and the few entries that close a year.
CREATE INDEX ledger_balance_day_by_date ON ledger_balance_day (value_date, account_id);
CREATE INDEX ledger_journal_entry_closings ON ledger_journal_entry (value_date) WHERE kind = 'close';
