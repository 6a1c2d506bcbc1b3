-- The calendar holds whatever code, shell or psql session posts.
--
-- Closing a period takes the journal in SHARE ROW EXCLUSIVE mode: it waits for every posting under
-- way and lets none begin. A posting that queued behind it wakes up inside its INSERT, and its
-- guard (0015_posting_speed.sql), a statement later, reads the calendar as it is by then.
--
-- LG042 a period may not go there          LG043 four eyes on the calendar

CREATE FUNCTION ledger_kind_matches_v1(p_kind text, p_patterns text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT EXISTS (
        SELECT 1 FROM unnest(p_patterns) pattern
         WHERE pattern IN ('*', p_kind)
            OR (pattern LIKE '%.*' AND starts_with(p_kind, left(pattern, -1))))
$$;

-- The period that does not take an entry of this kind, day and author, or no row. A day belongs to
-- the first period that ends on it or later: days before the calendar go with its first period.
CREATE FUNCTION ledger_closed_period_v1(
    p_value_date date, p_kind text, p_actor_id uuid, p_at timestamptz
) RETURNS TABLE (id uuid, name text, state text, first_open date)
LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    SELECT p.id, p.name::text, p.state::text,
           (SELECT max(c.ends) + 1 FROM ledger_period c WHERE c.state <> 'open')
      FROM (SELECT * FROM ledger_period c WHERE c.ends >= p_value_date ORDER BY c.ends LIMIT 1) p
     WHERE p.state = 'hard_closed'
        OR (p.state = 'soft_closed'
            AND NOT ledger_kind_matches_v1(p_kind, p.soft_kinds)
            AND NOT EXISTS (
                SELECT 1 FROM ledger_period_request x
                 WHERE x.period_id = p.id AND x.kind = 'exception' AND x.state = 'approved'
                   AND x.closing = p.closings AND x.expires_at > greatest(p_at, now())
                   AND (x.user_ids = '{}' OR p_actor_id = ANY (x.user_ids))
                   AND (x.kinds = '{}' OR ledger_kind_matches_v1(p_kind, x.kinds))))
$$;

-- How a period may move. Closing waits for every posting under way, also for whoever closes by hand.
CREATE FUNCTION ledger_check_period_move_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'open' OR NEW.closings <> 0 OR NEW.ends < NEW.starts
           OR NEW.starts <= (SELECT max(p.ends) FROM ledger_period p WHERE p.state <> 'open') THEN
            RAISE EXCEPTION 'period % begins open, after the last closed day', NEW.name
                USING ERRCODE = 'LG042';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.tenant, NEW.year_id, NEW.name, NEW.starts, NEW.ends)
           IS DISTINCT FROM (OLD.id, OLD.tenant, OLD.year_id, OLD.name, OLD.starts, OLD.ends)
       OR OLD.state = 'hard_closed' THEN
        RAISE EXCEPTION 'period % is settled', OLD.name USING ERRCODE = 'LG042';
    END IF;
    IF NEW.state = OLD.state THEN
        IF NEW.closings <> OLD.closings THEN
            RAISE EXCEPTION 'period % did not move', OLD.name USING ERRCODE = 'LG042';
        END IF;
        RETURN NEW;
    END IF;
    LOCK TABLE ledger_journal_entry IN SHARE ROW EXCLUSIVE MODE;
    IF NEW.state = 'open' THEN
        IF EXISTS (SELECT 1 FROM ledger_period p WHERE p.starts > NEW.ends AND p.state <> 'open')
           OR NEW.closings <> OLD.closings
           OR NOT EXISTS (SELECT 1 FROM ledger_period_request x
                           WHERE x.period_id = NEW.id AND x.kind = 'reopen'
                             AND x.state = 'approved' AND x.closing = OLD.closings) THEN
            RAISE EXCEPTION 'period % is reopened last closed first, with two people', OLD.name
                USING ERRCODE = 'LG042';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.closings <> OLD.closings + 1
       OR EXISTS (SELECT 1 FROM ledger_period p
                   WHERE p.ends < NEW.starts AND (p.state = 'open'
                         OR (NEW.state = 'hard_closed' AND p.state <> 'hard_closed'))) THEN
        RAISE EXCEPTION 'period % is closed after those before it', OLD.name
            USING ERRCODE = 'LG042';
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER ledger_period_move BEFORE INSERT OR UPDATE ON ledger_period
    FOR EACH ROW EXECUTE FUNCTION ledger_check_period_move_v1();
CREATE TRIGGER ledger_period_kept BEFORE DELETE OR TRUNCATE ON ledger_period
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_period_closing_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_period_closing
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_period_balance_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_period_balance
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();

-- Four eyes: what was asked never changes, another person decides with a fresh second factor.
CREATE FUNCTION ledger_check_period_request_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    period ledger_period;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT * INTO period FROM ledger_period p WHERE p.id = NEW.period_id;
        IF NEW.state <> 'requested' OR NEW.decider_person <> ''
           OR period.state <> 'soft_closed' OR NEW.closing <> period.closings THEN
            RAISE EXCEPTION 'a request is about a softly closed period' USING ERRCODE = 'LG043';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.tenant, NEW.period_id, NEW.closing, NEW.kind, NEW.reason, NEW.kinds,
        NEW.user_ids, NEW.expires_at, NEW.maker_person, NEW.maker, NEW.requested_at)
           IS DISTINCT FROM
       (OLD.id, OLD.tenant, OLD.period_id, OLD.closing, OLD.kind, OLD.reason, OLD.kinds,
        OLD.user_ids, OLD.expires_at, OLD.maker_person, OLD.maker, OLD.requested_at)
       OR NOT (OLD.state || '>' || NEW.state = ANY (ARRAY[
            'requested>approved', 'requested>rejected', 'requested>withdrawn',
            'approved>revoked']))
       OR (NEW.state = 'revoked' AND NEW.kind <> 'exception') THEN
        RAISE EXCEPTION 'a request stays as it was made' USING ERRCODE = 'LG043';
    END IF;
    IF NEW.state = 'approved' AND (
           NEW.decider_person IN ('', OLD.maker_person)
           OR NEW.step_up_at > NEW.decided_at
           OR NEW.step_up_at < NEW.decided_at - interval '5 minutes') THEN
        RAISE EXCEPTION 'another person approves, with a fresh second factor'
            USING ERRCODE = 'LG043';
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER ledger_period_request_four_eyes BEFORE INSERT OR UPDATE ON ledger_period_request
    FOR EACH ROW EXECUTE FUNCTION ledger_check_period_request_v1();
CREATE TRIGGER ledger_period_request_kept BEFORE DELETE OR TRUNCATE ON ledger_period_request
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();

-- What every account's postings up to a day come to: the kept days, and the postings of accounts
-- whose balances are added up later.
CREATE FUNCTION ledger_sums_through_v1(p_day date)
RETURNS TABLE (account_id uuid, debits_minor bigint, credits_minor bigint)
LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    SELECT s.account_id, sum(s.debits)::bigint, sum(s.credits)::bigint
      FROM (
           SELECT d.account_id, d.debits_minor AS debits, d.credits_minor AS credits
             FROM ledger_balance_day d WHERE d.value_date <= p_day
            UNION ALL
           SELECT p.account_id, CASE p.side WHEN 'D' THEN p.amount_minor ELSE 0 END,
                  CASE p.side WHEN 'C' THEN p.amount_minor ELSE 0 END
             FROM ledger_posting p WHERE p.account_version IS NULL AND p.value_date <= p_day
      ) s
     GROUP BY s.account_id
$$;
