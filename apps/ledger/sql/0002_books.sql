-- How the tables are stored, and the guards that hold whatever code, shell or psql session writes.
--
-- Every function is made inside the tenant's schema with names it does not qualify, and pins that
-- schema with SET search_path FROM CURRENT: a deferred check runs at COMMIT, when the session may
-- be looking at another tenant, and a pinned path also keeps one cached plan for each tenant. A
-- new tenant made from the template's definition rewrites the path in proconfig, never a body.
--
-- LG001 an entry does not balance        LG002 the past is being rewritten
-- LG003 an entry has no postings         LG004 postings come without, or after, their entry
-- (LG005 and up are refusals of the posting functions.)

-- Each balance row is updated in place, over and over: leave room on its page, index nothing that
-- changes, and the updates stay HOT (heap only, no index writes).
ALTER TABLE ledger_account_balance SET (
    fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200
);
ALTER TABLE ledger_balance_day SET (fillfactor = 70);

-- The cursor of every reader that must not miss a late commit: rows whose txid is older than
-- pg_snapshot_xmin(pg_current_snapshot()) are all visible, and none below it will appear later.
ALTER TABLE ledger_journal_entry ADD COLUMN txid xid8 NOT NULL DEFAULT pg_current_xact_id();

CREATE INDEX ledger_posting_posted_at_brin ON ledger_posting USING brin (posted_at);

-- Append-only. Statement triggers: one call whatever the number of rows, and TRUNCATE as well.
CREATE FUNCTION ledger_forbid_rewrite_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: the books are append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'LG002', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA,
              HINT = 'Write a reversing entry.';
END;
$$;

CREATE TRIGGER ledger_journal_entry_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_journal_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_posting_append_only
    BEFORE DELETE OR TRUNCATE ON ledger_posting
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
-- But for one change, once: a posting that came without a number gets it when it is folded in.
CREATE TRIGGER ledger_posting_written_once
    BEFORE UPDATE ON ledger_posting
    FOR EACH ROW WHEN (
        OLD.account_version IS NOT NULL OR NEW.account_version IS NULL
        OR (NEW.tenant, NEW.entry_id, NEW.leg, NEW.account_id, NEW.side, NEW.amount_minor,
            NEW.currency, NEW.clearing_key, NEW.value_date, NEW.posted_at)
           IS DISTINCT FROM
           (OLD.tenant, OLD.entry_id, OLD.leg, OLD.account_id, OLD.side, OLD.amount_minor,
            OLD.currency, OLD.clearing_key, OLD.value_date, OLD.posted_at)
    )
    EXECUTE FUNCTION ledger_forbid_rewrite_v1();

-- An account is closed, never removed; what its postings mean never changes.
CREATE TRIGGER ledger_account_kept
    BEFORE DELETE OR TRUNCATE ON ledger_account
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_account_meaning_kept
    BEFORE UPDATE ON ledger_account
    FOR EACH ROW WHEN (
        (NEW.id, NEW.tenant, NEW.code, NEW.currency, NEW.account_class, NEW.is_header)
        IS DISTINCT FROM
        (OLD.id, OLD.tenant, OLD.code, OLD.currency, OLD.account_class, OLD.is_header)
    )
    EXECUTE FUNCTION ledger_forbid_rewrite_v1();

-- Counters only grow; what is pending comes and goes. WHEN is evaluated without calling the function, so this costs next to nothing.
CREATE TRIGGER ledger_account_balance_kept
    BEFORE DELETE OR TRUNCATE ON ledger_account_balance
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_account_balance_grows
    BEFORE UPDATE ON ledger_account_balance
    FOR EACH ROW WHEN (
        NEW.account_id <> OLD.account_id OR NEW.tenant <> OLD.tenant
        OR NEW.normal_sign <> OLD.normal_sign
        OR NEW.debits_minor < OLD.debits_minor OR NEW.credits_minor < OLD.credits_minor
        OR NEW.version < OLD.version
    )
    EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_balance_day_kept
    BEFORE DELETE OR TRUNCATE ON ledger_balance_day
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();

-- Balanced in every currency, over the rows of one statement: linear in their number, where a
-- trigger for each row would be quadratic in an entry's legs. And postings arrive in the
-- transaction of their entry: nobody slips a balanced pair into an old one.
CREATE FUNCTION ledger_check_postings_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    uneven record;
    stray uuid;
BEGIN
    SELECT n.entry_id, n.currency,
           coalesce(sum(n.amount_minor) FILTER (WHERE n.side = 'D'), 0) AS debits,
           coalesce(sum(n.amount_minor) FILTER (WHERE n.side = 'C'), 0) AS credits
      INTO uneven
      FROM new_rows n
     GROUP BY n.entry_id, n.currency
    HAVING sum(CASE n.side WHEN 'D' THEN n.amount_minor ELSE -n.amount_minor END) <> 0
     ORDER BY n.entry_id, n.currency
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % does not balance in %', uneven.entry_id, uneven.currency
            USING ERRCODE = 'LG001', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA,
                  DETAIL = jsonb_build_object(
                      'currency', uneven.currency,
                      'debits_minor', uneven.debits, 'credits_minor', uneven.credits);
    END IF;

    SELECT n.entry_id INTO stray
      FROM (SELECT DISTINCT entry_id FROM new_rows) n
      LEFT JOIN ledger_journal_entry e ON e.id = n.entry_id
     WHERE e.txid IS DISTINCT FROM pg_current_xact_id()
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % was not written in this transaction', stray
            USING ERRCODE = 'LG004', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END;
$$;

CREATE TRIGGER ledger_posting_balanced
    AFTER INSERT ON ledger_posting
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_postings_v1();

-- At COMMIT: one index probe for each entry.
CREATE FUNCTION ledger_check_entry_has_postings_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM ledger_posting p WHERE p.entry_id = NEW.id) THEN
        RAISE EXCEPTION 'entry % has no postings', NEW.id
            USING ERRCODE = 'LG003', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END;
$$;

CREATE CONSTRAINT TRIGGER ledger_journal_entry_has_postings
    AFTER INSERT ON ledger_journal_entry
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ledger_check_entry_has_postings_v1();
