-- Velocity limits and balance monitors. The posting functions call ledger_apply_limits_v1 when they
-- touch an account whose balance row is watched; which rows are is kept by the triggers below.
--
-- LG050 more than a velocity limit allows     LG051 a limit is being rewritten

-- What these entries use of each limit, counted in the rows that everybody who posts to the account
-- takes in turn; more than the limit allows refuses it all.
CREATE FUNCTION ledger_count_velocity_v1(p_entries uuid[]) RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    bad record;
BEGIN
    WITH using_up AS (
        SELECT r.tenant, r.id AS limit_id, p.account_id,
               date_trunc(r.time_window, e.posted_at, r.zone) AS window_start,
               CASE r.measure WHEN 'amount' THEN sum(p.amount_minor)
                              ELSE count(DISTINCT p.entry_id) END AS used
          FROM ledger_posting p
          JOIN ledger_journal_entry e ON e.id = p.entry_id AND e.reverses_id IS NULL
          JOIN ledger_account a ON a.id = p.account_id
          JOIN ledger_velocity_limit r
            ON r.ended_at IS NULL AND r.side = p.side AND r.currency = a.currency
           AND (r.account_id = a.id OR r.account_class = a.account_class)
           AND r.entry_kind IN ('', e.kind)
         WHERE p.entry_id = ANY (p_entries)
         GROUP BY r.id, p.account_id, window_start
    ), counted AS (
        INSERT INTO ledger_velocity_usage AS u (tenant, limit_id, account_id, window_start, used)
        SELECT tenant, limit_id, account_id, window_start, least(used, 9223372036854775807)
          FROM using_up ORDER BY limit_id, account_id, window_start
        ON CONFLICT (limit_id, account_id, window_start) DO UPDATE
           SET used = least(u.used::numeric + excluded.used, 9223372036854775807)
        RETURNING u.limit_id, u.account_id, u.window_start, u.used
    )
    SELECT r.code AS velocity_limit, a.code AS account, r.most, c.used, r.measure, r.currency,
           (c.window_start AT TIME ZONE r.zone + ('1 ' || r.time_window)::interval)
               AT TIME ZONE r.zone AS resets_at
      INTO bad
      FROM counted c
      JOIN ledger_velocity_limit r ON r.id = c.limit_id
      JOIN ledger_account a ON a.id = c.account_id
     WHERE c.used > r.most
     ORDER BY r.code, a.code
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'account % would use % of %: more than % allows',
                        bad.account, bad.used, bad.most, bad.velocity_limit
            USING ERRCODE = 'LG050', DETAIL = jsonb_build_object(
                'velocity_limit', bad.velocity_limit, 'account', bad.account, 'most', bad.most,
                'over', bad.used - bad.most, 'measure', bad.measure, 'currency', bad.currency,
                'resets_at', to_char(bad.resets_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
    END IF;
END;
$$;

-- Which monitored balances of these accounts have crossed their thresholds, or come back.
CREATE FUNCTION ledger_check_monitors_v1(p_accounts uuid[], p_now timestamptz) RETURNS void
LANGUAGE sql
SET search_path FROM CURRENT
AS $$
    WITH seen AS (
        SELECT m.id, m.is_crossed, h.balance,
               CASE m.comparison WHEN 'below' THEN h.balance < m.threshold_minor
                                 ELSE h.balance > m.threshold_minor END AS is_now
          FROM ledger_balance_monitor m
          JOIN ledger_account_balance b ON b.account_id = m.account_id
         CROSS JOIN LATERAL (
               SELECT b.normal_sign * (b.debits_minor - b.credits_minor)
                      - CASE WHEN m.balance_kind = 'posted' THEN 0
                             WHEN b.normal_sign = 1 THEN b.pending_credits_minor
                             ELSE b.pending_debits_minor END AS balance) h
         WHERE m.ended_at IS NULL AND m.account_id = ANY (p_accounts)
    ), turned AS (
        UPDATE ledger_balance_monitor m SET is_crossed = s.is_now
          FROM seen s WHERE m.id = s.id AND s.is_now <> s.is_crossed
        RETURNING m.tenant, m.id, m.is_crossed, s.balance
    )
    INSERT INTO ledger_monitor_crossing (tenant, monitor_id, is_crossed, balance_minor, crossed_at)
    SELECT tenant, id, is_crossed, balance, p_now FROM turned ORDER BY id
$$;

CREATE FUNCTION ledger_apply_limits_v1(p_entries uuid[], p_now timestamptz) RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM ledger_count_velocity_v1(p_entries);
    PERFORM ledger_check_monitors_v1(
        ARRAY(SELECT DISTINCT account_id FROM ledger_posting WHERE entry_id = ANY (p_entries)),
        p_now);
END;
$$;

-- Who opens an account and who begins a limit for its class take turns, so that neither misses the
-- other: the one that comes second sees what the first one wrote.
CREATE FUNCTION ledger_watch_new_balance_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(
        hashtextextended(TG_TABLE_SCHEMA || ':ledger.velocity_limit', 0));
    NEW.is_watched := EXISTS (
        SELECT 1 FROM ledger_account a JOIN ledger_velocity_limit r
            ON r.account_class = a.account_class AND r.currency = a.currency
         WHERE a.id = NEW.account_id AND r.ended_at IS NULL);
    RETURN NEW;
END;
$$;

CREATE TRIGGER ledger_account_balance_watched
    BEFORE INSERT ON ledger_account_balance
    FOR EACH ROW EXECUTE FUNCTION ledger_watch_new_balance_v1();

-- A limit or monitor begins or ends: mark the balances it watches. Postings under way finish first,
-- and those that waited see the mark. A limit that begins counts what its window already holds.
CREATE FUNCTION ledger_watch_balances_v1(p_account uuid, p_class text) RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM 1 FROM ledger_account_balance b JOIN ledger_account a ON a.id = b.account_id
     WHERE a.id = p_account OR a.account_class = p_class
     ORDER BY b.account_id FOR NO KEY UPDATE OF b;
    UPDATE ledger_account_balance b SET is_watched = w.is_watched
      FROM (SELECT a.id, EXISTS (
                       SELECT 1 FROM ledger_velocity_limit r
                        WHERE r.ended_at IS NULL AND r.currency = a.currency
                          AND (r.account_id = a.id OR r.account_class = a.account_class))
                   OR EXISTS (SELECT 1 FROM ledger_balance_monitor m
                               WHERE m.ended_at IS NULL AND m.account_id = a.id) AS is_watched
              FROM ledger_account a
             WHERE a.id = p_account OR a.account_class = p_class) w
     WHERE b.account_id = w.id AND b.is_watched <> w.is_watched;
END;
$$;

CREATE FUNCTION ledger_begin_or_end_limit_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(
        hashtextextended(TG_TABLE_SCHEMA || ':ledger.velocity_limit', 0));
    PERFORM ledger_watch_balances_v1(NEW.account_id, nullif(NEW.account_class, ''));
    IF TG_OP = 'INSERT' THEN
        INSERT INTO ledger_velocity_usage (tenant, limit_id, account_id, window_start, used)
        SELECT NEW.tenant, NEW.id, p.account_id,
               date_trunc(NEW.time_window, NEW.started_at, NEW.zone),
               CASE NEW.measure WHEN 'amount' THEN sum(p.amount_minor)
                                ELSE count(DISTINCT p.entry_id) END
          FROM ledger_posting p
          JOIN ledger_journal_entry e ON e.id = p.entry_id AND e.reverses_id IS NULL
          JOIN ledger_account a ON a.id = p.account_id AND a.currency = NEW.currency
         WHERE p.posted_at >= date_trunc(NEW.time_window, NEW.started_at, NEW.zone)
           AND p.side = NEW.side AND NEW.entry_kind IN ('', e.kind)
           AND (a.id = NEW.account_id OR a.account_class = NEW.account_class)
         GROUP BY p.account_id;
    END IF;
    RETURN NULL;
END;
$$;

CREATE TRIGGER ledger_velocity_limit_begins_or_ends
    AFTER INSERT OR UPDATE ON ledger_velocity_limit
    FOR EACH ROW EXECUTE FUNCTION ledger_begin_or_end_limit_v1();

CREATE FUNCTION ledger_begin_or_end_monitor_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM ledger_watch_balances_v1(NEW.account_id, NULL);
    IF NEW.ended_at IS NULL THEN
        PERFORM ledger_check_monitors_v1(ARRAY[NEW.account_id], NEW.started_at);
    END IF;
    RETURN NULL;
END;
$$;

CREATE TRIGGER ledger_balance_monitor_begins_or_ends
    AFTER INSERT OR UPDATE OF ended_at ON ledger_balance_monitor
    FOR EACH ROW EXECUTE FUNCTION ledger_begin_or_end_monitor_v1();

-- What a limit or monitor means never changes; it ends once. What was used only grows.
CREATE FUNCTION ledger_forbid_new_terms_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: end it and begin another', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'LG051', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
END;
$$;

CREATE TRIGGER ledger_velocity_limit_kept
    BEFORE UPDATE ON ledger_velocity_limit
    FOR EACH ROW WHEN (
        OLD.ended_at IS NOT NULL
        OR (NEW.id, NEW.tenant, NEW.code, NEW.account_id, NEW.account_class, NEW.currency, NEW.side,
            NEW.entry_kind, NEW.measure, NEW.most, NEW.time_window, NEW.zone, NEW.started_at)
           IS DISTINCT FROM
           (OLD.id, OLD.tenant, OLD.code, OLD.account_id, OLD.account_class, OLD.currency, OLD.side,
            OLD.entry_kind, OLD.measure, OLD.most, OLD.time_window, OLD.zone, OLD.started_at))
    EXECUTE FUNCTION ledger_forbid_new_terms_v1();
CREATE TRIGGER ledger_velocity_limit_not_removed
    BEFORE DELETE OR TRUNCATE ON ledger_velocity_limit
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_new_terms_v1();
CREATE TRIGGER ledger_velocity_usage_grows
    BEFORE UPDATE ON ledger_velocity_usage
    FOR EACH ROW WHEN (
        NEW.used < OLD.used OR (NEW.tenant, NEW.limit_id, NEW.account_id, NEW.window_start)
                               IS DISTINCT FROM
                               (OLD.tenant, OLD.limit_id, OLD.account_id, OLD.window_start))
    EXECUTE FUNCTION ledger_forbid_new_terms_v1();
CREATE TRIGGER ledger_velocity_usage_not_removed
    BEFORE DELETE OR TRUNCATE ON ledger_velocity_usage
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_new_terms_v1();
CREATE TRIGGER ledger_balance_monitor_kept
    BEFORE UPDATE ON ledger_balance_monitor
    FOR EACH ROW WHEN (
        OLD.ended_at IS NOT NULL
        OR (NEW.id, NEW.tenant, NEW.code, NEW.account_id, NEW.balance_kind, NEW.comparison,
            NEW.threshold_minor, NEW.started_at)
           IS DISTINCT FROM
           (OLD.id, OLD.tenant, OLD.code, OLD.account_id, OLD.balance_kind, OLD.comparison,
            OLD.threshold_minor, OLD.started_at))
    EXECUTE FUNCTION ledger_forbid_new_terms_v1();
CREATE TRIGGER ledger_balance_monitor_not_removed
    BEFORE DELETE OR TRUNCATE ON ledger_balance_monitor
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_new_terms_v1();
CREATE TRIGGER ledger_monitor_crossing_kept
    BEFORE UPDATE ON ledger_monitor_crossing
    FOR EACH ROW WHEN (
        OLD.announced_at IS NOT NULL
        OR (NEW.id, NEW.tenant, NEW.monitor_id, NEW.is_crossed, NEW.balance_minor, NEW.crossed_at)
           IS DISTINCT FROM
           (OLD.id, OLD.tenant, OLD.monitor_id, OLD.is_crossed, OLD.balance_minor, OLD.crossed_at))
    EXECUTE FUNCTION ledger_forbid_new_terms_v1();
CREATE TRIGGER ledger_monitor_crossing_not_removed
    BEFORE DELETE OR TRUNCATE ON ledger_monitor_crossing
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_new_terms_v1();
