-- How the tables are stored, and the guards that hold whatever code, shell or psql session writes.
--
-- Every function is made inside the tenant's schema with names it does not qualify, and pins that
-- schema with SET search_path FROM CURRENT: a deferred check runs at COMMIT, when the session may
-- be looking at another tenant, and a pinned path also keeps one cached plan for each tenant. A
-- new tenant made from the template's definition rewrites the path in proconfig, never a body.
--
-- LG002 the past is being rewritten
-- (What an entry and its postings must be: 0015_posting_speed.sql.)

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

-- What a balance row may say, against any writer. One row trigger and no CHECKs: PostgreSQL reads
-- the text of every CHECK anew for each statement, and theirs took as long as the whole INSERT of an
-- entry. It speaks like the CHECKs it stands for: 23514 and the name of the constraint.
CREATE FUNCTION ledger_guard_balance_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    broken text;
BEGIN
    -- Counters only grow; what is pending comes and goes.
    IF TG_OP = 'UPDATE' AND (
        NEW.debits_minor < OLD.debits_minor OR NEW.credits_minor < OLD.credits_minor
        OR NEW.version < OLD.version OR NEW.account_id <> OLD.account_id
        OR NEW.tenant <> OLD.tenant OR NEW.normal_sign <> OLD.normal_sign
    ) THEN
        RAISE EXCEPTION 'the sums of a balance only grow, and it stays with its account'
            USING ERRCODE = 'LG002', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA,
                  HINT = 'Write a reversing entry.';
    END IF;
    broken := CASE
        WHEN NEW.debits_minor < 0 OR NEW.credits_minor < 0 OR NEW.version < 0
             OR NEW.pending_debits_minor < 0 OR NEW.pending_credits_minor < 0
            THEN 'counters_positive'
        WHEN NEW.normal_sign NOT IN (1, -1) THEN 'sign_known'
        WHEN NEW.mode = 'synchronous' THEN CASE
            WHEN NEW.normal_sign = 1 THEN CASE
                WHEN NEW.debits_minor - NEW.credits_minor - NEW.pending_credits_minor
                     < NEW.floor_minor THEN 'floor_kept'
                WHEN NEW.debits_minor - NEW.credits_minor + NEW.pending_debits_minor
                     > NEW.ceiling_minor THEN 'ceiling_kept' END
            WHEN NEW.credits_minor - NEW.debits_minor - NEW.pending_debits_minor
                 < NEW.floor_minor THEN 'floor_kept'
            WHEN NEW.credits_minor - NEW.debits_minor + NEW.pending_credits_minor
                 > NEW.ceiling_minor THEN 'ceiling_kept' END
        WHEN NEW.mode = 'deferred' THEN CASE
            WHEN NEW.floor_minor IS NOT NULL OR NEW.ceiling_minor IS NOT NULL OR NEW.is_watched
                THEN 'deferred_unlimited' END
        WHEN NEW.mode = 'sharded' THEN CASE
            WHEN NEW.is_watched OR NEW.pending_debits_minor <> 0 OR NEW.pending_credits_minor <> 0
                THEN 'sharded_unwatched' END
        ELSE 'mode_known'
    END;
    IF broken IS NOT NULL THEN
        RAISE EXCEPTION 'balance of account % breaks %', NEW.account_id, broken
            USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA,
                  CONSTRAINT = 'ledger_account_balance_' || broken;
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER ledger_account_balance_guarded
    BEFORE INSERT OR UPDATE ON ledger_account_balance
    FOR EACH ROW EXECUTE FUNCTION ledger_guard_balance_v1();
CREATE TRIGGER ledger_account_balance_kept
    BEFORE DELETE OR TRUNCATE ON ledger_account_balance
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();

-- Which sides an account takes stands on its balance row, where postings read it under their lock.
-- Postings of the other modes take no lock: wait until those under way have ended.
CREATE FUNCTION ledger_follow_status_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    is_locked boolean;
BEGIN
    UPDATE ledger_account_balance
       SET takes_debits = NEW.status IN ('open', 'frozen_credit'),
           takes_credits = NEW.status IN ('open', 'frozen_debit')
     WHERE account_id = NEW.id
    RETURNING mode = 'synchronous' INTO is_locked;
    IF NOT is_locked THEN
        LOCK TABLE ledger_journal_entry IN SHARE ROW EXCLUSIVE MODE;
    END IF;
    RETURN NULL;
END;
$$;

CREATE TRIGGER ledger_account_status_followed
    AFTER UPDATE OF status ON ledger_account
    FOR EACH ROW WHEN (NEW.status <> OLD.status)
    EXECUTE FUNCTION ledger_follow_status_v1();

CREATE TRIGGER ledger_balance_day_kept
    BEFORE DELETE OR TRUNCATE ON ledger_balance_day
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
