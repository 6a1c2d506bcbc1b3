-- Accounts that many post to at once.
--
-- A synchronous account is kept with each posting, which holds its balance row until COMMIT. The
-- other two modes leave that row alone: their postings come without a number, and ledger_fold_v1
-- numbers them, carries them into the balance and into the days. In every mode and at every moment
-- what an account holds is its row and the sum of its postings without a number.
--
--   deferred   nothing is locked: for accounts without limits
--   sharded    the room to the limits is cut into parts, and a posting takes from one of them
--
-- An account is moved from one mode to another while nobody is between claim and COMMIT: posters
-- hold ROW EXCLUSIVE on the journal from their claim on, and ledger_change_mode_v1 waits for them.

ALTER TABLE ledger_balance_shard SET (
    fillfactor = 20, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200
);
-- The fold writes each row of a deferred account anew.
ALTER TABLE ledger_posting SET (autovacuum_vacuum_scale_factor = 0.05);

-- Who folds, or changes what the fold is for, does so alone. Callers ask in a statement of its own
-- before they look at anything: a lock that is waited for inside a statement does not refresh what
-- that statement sees.
CREATE FUNCTION ledger_fold_turn_v1() RETURNS bigint
LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$ SELECT hashtextextended(current_schema() || ':ledger.fold', 0) $$;

-- Number what p_account, or any account, has without a number, at most p_limit postings of
-- transactions below p_before, in the order of transactions. Callers hold the turn.
CREATE FUNCTION ledger_fold_postings_v1(p_before xid8, p_account uuid, p_limit integer)
RETURNS bigint
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    held uuid[];
    folded bigint;
BEGIN
    SELECT array_agg(x.account_id) INTO held FROM (
        SELECT b.account_id FROM ledger_account_balance b
         WHERE b.account_id IN (SELECT p.account_id FROM ledger_posting p
                                 WHERE p.account_version IS NULL
                                   AND (p_account IS NULL OR p.account_id = p_account))
         ORDER BY b.account_id FOR NO KEY UPDATE) x;

    WITH picked AS MATERIALIZED (
        SELECT p.tenant, p.entry_id, p.leg, p.account_id, p.value_date, e.txid,
               (p.posted_at AT TIME ZONE 'UTC')::date AS recorded_date,
               CASE p.side WHEN 'D' THEN p.amount_minor ELSE 0 END AS debit,
               CASE p.side WHEN 'C' THEN p.amount_minor ELSE 0 END AS credit
          FROM ledger_posting p JOIN ledger_journal_entry e ON e.id = p.entry_id
         WHERE p.account_version IS NULL AND p.account_id = ANY (held) AND e.txid < p_before
         ORDER BY e.txid, p.entry_id, p.leg LIMIT p_limit
    ), run AS MATERIALIZED (
        SELECT k.*, b.version + row_number() OVER so_far AS number,
               b.normal_sign * (b.debits_minor - b.credits_minor
                                + sum(k.debit - k.credit) OVER so_far) AS balance
          FROM picked k JOIN ledger_account_balance b ON b.account_id = k.account_id
        WINDOW so_far AS (PARTITION BY k.account_id ORDER BY k.txid, k.entry_id, k.leg
                          ROWS UNBOUNDED PRECEDING)
    ), numbered AS (
        UPDATE ledger_posting p
           SET account_version = r.number, balance_after_minor = r.balance
          FROM run r
         WHERE p.entry_id = r.entry_id AND p.leg = r.leg
    ), moved AS (
        UPDATE ledger_account_balance b
           SET debits_minor = b.debits_minor + t.debits,
               credits_minor = b.credits_minor + t.credits, version = b.version + t.steps
          FROM (SELECT account_id, sum(debit) AS debits, sum(credit) AS credits, count(*) AS steps
                  FROM run GROUP BY account_id) t
         WHERE b.account_id = t.account_id
    ), dated AS (
        INSERT INTO ledger_balance_day AS d (
            tenant, account_id, value_date, recorded_date, debits_minor, credits_minor)
        SELECT tenant, account_id, value_date, recorded_date, sum(debit), sum(credit)
          FROM run GROUP BY tenant, account_id, value_date, recorded_date
         ORDER BY account_id, value_date, recorded_date
        ON CONFLICT (account_id, value_date, recorded_date) DO UPDATE
           SET debits_minor = d.debits_minor + excluded.debits_minor,
               credits_minor = d.credits_minor + excluded.credits_minor
    )
    SELECT count(*) INTO folded FROM run;
    RETURN folded;
END;
$$;

-- Fold what is older than every running transaction; nothing while somebody else folds. An account
-- is so numbered in the order of transactions, whenever they commit.
CREATE FUNCTION ledger_fold_v1(p_limit integer) RETURNS bigint
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(ledger_fold_turn_v1()) THEN
        RETURN 0;
    END IF;
    RETURN ledger_fold_postings_v1(pg_snapshot_xmin(pg_current_snapshot()), NULL, p_limit);
END;
$$;

-- Take what a call of the posting functions needs from one part of the room of each sharded account
-- it names: the lowest and the highest the account stands at the end of any of its entries must
-- fit. The part is the session's own, so that sessions seldom meet. False if the whole room is too
-- small; all its parts are locked then. Accounts come in the order of ids, and whoever needs all
-- parts of an account holds none of it yet: no circle of waiting can form.
CREATE FUNCTION ledger_take_room_v1(
    p_entry integer[], p_account text[], p_side text[], p_amount bigint[]
) RETURNS boolean
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    part smallint := pg_backend_pid() % 16;
    lets_go boolean := false;
    need record;
BEGIN
    FOR need IN
        SELECT account_id, bool_or(releases_early) AS releases_early,
               least(min(net) FILTER (WHERE is_last), 0) AS lowest,
               greatest(max(net) FILTER (WHERE is_last), 0) AS highest,
               (array_agg(net ORDER BY entry DESC, ordinal DESC))[1] AS net
          FROM (SELECT a.id AS account_id, b.releases_early, l.entry, l.ordinal,
                       b.normal_sign * sum(CASE l.side WHEN 'D' THEN l.amount ELSE -l.amount END)
                           OVER legs AS net,
                       lead(l.entry) OVER legs IS DISTINCT FROM l.entry AS is_last
                  FROM unnest(p_entry, p_account, p_side, p_amount)
                       WITH ORDINALITY l(entry, account, side, amount, ordinal)
                  JOIN ledger_account a ON a.code = l.account
                  JOIN ledger_account_balance b ON b.account_id = a.id AND b.mode = 'sharded'
                WINDOW legs AS (PARTITION BY a.id ORDER BY l.entry, l.ordinal
                                ROWS UNBOUNDED PRECEDING)) run
         GROUP BY account_id ORDER BY account_id
    LOOP
        lets_go := lets_go OR need.releases_early;
        FOR try IN 1..2 LOOP
            UPDATE ledger_balance_shard s
               SET down_minor = s.down_minor + need.net, up_minor = s.up_minor - need.net
             WHERE s.account_id = need.account_id AND s.shard = part
               AND coalesce(s.down_minor + need.lowest >= 0, true)
               AND coalesce(s.up_minor - need.highest >= 0, true);
            EXIT WHEN FOUND;
            IF try = 2 THEN
                RETURN false;
            END IF;
            PERFORM ledger_level_shards_v1(need.account_id, part, -need.lowest, need.highest);
        END LOOP;
    END LOOP;
    IF lets_go THEN
        PERFORM set_config('ledger.releases_early', 'on', true);
    END IF;
    RETURN true;
END;
$$;

-- Spread the room of an account evenly over its parts, but give p_part what it needs beforehand, if
-- there is as much.
CREATE FUNCTION ledger_level_shards_v1(
    p_account uuid, p_part smallint, p_down numeric, p_up numeric
) RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM 1 FROM ledger_balance_shard WHERE account_id = p_account
     ORDER BY shard FOR NO KEY UPDATE;
    UPDATE ledger_balance_shard s
       SET down_minor = ledger_part_of_v1(whole.down, s.shard, whole.parts, p_part, p_down),
           up_minor = ledger_part_of_v1(whole.up, s.shard, whole.parts, p_part, p_up)
      FROM (SELECT sum(down_minor) AS down, sum(up_minor) AS up, count(*) AS parts
              FROM ledger_balance_shard WHERE account_id = p_account) whole
     WHERE s.account_id = p_account;
END;
$$;

-- A part of a whole that loses nothing: the first parts get the units that do not divide.
CREATE FUNCTION ledger_part_of_v1(
    p_whole numeric, p_shard smallint, p_parts bigint, p_part smallint, p_beforehand numeric
) RETURNS bigint
LANGUAGE sql IMMUTABLE
SET search_path FROM CURRENT
AS $$
    SELECT div(rest, p_parts) + CASE WHEN p_shard < mod(rest, p_parts) THEN 1 ELSE 0 END
           + CASE WHEN p_shard = p_part THEN p_whole - rest ELSE 0 END
      FROM (SELECT CASE WHEN p_whole >= p_beforehand THEN p_whole - p_beforehand ELSE p_whole END)
           x(rest)
$$;

-- Let this transaction's commit return before the disk has it, if one of its postings asked for
-- that: its locks are free sooner by the time of a write to the disk, and the next posters wait for
-- the same write together. True if so; whoever calls this flushes after the commit, before anybody
-- is told. Not where a standby has to confirm: a flush does not wait for it.
CREATE FUNCTION ledger_release_early_v1() RETURNS boolean
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    IF current_setting('synchronous_standby_names') <> '' THEN
        RETURN false;
    END IF;
    PERFORM set_config('synchronous_commit', 'off', true);
    RETURN true;
END;
$$;

-- Keep an account another way from now on. Waits for every poster under way and holds up new ones
-- until COMMIT, so that nobody posts by the old rule what is read by the new one; its postings are
-- all folded then. Limits and holds that the mode cannot keep are refused by the row's checks.
CREATE FUNCTION ledger_change_mode_v1(p_account uuid, p_mode text) RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(ledger_fold_turn_v1());
    LOCK TABLE ledger_journal_entry IN SHARE ROW EXCLUSIVE MODE;
    PERFORM ledger_fold_postings_v1('18446744073709551615', p_account, NULL);
    DELETE FROM ledger_balance_shard WHERE account_id = p_account;
    UPDATE ledger_account_balance SET mode = p_mode WHERE account_id = p_account;
    INSERT INTO ledger_balance_shard (tenant, account_id, shard, down_minor, up_minor)
    SELECT tenant, account_id, shard,
           ledger_part_of_v1(held - floor_minor, shard, 16, shard, 0),
           ledger_part_of_v1(ceiling_minor - held, shard, 16, shard, 0)
      FROM (SELECT b.*, b.normal_sign * (b.debits_minor - b.credits_minor)::numeric AS held
              FROM ledger_account_balance b
             WHERE b.account_id = p_account AND b.mode = 'sharded') x,
           (SELECT number::smallint FROM generate_series(0, 15) number) parts(shard);
END;
$$;

-- Other limits for a sharded account, whose parts are cut from them: it is kept synchronously in
-- between, so that the row's own guard judges the limits by all that was posted.
CREATE FUNCTION ledger_change_limits_v1(
    p_account uuid, p_floor bigint, p_ceiling bigint
) RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM ledger_change_mode_v1(p_account, 'synchronous');
    UPDATE ledger_account_balance SET floor_minor = p_floor, ceiling_minor = p_ceiling
     WHERE account_id = p_account;
    PERFORM ledger_change_mode_v1(p_account, 'sharded');
END;
$$;

-- The parts are cut from the limits, so these stay while there are parts.
CREATE FUNCTION ledger_keep_limits_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    RAISE EXCEPTION 'the limits of a sharded account are fixed'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_account_balance_limits_cut',
              TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA,
              HINT = 'Use ledger_change_limits_v1, which cuts the parts anew.';
END;
$$;
CREATE TRIGGER ledger_account_balance_limits_cut
    BEFORE UPDATE ON ledger_account_balance
    FOR EACH ROW WHEN (
        OLD.mode = 'sharded' AND NEW.mode = 'sharded'
        AND (OLD.floor_minor, OLD.ceiling_minor)
            IS DISTINCT FROM (NEW.floor_minor, NEW.ceiling_minor)
    )
    EXECUTE FUNCTION ledger_keep_limits_v1();
