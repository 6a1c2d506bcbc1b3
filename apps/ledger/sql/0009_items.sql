-- Accounts kept by open items or cleared by key. One statement trigger on the postings asks whether
-- any of their accounts has a rule; nearly always none has, and that one look is all.
--
-- LG080 a posting lacks its clearing key      LG081 not an item, or not of that side and account
-- LG082 more than remains of an item          LG083 nothing to undo
-- LG084 an account that cannot have the rule

ALTER TABLE ledger_item SET (fillfactor = 80);
-- Entries from this transaction on must have keys: later ones waited for the rule and saw it.
ALTER TABLE ledger_item_rule ADD COLUMN keys_from xid8;
-- Links come in the transaction of their settlement.
ALTER TABLE ledger_item_settlement ADD COLUMN txid xid8 NOT NULL DEFAULT pg_current_xact_id();

CREATE INDEX ledger_posting_clearing ON ledger_posting (account_id, clearing_key)
    WHERE clearing_key IS NOT NULL;

-- Rows that triggers keep in step with the postings; nobody else writes them.
CREATE FUNCTION ledger_forbid_by_hand_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: it follows from postings and settlements',
                    TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'LG002', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA,
              HINT = 'Post, settle, or undo a settlement.';
END;
$$;

CREATE FUNCTION ledger_keep_items_v1(p_tenant uuid, p_account uuid) RETURNS void
LANGUAGE sql
SET search_path FROM CURRENT
AS $$
    INSERT INTO ledger_item (
        tenant, entry_id, leg, account_id, side, amount_minor, settled_minor, value_date)
    SELECT p_tenant, entry_id, leg, account_id, side, amount_minor, 0, value_date
      FROM ledger_posting WHERE account_id = p_account
$$;

CREATE FUNCTION ledger_keep_keys_v1(p_tenant uuid, p_account uuid) RETURNS void
LANGUAGE sql
SET search_path FROM CURRENT
AS $$
    INSERT INTO ledger_clearing_key (
        tenant, account_id, key, debits_minor, credits_minor, postings, first_date, last_date)
    SELECT p_tenant, account_id, clearing_key,
           coalesce(sum(amount_minor) FILTER (WHERE side = 'D'), 0),
           coalesce(sum(amount_minor) FILTER (WHERE side = 'C'), 0),
           count(*), min(value_date), max(value_date)
      FROM ledger_posting WHERE account_id = p_account AND clearing_key IS NOT NULL
     GROUP BY account_id, clearing_key
$$;

-- A rule begins or changes: postings under way finish first, those that waited see it.
CREATE FUNCTION ledger_check_item_rule_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    obstacle text;
BEGIN
    LOCK TABLE ledger_journal_entry IN SHARE ROW EXCLUSIVE MODE;
    SELECT CASE
               WHEN a.is_header THEN 'header'
               WHEN a.account_class IN ('income', 'expense') THEN 'result'
               WHEN TG_OP = 'UPDATE' AND (OLD.account_id <> NEW.account_id
                    OR (OLD.keeps_items AND NOT NEW.keeps_items)
                    OR (OLD.clears_by_key AND NOT NEW.clears_by_key)) THEN 'begun'
           END INTO obstacle
      FROM ledger_account a WHERE a.id = NEW.account_id;
    IF obstacle IS NOT NULL THEN
        RAISE EXCEPTION 'account % cannot be kept so: %', NEW.account_id, obstacle
            USING ERRCODE = 'LG084', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA,
                  DETAIL = jsonb_build_object('obstacle', obstacle, 'account', (
                      SELECT code FROM ledger_account WHERE id = NEW.account_id));
    END IF;
    IF NOT NEW.requires_key THEN
        NEW.keys_from := NULL;
    ELSIF NEW.keys_from IS NULL THEN
        NEW.keys_from := pg_snapshot_xmax(pg_current_snapshot());
    END IF;
    RETURN NEW;
END;
$$;

CREATE FUNCTION ledger_begin_item_rule_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    IF NEW.keeps_items AND (TG_OP = 'INSERT' OR NOT OLD.keeps_items) THEN
        PERFORM ledger_keep_items_v1(NEW.tenant, NEW.account_id);
    END IF;
    IF NEW.clears_by_key AND (TG_OP = 'INSERT' OR NOT OLD.clears_by_key) THEN
        PERFORM ledger_keep_keys_v1(NEW.tenant, NEW.account_id);
    END IF;
    RETURN NULL;
END;
$$;

CREATE TRIGGER ledger_item_rule_sound
    BEFORE INSERT OR UPDATE ON ledger_item_rule
    FOR EACH ROW EXECUTE FUNCTION ledger_check_item_rule_v1();
CREATE TRIGGER ledger_item_rule_begins
    AFTER INSERT OR UPDATE ON ledger_item_rule
    FOR EACH ROW EXECUTE FUNCTION ledger_begin_item_rule_v1();
CREATE TRIGGER ledger_item_rule_kept
    BEFORE DELETE OR TRUNCATE ON ledger_item_rule
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();

-- Each new posting of such accounts becomes an item, and counts for its key: for the guard of new
-- postings, which names them by entry and leg.
CREATE FUNCTION ledger_note_items_v1(p_entries uuid[], p_legs smallint[]) RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    keeps boolean;
    clears boolean;
    bad record;
BEGIN
    SELECT bool_or(r.keeps_items), bool_or(r.clears_by_key) INTO keeps, clears
      FROM unnest(p_entries, p_legs) x(entry_id, leg)
      JOIN ledger_posting n USING (entry_id, leg)
      JOIN ledger_item_rule r ON r.account_id = n.account_id;
    IF keeps THEN
        INSERT INTO ledger_item (
            tenant, entry_id, leg, account_id, side, amount_minor, settled_minor, value_date)
        SELECT n.tenant, n.entry_id, n.leg, n.account_id, n.side, n.amount_minor, 0, n.value_date
          FROM unnest(p_entries, p_legs) x(entry_id, leg)
          JOIN ledger_posting n USING (entry_id, leg)
          JOIN ledger_item_rule r ON r.account_id = n.account_id
         WHERE r.keeps_items;
    END IF;
    IF clears THEN
        -- What takes back has the keys of what it takes back, and so may have none.
        SELECT a.code AS account, n.leg INTO bad
          FROM unnest(p_entries, p_legs) x(entry_id, leg)
          JOIN ledger_posting n USING (entry_id, leg)
          JOIN ledger_item_rule r ON r.account_id = n.account_id AND r.requires_key
          JOIN ledger_journal_entry e ON e.id = n.entry_id AND e.reverses_id IS NULL
          JOIN ledger_account a ON a.id = n.account_id
         WHERE n.clearing_key IS NULL
         ORDER BY n.entry_id, n.leg LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'account % takes no posting without a clearing key', bad.account
                USING ERRCODE = 'LG080', TABLE = 'ledger_posting', SCHEMA = current_schema(),
                      DETAIL = jsonb_build_object('account', bad.account, 'leg', bad.leg);
        END IF;
        INSERT INTO ledger_clearing_key AS k (
            tenant, account_id, key, debits_minor, credits_minor, postings, first_date, last_date)
        SELECT n.tenant, n.account_id, n.clearing_key,
               coalesce(sum(n.amount_minor) FILTER (WHERE n.side = 'D'), 0),
               coalesce(sum(n.amount_minor) FILTER (WHERE n.side = 'C'), 0),
               count(*), min(n.value_date), max(n.value_date)
          FROM unnest(p_entries, p_legs) x(entry_id, leg)
          JOIN ledger_posting n USING (entry_id, leg)
          JOIN ledger_item_rule r ON r.account_id = n.account_id
         WHERE r.clears_by_key AND n.clearing_key IS NOT NULL
         GROUP BY n.tenant, n.account_id, n.clearing_key
         ORDER BY n.account_id, n.clearing_key
        ON CONFLICT (account_id, key) DO UPDATE
           SET debits_minor = k.debits_minor + excluded.debits_minor,
               credits_minor = k.credits_minor + excluded.credits_minor,
               postings = k.postings + excluded.postings,
               first_date = least(k.first_date, excluded.first_date),
               last_date = greatest(k.last_date, excluded.last_date);
    END IF;
END;
$$;

-- Links use up their items, whose rows are taken in their order: who comes second reads what
-- remains after the first. The CHECK of the item stands behind this.
CREATE FUNCTION ledger_settle_items_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    bad record;
BEGIN
    PERFORM 1 FROM ledger_item i
     WHERE (i.entry_id, i.leg) IN (SELECT debit_entry_id, debit_leg FROM new_rows
                                   UNION SELECT credit_entry_id, credit_leg FROM new_rows)
     ORDER BY i.entry_id, i.leg FOR NO KEY UPDATE;

    SELECT a.code AS account, CASE WHEN d.leg IS NULL THEN n.debit_entry_id || '/' || n.debit_leg
                                   ELSE n.credit_entry_id || '/' || n.credit_leg END AS item
      INTO bad
      FROM new_rows n
      LEFT JOIN ledger_item_settlement s
        ON s.id = n.settlement_id AND s.undoes_id IS NULL AND s.txid = pg_current_xact_id()
      LEFT JOIN ledger_account a ON a.id = s.account_id
      LEFT JOIN ledger_item d ON d.entry_id = n.debit_entry_id AND d.leg = n.debit_leg
           AND d.side = 'D' AND d.account_id = s.account_id
      LEFT JOIN ledger_item c ON c.entry_id = n.credit_entry_id AND c.leg = n.credit_leg
           AND c.side = 'C' AND c.account_id = s.account_id
     WHERE d.leg IS NULL OR c.leg IS NULL
        OR n.value_date <> greatest(d.value_date, c.value_date)
     ORDER BY n.settlement_id, n.number LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'a link joins a debit and a credit item of its settlement''s account'
            USING ERRCODE = 'LG081', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA,
                  DETAIL = jsonb_build_object('account', bad.account, 'item', bad.item);
    END IF;

    SELECT i.entry_id || '/' || i.leg AS item, u.used, i.amount_minor - i.settled_minor AS left,
           a.currency INTO bad
      FROM (SELECT entry_id, leg, sum(amount_minor) AS used
              FROM (SELECT debit_entry_id AS entry_id, debit_leg AS leg, amount_minor
                      FROM new_rows
                     UNION ALL
                    SELECT credit_entry_id, credit_leg, amount_minor FROM new_rows) s
             GROUP BY entry_id, leg) u
      JOIN ledger_item i ON i.entry_id = u.entry_id AND i.leg = u.leg
      JOIN ledger_account a ON a.id = i.account_id
     WHERE i.settled_minor + u.used > i.amount_minor
     ORDER BY i.entry_id, i.leg LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'item % has % left, not %', bad.item, bad.left, bad.used
            USING ERRCODE = 'LG082', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA,
                  DETAIL = jsonb_build_object(
                      'item', bad.item, 'asked_minor', bad.used, 'remaining_minor', bad.left,
                      'currency', bad.currency);
    END IF;

    UPDATE ledger_item i SET settled_minor = i.settled_minor + u.used
      FROM (SELECT entry_id, leg, sum(amount_minor) AS used
              FROM (SELECT debit_entry_id AS entry_id, debit_leg AS leg, amount_minor
                      FROM new_rows
                     UNION ALL
                    SELECT credit_entry_id, credit_leg, amount_minor FROM new_rows) s
             GROUP BY entry_id, leg) u
     WHERE i.entry_id = u.entry_id AND i.leg = u.leg;
    RETURN NULL;
END;
$$;

CREATE TRIGGER ledger_item_link_settles
    AFTER INSERT ON ledger_item_link
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_settle_items_v1();

-- An undoing opens the items of its settlement again. That there is one only, its unique index says.
CREATE FUNCTION ledger_undo_settlement_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM ledger_item_settlement s
                    WHERE s.id = NEW.undoes_id AND s.undoes_id IS NULL
                      AND s.account_id = NEW.account_id) THEN
        RAISE EXCEPTION 'settlement % cannot be undone', NEW.undoes_id
            USING ERRCODE = 'LG083', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA,
                  DETAIL = jsonb_build_object('settlement_id', NEW.undoes_id);
    END IF;
    PERFORM 1 FROM ledger_item i
     WHERE (i.entry_id, i.leg) IN (
           SELECT debit_entry_id, debit_leg FROM ledger_item_link
            WHERE settlement_id = NEW.undoes_id
            UNION SELECT credit_entry_id, credit_leg FROM ledger_item_link
                   WHERE settlement_id = NEW.undoes_id)
     ORDER BY i.entry_id, i.leg FOR NO KEY UPDATE;
    UPDATE ledger_item i SET settled_minor = i.settled_minor - u.used
      FROM (SELECT entry_id, leg, sum(amount_minor) AS used
              FROM (SELECT debit_entry_id AS entry_id, debit_leg AS leg, amount_minor
                      FROM ledger_item_link WHERE settlement_id = NEW.undoes_id
                     UNION ALL
                    SELECT credit_entry_id, credit_leg, amount_minor
                      FROM ledger_item_link WHERE settlement_id = NEW.undoes_id) s
             GROUP BY entry_id, leg) u
     WHERE i.entry_id = u.entry_id AND i.leg = u.leg;
    RETURN NULL;
END;
$$;

CREATE TRIGGER ledger_item_settlement_undone
    AFTER INSERT ON ledger_item_settlement
    FOR EACH ROW WHEN (NEW.undoes_id IS NOT NULL)
    EXECUTE FUNCTION ledger_undo_settlement_v1();

CREATE TRIGGER ledger_item_settlement_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_item_settlement
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_item_link_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_item_link
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_item_kept
    BEFORE DELETE OR TRUNCATE ON ledger_item
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_item_follows
    BEFORE INSERT OR UPDATE ON ledger_item
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0)
    EXECUTE FUNCTION ledger_forbid_by_hand_v1();
CREATE TRIGGER ledger_clearing_key_kept
    BEFORE DELETE OR TRUNCATE ON ledger_clearing_key
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_clearing_key_follows
    BEFORE INSERT OR UPDATE ON ledger_clearing_key
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0)
    EXECUTE FUNCTION ledger_forbid_by_hand_v1();
