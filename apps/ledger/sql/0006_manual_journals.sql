-- Reversals never exceed what they take back, and manual entries carry the approvals that rules ask
-- for: whoever writes, and however many write at once.
--
-- LG033 more reversed than posted      LG070 an approval is missing
-- LG071 four eyes on manual journals   LG072 a state that does not follow, or sealed contents
--
-- Both checks of entries run at COMMIT and only for the few entries they are about: WHEN is
-- evaluated without calling the function.

-- What an entry takes back counts by account, side and clearing key. The first entry is locked, so
-- that of two who take back at once the second one, in its next statement, counts the first.
CREATE FUNCTION ledger_check_reversal_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    bad record;
BEGIN
    PERFORM 1 FROM ledger_journal_entry e WHERE e.id = NEW.reverses_id FOR NO KEY UPDATE;
    SELECT t.account_id, t.taken, coalesce(o.posted, 0) AS posted, coalesce(o.leg, 0) AS leg
      INTO bad
      FROM (
           SELECT p.account_id, p.side, coalesce(p.clearing_key, '') AS key,
                  sum(p.amount_minor) AS taken
             FROM ledger_journal_entry e JOIN ledger_posting p ON p.entry_id = e.id
            WHERE e.reverses_id = NEW.reverses_id
            GROUP BY p.account_id, p.side, coalesce(p.clearing_key, '')
      ) t
      LEFT JOIN (
           SELECT p.account_id, CASE p.side WHEN 'D' THEN 'C' ELSE 'D' END AS side,
                  coalesce(p.clearing_key, '') AS key, sum(p.amount_minor) AS posted,
                  min(p.leg) AS leg
             FROM ledger_posting p WHERE p.entry_id = NEW.reverses_id
            GROUP BY p.account_id, p.side, coalesce(p.clearing_key, '')
      ) o ON o.account_id = t.account_id AND o.side = t.side AND o.key = t.key
     WHERE t.taken > coalesce(o.posted, 0) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % takes back more of % than remains', NEW.id, NEW.reverses_id
            USING ERRCODE = 'LG033', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA,
                  DETAIL = jsonb_build_object(
                      'entry_id', NEW.reverses_id, 'leg', bad.leg,
                      'remaining_minor', bad.posted, 'asked_minor', bad.taken);
    END IF;
    RETURN NULL;
END;
$$;

CREATE CONSTRAINT TRIGGER ledger_journal_entry_reverses_within
    AFTER INSERT ON ledger_journal_entry
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL)
    EXECUTE FUNCTION ledger_check_reversal_v1();

-- How many approvals the rules ask for, and of whom; no row when no rule speaks of such an entry.
CREATE FUNCTION ledger_approvals_needed_v1(
    p_kind text, p_accounts text[], p_sides text[], p_amounts bigint[], p_currencies text[]
) RETURNS TABLE (approvals integer, roles text[])
LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    WITH leg AS (
        SELECT a.account_class::text AS account_class, l.side, l.amount, l.currency
          FROM unnest(p_accounts, p_sides, p_amounts, p_currencies)
               l(account, side, amount, currency)
          LEFT JOIN ledger_account a ON a.code = l.account
    ), moved AS (
        SELECT currency, sum(amount) AS total FROM leg WHERE side = 'D' GROUP BY currency
    ), spoken AS (
        SELECT r.approvals, r.role FROM ledger_approval_rule r
         WHERE r.is_active
           AND (r.kinds = '{}' OR ledger_kind_matches_v1(p_kind, r.kinds))
           AND (r.account_classes = '{}' OR EXISTS (
                SELECT 1 FROM leg WHERE leg.account_class = ANY (r.account_classes)))
           AND EXISTS (
                SELECT 1 FROM moved m
                 WHERE (r.currency = '' OR m.currency = r.currency)
                   AND (r.above_minor IS NULL OR m.total > r.above_minor))
    )
    SELECT max(s.approvals)::integer,
           coalesce(array_agg(DISTINCT s.role::text) FILTER (WHERE s.role <> ''), '{}')
      FROM spoken s HAVING count(*) > 0
$$;

-- A manual entry is what its journal says, its journal has the approvals it needs, and a rule that
-- asks for approvals lets no entry without a journal through.
CREATE FUNCTION ledger_check_entry_approved_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    needed integer;
    given integer;
    journal ledger_manual_journal;
    said jsonb;
BEGIN
    SELECT n.approvals, l.said INTO needed, said
      FROM (
           SELECT array_agg(a.code::text ORDER BY p.leg) AS accounts,
                  array_agg(p.side::text ORDER BY p.leg) AS sides,
                  array_agg(p.amount_minor ORDER BY p.leg) AS amounts,
                  array_agg(p.currency::text ORDER BY p.leg) AS currencies,
                  jsonb_agg(jsonb_build_object(
                      'account', a.code, 'side', p.side, 'amount_minor', p.amount_minor,
                      'currency', p.currency, 'clearing_key', coalesce(p.clearing_key, ''))
                      ORDER BY p.leg) AS said
             FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
            WHERE p.entry_id = NEW.id
      ) l
      LEFT JOIN LATERAL ledger_approvals_needed_v1(
           NEW.kind, l.accounts, l.sides, l.amounts, l.currencies) n ON true;
    IF NEW.approval_id IS NULL THEN
        IF needed > 0 THEN
            RAISE EXCEPTION 'entry % takes % approvals', NEW.id, needed
                USING ERRCODE = 'LG070', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA,
                      DETAIL = jsonb_build_object('entry_kind', NEW.kind, 'approvals', needed);
        END IF;
        RETURN NULL;
    END IF;
    SELECT * INTO journal FROM ledger_manual_journal j WHERE j.id = NEW.approval_id;
    SELECT count(*) INTO given FROM ledger_journal_approval x
     WHERE x.journal_id = NEW.approval_id AND x.round = journal.round
       AND x.digest = journal.digest AND x.verdict = 'approve';
    IF journal.id IS NULL OR journal.state <> 'posted' OR journal.entry_id <> NEW.id
       OR journal.lines <> said OR journal.kind <> NEW.kind
       OR journal.description <> NEW.description
       OR journal.value_date::text
          <> coalesce(NEW.metadata -> 'late' ->> 'value_date', NEW.value_date::text)
       OR given < greatest(needed, journal.approvals_needed) THEN
        RAISE EXCEPTION 'entry % is not what was approved', NEW.id
            USING ERRCODE = 'LG070', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA,
                  DETAIL = jsonb_build_object(
                      'entry_kind', NEW.kind,
                      'approvals', coalesce(greatest(needed, journal.approvals_needed), 1));
    END IF;
    RETURN NULL;
END;
$$;

CREATE CONSTRAINT TRIGGER ledger_journal_entry_approved
    AFTER INSERT ON ledger_journal_entry
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.kind = 'manual' OR NEW.kind LIKE 'manual.%')
    EXECUTE FUNCTION ledger_check_entry_approved_v1();

CREATE FUNCTION ledger_check_journal_move_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    given integer;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' OR NEW.round <> 0 THEN
            RAISE EXCEPTION 'a manual journal begins as a draft' USING ERRCODE = 'LG072';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state = ANY (ARRAY[
           'draft>submitted', 'draft>withdrawn', 'submitted>draft', 'submitted>approved',
           'submitted>rejected', 'submitted>expired', 'approved>draft', 'approved>posted',
           'approved>expired'])) THEN
        RAISE EXCEPTION 'a manual journal cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'LG072';
    END IF;
    IF (NEW.id, NEW.tenant, NEW.maker_person, NEW.maker, NEW.created_at)
           IS DISTINCT FROM (OLD.id, OLD.tenant, OLD.maker_person, OLD.maker, OLD.created_at)
       OR NOT NEW.editors @> OLD.editors
       OR (NEW.state <> 'draft' AND
           (NEW.kind, NEW.description, NEW.value_date, NEW.reverses_on, NEW.lines)
           IS DISTINCT FROM
           (OLD.kind, OLD.description, OLD.value_date, OLD.reverses_on, OLD.lines))
       OR (OLD.state <> 'draft' AND
           (NEW.digest, NEW.round, NEW.approvals_needed, NEW.roles_needed)
           IS DISTINCT FROM (OLD.digest, OLD.round, OLD.approvals_needed, OLD.roles_needed))
       OR (OLD.entry_id IS NOT NULL AND NEW.entry_id IS DISTINCT FROM OLD.entry_id)
       OR (OLD.state = 'draft' AND NEW.state = 'submitted' AND NEW.round <> OLD.round + 1) THEN
        RAISE EXCEPTION 'the manual journal is sealed' USING ERRCODE = 'LG072';
    END IF;
    IF NEW.state = 'approved' AND OLD.state <> 'approved' THEN
        SELECT count(*) INTO given FROM ledger_journal_approval x
         WHERE x.journal_id = NEW.id AND x.round = NEW.round AND x.digest = NEW.digest
           AND x.verdict = 'approve';
        IF given < NEW.approvals_needed THEN
            RAISE EXCEPTION 'the manual journal has % of % approvals', given, NEW.approvals_needed
                USING ERRCODE = 'LG071';
        END IF;
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER ledger_manual_journal_move BEFORE INSERT OR UPDATE ON ledger_manual_journal
    FOR EACH ROW EXECUTE FUNCTION ledger_check_journal_move_v1();
CREATE TRIGGER ledger_manual_journal_kept BEFORE DELETE OR TRUNCATE ON ledger_manual_journal
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();

CREATE FUNCTION ledger_check_journal_approval_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    journal ledger_manual_journal;
BEGIN
    SELECT * INTO journal FROM ledger_manual_journal j WHERE j.id = NEW.journal_id FOR UPDATE;
    IF journal.state <> 'submitted' OR NEW.round <> journal.round
       OR NEW.digest <> journal.digest
       OR NEW.person = journal.maker_person OR NEW.person = ANY (journal.editors)
       OR (NEW.verdict = 'approve' AND (NEW.step_up_at > NEW.decided_at
           OR NEW.step_up_at < NEW.decided_at - interval '5 minutes')) THEN
        RAISE EXCEPTION 'another person decides on what was submitted, with a fresh second factor'
            USING ERRCODE = 'LG071';
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER ledger_journal_approval_four_eyes BEFORE INSERT ON ledger_journal_approval
    FOR EACH ROW EXECUTE FUNCTION ledger_check_journal_approval_v1();
CREATE TRIGGER ledger_journal_approval_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_journal_approval
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
