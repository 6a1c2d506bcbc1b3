-- Recurring entries: nobody lets in what they wrote, each day comes once and in order, and what is
-- posted is what was approved.
--
-- LG120 a schedule does not follow, or another person must approve    LG121 an entry of no schedule

-- The day of an occurrence, counted from 0. Months are counted from the first day, so that one that
-- is too short shortens no later one.
CREATE FUNCTION ledger_recurring_day_v1(
    p_starts date, p_frequency text, p_every integer, p_at_month_end boolean, p_number integer
) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN p_at_month_end
                THEN (date_trunc('month', d.day::timestamp) + interval '1 month - 1 day')::date
                ELSE d.day END
      FROM (SELECT CASE p_frequency
                   WHEN 'daily' THEN p_starts + p_number * p_every
                   WHEN 'weekly' THEN p_starts + 7 * p_number * p_every
                   ELSE (p_starts + make_interval(months => p_number * p_every))::date
                   END AS day) d
$$;

CREATE FUNCTION ledger_check_recurring_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    given integer;
    needed integer;
    upcoming date;
BEGIN
    upcoming := ledger_recurring_day_v1(
        NEW.starts, NEW.frequency, NEW.every, NEW.at_month_end, NEW.done);
    IF (NEW.state = 'ended' AND NEW.next_date IS NOT NULL)
       OR (NEW.state <> 'ended' AND NEW.next_date IS DISTINCT FROM upcoming)
       OR (NEW.state <> 'ended' AND upcoming > NEW.ends) THEN
        RAISE EXCEPTION 'its next day is %', upcoming USING ERRCODE = 'LG120';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' OR NEW.done <> 0 THEN
            RAISE EXCEPTION 'a recurring entry begins as a draft' USING ERRCODE = 'LG120';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state = ANY (ARRAY[
           'draft>active', 'draft>ended', 'active>paused', 'active>ended',
           'paused>active', 'paused>ended'])) THEN
        RAISE EXCEPTION 'a recurring entry cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'LG120';
    END IF;
    IF (NEW.id, NEW.tenant, NEW.description, NEW.frequency, NEW.every, NEW.at_month_end,
        NEW.starts, NEW.ends, NEW.lines, NEW.maker_person, NEW.maker, NEW.created_at, NEW.digest,
        NEW.approvals_needed, NEW.roles_needed)
           IS DISTINCT FROM
       (OLD.id, OLD.tenant, OLD.description, OLD.frequency, OLD.every, OLD.at_month_end,
        OLD.starts, OLD.ends, OLD.lines, OLD.maker_person, OLD.maker, OLD.created_at, OLD.digest,
        OLD.approvals_needed, OLD.roles_needed) THEN
        RAISE EXCEPTION 'what a recurring entry says never changes' USING ERRCODE = 'LG120';
    END IF;
    IF NEW.done <> OLD.done AND NOT (NEW.done = OLD.done + 1 AND OLD.state = 'active' AND EXISTS (
           SELECT 1 FROM ledger_recurring_occurrence o
            WHERE o.recurring_id = NEW.id AND o.number = OLD.done)) THEN
        RAISE EXCEPTION 'its days come one after the other' USING ERRCODE = 'LG120';
    END IF;
    IF OLD.state = 'draft' AND NEW.state = 'active' THEN
        SELECT count(*) INTO given FROM ledger_recurring_approval x
         WHERE x.recurring_id = NEW.id AND x.digest = NEW.digest;
        SELECT max(n.approvals) INTO needed
          FROM (SELECT array_agg(l.account ORDER BY l.n) AS accounts,
                       array_agg(l.side ORDER BY l.n) AS sides,
                       array_agg(l.amount_minor ORDER BY l.n) AS amounts,
                       array_agg(l.currency ORDER BY l.n) AS currencies
                  FROM ROWS FROM (jsonb_to_recordset(NEW.lines)
                       AS (account text, side text, amount_minor bigint, currency text))
                       WITH ORDINALITY l(account, side, amount_minor, currency, n)) s
         CROSS JOIN LATERAL ledger_approvals_needed_v1(
               'manual.recurring', s.accounts, s.sides, s.amounts, s.currencies) n;
        IF given < greatest(needed, NEW.approvals_needed) THEN
            RAISE EXCEPTION 'the recurring entry has % of % approvals', given,
                greatest(needed, NEW.approvals_needed) USING ERRCODE = 'LG120';
        END IF;
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER ledger_recurring_move BEFORE INSERT OR UPDATE ON ledger_recurring
    FOR EACH ROW EXECUTE FUNCTION ledger_check_recurring_v1();
CREATE TRIGGER ledger_recurring_kept BEFORE DELETE OR TRUNCATE ON ledger_recurring
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();

CREATE FUNCTION ledger_check_recurring_approval_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    schedule ledger_recurring;
BEGIN
    SELECT * INTO schedule FROM ledger_recurring r WHERE r.id = NEW.recurring_id FOR UPDATE;
    IF schedule.state <> 'draft' OR NEW.digest <> schedule.digest
       OR NEW.person = schedule.maker_person
       OR NEW.step_up_at > NEW.decided_at
       OR NEW.step_up_at < NEW.decided_at - interval '5 minutes' THEN
        RAISE EXCEPTION 'another person approves what was shown, with a fresh second factor'
            USING ERRCODE = 'LG120';
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER ledger_recurring_approval_four_eyes BEFORE INSERT ON ledger_recurring_approval
    FOR EACH ROW EXECUTE FUNCTION ledger_check_recurring_approval_v1();
CREATE TRIGGER ledger_recurring_approval_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_recurring_approval
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();

-- The day must have come somewhere on earth; the program knows the tenant's zone and waits for it.
CREATE FUNCTION ledger_check_recurring_occurrence_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    schedule ledger_recurring;
BEGIN
    SELECT * INTO schedule FROM ledger_recurring r WHERE r.id = NEW.recurring_id FOR UPDATE;
    IF schedule.state <> 'active' OR NEW.number <> schedule.done
       OR NEW.day IS DISTINCT FROM schedule.next_date
       OR NEW.day > ((NEW.posted_at + interval '14 hours') AT TIME ZONE 'UTC')::date THEN
        RAISE EXCEPTION 'the next day of % is % and not %', NEW.recurring_id, schedule.next_date,
            NEW.day USING ERRCODE = 'LG120';
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER ledger_recurring_occurrence_due BEFORE INSERT ON ledger_recurring_occurrence
    FOR EACH ROW EXECUTE FUNCTION ledger_check_recurring_occurrence_v1();
CREATE TRIGGER ledger_recurring_occurrence_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_recurring_occurrence
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();

-- An entry of this kind is a day of an approved schedule, and says what was approved.
CREATE FUNCTION ledger_check_entry_recurring_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1
          FROM ledger_recurring_occurrence o JOIN ledger_recurring r ON r.id = o.recurring_id
         WHERE o.entry_id = NEW.id AND r.id = NEW.approval_id
           AND r.description = NEW.description
           AND o.day::text = coalesce(NEW.metadata -> 'late' ->> 'value_date',
                                      NEW.value_date::text)
           AND r.lines = (
               SELECT jsonb_agg(jsonb_build_object(
                          'account', a.code, 'side', p.side, 'amount_minor', p.amount_minor,
                          'currency', p.currency, 'clearing_key', coalesce(p.clearing_key, ''))
                          ORDER BY p.leg)
                 FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
                WHERE p.entry_id = NEW.id)) THEN
        RAISE EXCEPTION 'entry % is of no approved schedule', NEW.id
            USING ERRCODE = 'LG121', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END;
$$;

CREATE CONSTRAINT TRIGGER ledger_journal_entry_recurring
    AFTER INSERT ON ledger_journal_entry
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.kind = 'recurring')
    EXECUTE FUNCTION ledger_check_entry_recurring_v1();
