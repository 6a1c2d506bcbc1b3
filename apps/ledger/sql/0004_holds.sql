-- Money held, in two steps: placed now, captured or released later. The movements are the truth;
-- the hold, its legs and the pending columns of balances are projections, kept in the transaction
-- of each movement and compared with it at COMMIT.
--
-- Locks come in one order: the hold, then balances by account id, then what a capture posts. What
-- is read after a lock was waited for is read by a statement of its own.
--
-- p_now is NULL but in tests, which move time: deadlines are made and judged by the database's
-- clock, so that program servers whose clocks differ agree on when a hold is over.
--
-- LG010–LG022 as for postings   LG030 key reused       LG060 no such hold   LG061 already closed
-- LG062 expired                 LG063 exceeds hold     LG064 source event   LG065 not its movements
-- LG019 of an account in another mode: a sharded one keeps no pending amounts, and what a deferred
-- one has available is known to nobody while others post to it

ALTER TABLE ledger_hold SET (fillfactor = 80);
ALTER TABLE ledger_hold_leg SET (fillfactor = 80);

CREATE TRIGGER ledger_hold_movement_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_hold_movement
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_hold_kept
    BEFORE DELETE OR TRUNCATE ON ledger_hold
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_hold_meaning_kept
    BEFORE UPDATE ON ledger_hold
    FOR EACH ROW WHEN (
        OLD.status <> 'open'
        OR (NEW.id, NEW.tenant, NEW.reason, NEW.description, NEW.placed_at, NEW.expires_at,
            NEW.idempotency_key, NEW.fingerprint, NEW.source_event, NEW.closes_account_id,
            NEW.actor, NEW.actor_id, NEW.metadata)
        IS DISTINCT FROM
           (OLD.id, OLD.tenant, OLD.reason, OLD.description, OLD.placed_at, OLD.expires_at,
            OLD.idempotency_key, OLD.fingerprint, OLD.source_event, OLD.closes_account_id,
            OLD.actor, OLD.actor_id, OLD.metadata)
    )
    EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_hold_leg_kept
    BEFORE DELETE OR TRUNCATE ON ledger_hold_leg
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_hold_leg_meaning_kept
    BEFORE UPDATE ON ledger_hold_leg
    FOR EACH ROW WHEN (
        (NEW.hold_id, NEW.tenant, NEW.leg, NEW.account_id, NEW.side, NEW.currency,
         NEW.asked_minor, NEW.amount_minor)
        IS DISTINCT FROM
        (OLD.hold_id, OLD.tenant, OLD.leg, OLD.account_id, OLD.side, OLD.currency,
         OLD.asked_minor, OLD.amount_minor)
    )
    EXECUTE FUNCTION ledger_forbid_rewrite_v1();

-- At COMMIT: legs and status are what the movements say, and every kind of movement takes as much
-- from one side as from the other. A few index probes for each row that changed.
CREATE FUNCTION ledger_check_hold_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    changed uuid := coalesce(to_jsonb(NEW) ->> 'hold_id', to_jsonb(NEW) ->> 'id');
    is_sound boolean;
BEGIN
    WITH told AS (
        SELECT l.leg, l.currency, CASE l.side WHEN 'D' THEN 1 ELSE -1 END AS sign,
               l.amount_minor, l.captured_minor, l.released_minor, l.expired_minor, l.open_minor,
               coalesce(sum(m.amounts_minor[l.leg]) FILTER (WHERE m.kind = 'placed'), 0)
                   AS placed,
               coalesce(sum(m.amounts_minor[l.leg]) FILTER (WHERE m.kind = 'captured'), 0)
                   AS captured,
               coalesce(sum(m.amounts_minor[l.leg]) FILTER (WHERE m.kind = 'released'), 0)
                   AS released,
               coalesce(sum(m.amounts_minor[l.leg]) FILTER (WHERE m.kind = 'expired'), 0)
                   AS expired,
               (array_agg(m.open_after_minor[l.leg] ORDER BY m.number DESC))[1] AS open,
               bool_and(m.amounts_minor[l.leg] >= 0) AS is_positive
          FROM ledger_hold_leg l LEFT JOIN ledger_hold_movement m ON m.hold_id = l.hold_id
         WHERE l.hold_id = changed
         GROUP BY l.hold_id, l.leg
    )
    SELECT count(*) >= 2
           AND bool_and(is_positive
                        AND (amount_minor, captured_minor, released_minor, expired_minor,
                             open_minor) = (placed, captured, released, expired, open))
           AND bool_or(open_minor > 0) = (
                   SELECT h.status = 'open' FROM ledger_hold h WHERE h.id = changed)
           AND NOT EXISTS (
                   SELECT 1 FROM told GROUP BY currency
                   HAVING sum(sign * amount_minor) <> 0 OR sum(sign * captured_minor) <> 0
                       OR sum(sign * released_minor) <> 0 OR sum(sign * expired_minor) <> 0)
      INTO is_sound
      FROM told;
    IF is_sound IS NOT TRUE THEN
        RAISE EXCEPTION 'hold % is not what its movements say', changed
            USING ERRCODE = 'LG065', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END;
$$;

CREATE CONSTRAINT TRIGGER ledger_hold_is_its_movements
    AFTER INSERT OR UPDATE ON ledger_hold DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ledger_check_hold_v1();
CREATE CONSTRAINT TRIGGER ledger_hold_leg_is_its_movements
    AFTER INSERT OR UPDATE ON ledger_hold_leg DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ledger_check_hold_v1();
CREATE CONSTRAINT TRIGGER ledger_hold_movement_is_told
    AFTER INSERT ON ledger_hold_movement DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ledger_check_hold_v1();

-- Say why a hold was not placed: the lowest code first, then the earliest leg. Called with the
-- balances locked. p_is_up_to_available: without a floor, zero is the floor.
CREATE FUNCTION ledger_refuse_hold_v1(
    p_is_up_to_available boolean, p_account text[], p_side text[], p_amount bigint[],
    p_currency text[]
) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT
AS $$
DECLARE
    bad record;
BEGIN
    WITH leg AS (
        SELECT l.*, a.id AS account_id, a.currency AS account_currency, a.status, a.is_header,
               (CASE l.side WHEN 'D' THEN 1 ELSE -1 END) = b.normal_sign AS is_inward,
               b.normal_sign * (b.debits_minor - b.credits_minor) AS posted,
               b.floor_minor, b.ceiling_minor, b.pending_debits_minor, b.pending_credits_minor,
               b.mode
          FROM unnest(p_account, p_side, p_amount, p_currency)
               WITH ORDINALITY l(account, side, amount, currency, ordinal)
          LEFT JOIN ledger_account a ON a.code = l.account
          LEFT JOIN ledger_account_balance b ON b.account_id = a.id
    ), run AS (
        SELECT leg.*,
               CASE side WHEN 'D' THEN pending_debits_minor ELSE pending_credits_minor END
                   + sum(amount) OVER (PARTITION BY account, side) AS pending,
               CASE WHEN p_is_up_to_available THEN coalesce(floor_minor, 0) ELSE floor_minor END
                   AS lowest
          FROM leg
    ), verdict AS (
        SELECT run.*,
               CASE
                   WHEN coalesce(amount, 0) <= 0 OR side NOT IN ('D', 'C') THEN 'LG005'
                   WHEN account_id IS NULL THEN 'LG010'
                   WHEN is_header THEN 'LG011'
                   WHEN status = 'closed' THEN 'LG012'
                   WHEN status = 'frozen' OR (status = 'frozen_debit' AND side = 'D')
                        OR (status = 'frozen_credit' AND side = 'C') THEN 'LG013'
                   WHEN account_currency <> currency THEN 'LG014'
                   WHEN mode = 'sharded' OR (mode = 'deferred' AND p_is_up_to_available
                                             AND NOT is_inward) THEN 'LG019'
                   WHEN NOT is_inward AND posted - pending < lowest THEN 'LG020'
                   WHEN is_inward AND posted + pending > ceiling_minor THEN 'LG021'
                   WHEN pending > 9223372036854775807 THEN 'LG022'
               END AS code
          FROM run
    )
    SELECT * INTO bad FROM verdict WHERE code IS NOT NULL ORDER BY code, ordinal LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'a hold was refused for no known reason' USING ERRCODE = 'XX000';
    END IF;
    RAISE EXCEPTION 'leg % cannot be held on account %', bad.ordinal, bad.account
        USING ERRCODE = bad.code, DETAIL = CASE bad.code
            WHEN 'LG013' THEN jsonb_build_object('leg', bad.ordinal, 'account', bad.account,
                                                 'account_status', bad.status)
            WHEN 'LG014' THEN jsonb_build_object('leg', bad.ordinal, 'account', bad.account,
                                                 'account_currency', bad.account_currency,
                                                 'posting_currency', bad.currency)
            WHEN 'LG019' THEN jsonb_build_object('account', bad.account, 'balance_mode', bad.mode)
            WHEN 'LG020' THEN jsonb_build_object(
                'account', bad.account, 'currency', bad.currency,
                'short_minor', bad.lowest - bad.posted + bad.pending)
            WHEN 'LG021' THEN jsonb_build_object(
                'account', bad.account, 'currency', bad.currency,
                'over_minor', bad.posted + bad.pending - bad.ceiling_minor)
            WHEN 'LG022' THEN jsonb_build_object('account', bad.account)
            ELSE jsonb_build_object('leg', bad.ordinal, 'account', bad.account)
        END;
END;
$$;

-- Place a hold: claim its key, lock the balances, hold every leg or refuse. A hold takes from what
-- is available at once, so that a capture can never break a floor or a ceiling.
CREATE FUNCTION ledger_place_hold_v1(
    p_tenant uuid, p_now timestamptz, p_actor text, p_actor_id uuid,
    p_id uuid, p_reason text, p_description text, p_lifetime interval, p_idempotency_key text,
    p_fingerprint bytea, p_source_event text, p_metadata jsonb, p_is_up_to_available boolean,
    p_closes_account text,
    p_account text[], p_side text[], p_amount bigint[], p_currency text[]
) RETURNS TABLE (
    hold_id uuid, is_replay boolean, amounts bigint[], moved_at timestamptz,
    expires_at timestamptz
)
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := coalesce(p_now, clock_timestamp());
    first record;
    taken bigint[] := p_amount;
BEGIN
    INSERT INTO ledger_hold (
        tenant, id, reason, description, status, placed_at, expires_at, idempotency_key,
        fingerprint, source_event, closes_account_id, actor, actor_id, metadata)
    VALUES (
        p_tenant, p_id, p_reason, p_description, 'open', v_now, v_now + p_lifetime,
        p_idempotency_key, p_fingerprint, p_source_event,
        (SELECT a.id FROM ledger_account a WHERE a.code = p_closes_account), p_actor, p_actor_id,
        p_metadata)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        SELECT h.id, h.fingerprint INTO first
          FROM ledger_hold h WHERE h.idempotency_key = p_idempotency_key;
        IF FOUND AND first.fingerprint = p_fingerprint THEN
            RETURN QUERY
                SELECT h.id, true, m.amounts_minor, h.placed_at, h.expires_at
                  FROM ledger_hold h JOIN ledger_hold_movement m ON m.hold_id = h.id
                 WHERE h.id = first.id AND m.number = 1;
            RETURN;
        ELSIF FOUND THEN
            RAISE EXCEPTION 'idempotency key % belongs to another request', p_idempotency_key
                USING ERRCODE = 'LG030',
                      DETAIL = jsonb_build_object('idempotency_key', p_idempotency_key);
        END IF;
        SELECT h.id INTO first FROM ledger_hold h
         WHERE h.source_event = p_source_event AND h.reason = p_reason AND p_source_event <> '';
        IF FOUND THEN
            RAISE EXCEPTION 'source event % has its % hold', p_source_event, p_reason
                USING ERRCODE = 'LG064', DETAIL = jsonb_build_object(
                    'source_event', p_source_event, 'reason', p_reason, 'hold_id', first.id);
        END IF;
        RAISE EXCEPTION 'a hold with this id exists' USING ERRCODE = 'unique_violation';
    END IF;

    PERFORM 1 FROM ledger_account_balance b JOIN ledger_account a ON a.id = b.account_id
     WHERE a.code = ANY (p_account) ORDER BY b.account_id FOR NO KEY UPDATE OF b;

    IF p_is_up_to_available THEN  -- at least one unit, for the floor to refuse
        SELECT array_fill(least(p_amount[1], min(greatest(1,
                   b.normal_sign * (b.debits_minor - b.credits_minor) - coalesce(b.floor_minor, 0)
                   - CASE b.normal_sign WHEN 1 THEN b.pending_credits_minor
                                        ELSE b.pending_debits_minor END))),
                          ARRAY[cardinality(p_amount)])
          INTO taken
          FROM unnest(p_account, p_side) l(account, side)
          JOIN ledger_account a ON a.code = l.account
          JOIN ledger_account_balance b ON b.account_id = a.id
         WHERE b.normal_sign = CASE l.side WHEN 'D' THEN -1 ELSE 1 END;
    END IF;

    RETURN QUERY
    WITH leg AS MATERIALIZED (
        SELECT l.ordinal, l.side, l.amount, l.asked, l.currency, a.id AS account_id,
               b.normal_sign, b.normal_sign * (b.debits_minor - b.credits_minor) AS posted,
               b.pending_debits_minor, b.pending_credits_minor, b.ceiling_minor,
               CASE WHEN p_is_up_to_available THEN coalesce(b.floor_minor, 0)
                    ELSE b.floor_minor END AS floor_minor,
               CASE l.side WHEN 'D' THEN l.amount ELSE 0 END AS debit,
               CASE l.side WHEN 'C' THEN l.amount ELSE 0 END AS credit,
               a.currency = l.currency AND l.amount > 0 AND l.side IN ('D', 'C') AND CASE b.mode
                   WHEN 'synchronous' THEN true
                   WHEN 'deferred' THEN NOT p_is_up_to_available
                        OR b.normal_sign = CASE l.side WHEN 'D' THEN 1 ELSE -1 END
                   ELSE false
               END AND CASE a.status
                   WHEN 'open' THEN true
                   WHEN 'frozen_debit' THEN l.side = 'C'
                   WHEN 'frozen_credit' THEN l.side = 'D'
                   ELSE false
               END AS is_sound
          FROM unnest(p_account, p_side, taken, p_amount, p_currency)
               WITH ORDINALITY l(account, side, amount, asked, currency, ordinal)
          JOIN ledger_account a ON a.code = l.account AND NOT a.is_header
          JOIN ledger_account_balance b ON b.account_id = a.id
    ), total AS MATERIALIZED (
        SELECT account_id, count(*) AS legs, bool_and(is_sound) AS is_sound,
               max(normal_sign) AS normal_sign, max(posted) AS posted,
               max(floor_minor) AS floor_minor, max(ceiling_minor) AS ceiling_minor,
               sum(debit) AS debit, sum(credit) AS credit,
               max(pending_debits_minor) + sum(debit) AS pending_debits,
               max(pending_credits_minor) + sum(credit) AS pending_credits
          FROM leg GROUP BY account_id
    ), verdict AS MATERIALIZED (
        SELECT sum(legs) = cardinality(p_account) AND bool_and(
                   is_sound AND greatest(pending_debits, pending_credits) <= 9223372036854775807
                   AND coalesce(CASE normal_sign
                           WHEN 1 THEN credit = 0 OR posted - pending_credits >= floor_minor
                           ELSE debit = 0 OR posted - pending_debits >= floor_minor END, true)
                   AND coalesce(CASE normal_sign
                           WHEN 1 THEN debit = 0 OR posted + pending_debits <= ceiling_minor
                           ELSE credit = 0 OR posted + pending_credits <= ceiling_minor END, true)
               ) AS is_sound
          FROM total
    ), held AS (
        INSERT INTO ledger_hold_leg (
            tenant, hold_id, leg, account_id, side, currency, asked_minor, amount_minor,
            captured_minor, released_minor, expired_minor, open_minor)
        SELECT p_tenant, p_id, ordinal, account_id, side, currency, asked, amount, 0, 0, 0, amount
          FROM leg WHERE (SELECT is_sound FROM verdict) ORDER BY ordinal
    ), pending AS (
        UPDATE ledger_account_balance b
           SET pending_debits_minor = t.pending_debits, pending_credits_minor = t.pending_credits
          FROM total t
         WHERE b.account_id = t.account_id AND (SELECT is_sound FROM verdict)
    ), placed AS (
        INSERT INTO ledger_hold_movement (
            tenant, hold_id, number, kind, amounts_minor, open_after_minor, reason, moved_at,
            actor, actor_id)
        SELECT p_tenant, p_id, 1, 'placed', taken, taken, '', v_now, p_actor, p_actor_id
         WHERE (SELECT is_sound FROM verdict)
    )
    SELECT p_id, false, taken, v_now, v_now + p_lifetime
     WHERE (SELECT is_sound FROM verdict);
    IF NOT FOUND THEN
        PERFORM ledger_refuse_hold_v1(p_is_up_to_available, p_account, p_side, taken, p_currency);
    END IF;
END;
$$;

-- Capture or release a part of a hold, or (p_amounts NULL) all that is left; p_is_final releases
-- the rest after a capture. The posting of a captured part follows in the same transaction, by the
-- posting function, as entry p_entry.
CREATE FUNCTION ledger_move_hold_v1(
    p_tenant uuid, p_now timestamptz, p_actor text, p_actor_id uuid,
    p_hold uuid, p_kind text, p_amounts bigint[], p_is_final boolean, p_entry uuid,
    p_reason text, p_idempotency_key text, p_fingerprint bytea
) RETURNS TABLE (
    number integer, is_replay boolean, amounts bigint[], still_open bigint[],
    moved_at timestamptz, entry_id uuid
)
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz;
    hold record;
    first record;
    bad record;
    v_number integer;
    taken bigint[];
    rest bigint[];
    nothing bigint[];
BEGIN
    SELECT h.status, h.expires_at INTO hold
      FROM ledger_hold h WHERE h.id = p_hold FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no hold %', p_hold
            USING ERRCODE = 'LG060', DETAIL = jsonb_build_object('hold_id', p_hold);
    END IF;
    v_now := coalesce(p_now, clock_timestamp());

    SELECT m.* INTO first FROM ledger_hold_movement m WHERE m.idempotency_key = p_idempotency_key;
    IF FOUND AND first.hold_id = p_hold AND first.fingerprint = p_fingerprint THEN
        RETURN QUERY SELECT first.number, true, first.amounts_minor,
            CASE WHEN p_is_final THEN array_fill(0::bigint, ARRAY[cardinality(first.amounts_minor)])
                 ELSE first.open_after_minor END,
            first.moved_at, first.entry_id;
        RETURN;
    ELSIF FOUND THEN
        RAISE EXCEPTION 'idempotency key % belongs to another request', p_idempotency_key
            USING ERRCODE = 'LG030',
                  DETAIL = jsonb_build_object('idempotency_key', p_idempotency_key);
    ELSIF hold.status <> 'open' THEN
        RAISE EXCEPTION 'hold % is %', p_hold, hold.status
            USING ERRCODE = 'LG061',
                  DETAIL = jsonb_build_object('hold_id', p_hold, 'hold_status', hold.status);
    ELSIF p_kind = 'captured' AND hold.expires_at <= v_now THEN
        RAISE EXCEPTION 'hold % has expired', p_hold
            USING ERRCODE = 'LG062', DETAIL = jsonb_build_object(
                'hold_id', p_hold, 'expired_at', hold.expires_at AT TIME ZONE 'UTC');
    END IF;

    SELECT l.leg, a.code, coalesce(p_amounts[l.leg], 0) AS asked, l.open_minor INTO bad
      FROM ledger_hold_leg l JOIN ledger_account a ON a.id = l.account_id
     WHERE l.hold_id = p_hold AND p_amounts IS NOT NULL
       AND coalesce(p_amounts[l.leg], 0) NOT BETWEEN 0 AND l.open_minor
     ORDER BY l.leg LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'leg % of hold % has less left', bad.leg, p_hold
            USING ERRCODE = 'LG063', DETAIL = jsonb_build_object(
                'hold_id', p_hold, 'leg', bad.leg, 'account', bad.code,
                'asked_minor', bad.asked, 'left_minor', bad.open_minor);
    END IF;

    PERFORM 1 FROM ledger_account_balance b
     WHERE b.account_id IN (SELECT l.account_id FROM ledger_hold_leg l WHERE l.hold_id = p_hold)
     ORDER BY b.account_id FOR NO KEY UPDATE;

    SELECT array_agg(x.taken ORDER BY x.leg), array_agg(x.open_minor - x.taken ORDER BY x.leg),
           array_agg(0::bigint)
      INTO taken, rest, nothing
      FROM (SELECT l.leg, l.open_minor,
                   CASE WHEN p_amounts IS NULL THEN l.open_minor
                        ELSE coalesce(p_amounts[l.leg], 0) END AS taken
              FROM ledger_hold_leg l WHERE l.hold_id = p_hold) x;

    WITH gone AS (
        SELECT l.account_id, l.side,
               taken[l.leg] + CASE WHEN p_is_final THEN rest[l.leg] ELSE 0 END AS amount
          FROM ledger_hold_leg l WHERE l.hold_id = p_hold
    )
    UPDATE ledger_account_balance b
       SET pending_debits_minor = b.pending_debits_minor - x.debit,
           pending_credits_minor = b.pending_credits_minor - x.credit
      FROM (SELECT g.account_id, coalesce(sum(g.amount) FILTER (WHERE g.side = 'D'), 0) AS debit,
                   coalesce(sum(g.amount) FILTER (WHERE g.side = 'C'), 0) AS credit
              FROM gone g GROUP BY g.account_id) x
     WHERE b.account_id = x.account_id;

    UPDATE ledger_hold_leg l
       SET captured_minor = l.captured_minor
               + CASE p_kind WHEN 'captured' THEN taken[l.leg] ELSE 0 END,
           released_minor = l.released_minor
               + CASE p_kind WHEN 'released' THEN taken[l.leg] ELSE 0 END
               + CASE WHEN p_is_final THEN rest[l.leg] ELSE 0 END,
           open_minor = CASE WHEN p_is_final THEN 0 ELSE rest[l.leg] END
     WHERE l.hold_id = p_hold;

    SELECT max(m.number) + 1 INTO v_number FROM ledger_hold_movement m WHERE m.hold_id = p_hold;
    INSERT INTO ledger_hold_movement (
        tenant, hold_id, number, kind, amounts_minor, open_after_minor, entry_id, reason,
        idempotency_key, fingerprint, moved_at, actor, actor_id)
    VALUES (p_tenant, p_hold, v_number, p_kind, taken, rest, p_entry, p_reason,
            p_idempotency_key, p_fingerprint, v_now, p_actor, p_actor_id)
    ON CONFLICT (idempotency_key) DO NOTHING;
    IF NOT FOUND THEN  -- used meanwhile, for another hold
        RAISE EXCEPTION 'idempotency key % belongs to another request', p_idempotency_key
            USING ERRCODE = 'LG030',
                  DETAIL = jsonb_build_object('idempotency_key', p_idempotency_key);
    END IF;
    IF p_is_final AND rest <> nothing THEN
        INSERT INTO ledger_hold_movement (
            tenant, hold_id, number, kind, amounts_minor, open_after_minor, reason, moved_at,
            actor, actor_id)
        VALUES (p_tenant, p_hold, v_number + 1, 'released', rest, nothing, p_reason, v_now,
                p_actor, p_actor_id);
    END IF;
    IF p_is_final OR rest = nothing THEN
        UPDATE ledger_hold h SET status = p_kind, closed_at = v_now WHERE h.id = p_hold;
    END IF;
    RETURN QUERY SELECT v_number, false, taken, CASE WHEN p_is_final THEN nothing ELSE rest END,
                        v_now, p_entry;
END;
$$;

-- End the holds whose time is over, the longest overdue first, at most p_most of them. Holds that
-- somebody is working on are left for the next sweep.
CREATE FUNCTION ledger_expire_holds_v1(
    p_tenant uuid, p_now timestamptz, p_actor text, p_actor_id uuid, p_most integer
) RETURNS TABLE (hold_id uuid, amounts bigint[], moved_at timestamptz)
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := coalesce(p_now, clock_timestamp());
    due uuid[];
BEGIN
    SELECT array_agg(d.id) INTO due
      FROM (SELECT h.id FROM ledger_hold h
             WHERE h.status = 'open' AND h.expires_at <= v_now
             ORDER BY h.expires_at LIMIT p_most FOR NO KEY UPDATE SKIP LOCKED) d;

    PERFORM 1 FROM ledger_account_balance b
     WHERE b.account_id IN (SELECT l.account_id FROM ledger_hold_leg l
                             WHERE l.hold_id = ANY (due) AND l.open_minor > 0)
     ORDER BY b.account_id FOR NO KEY UPDATE;

    UPDATE ledger_account_balance b
       SET pending_debits_minor = b.pending_debits_minor - x.debit,
           pending_credits_minor = b.pending_credits_minor - x.credit
      FROM (SELECT l.account_id,
                   coalesce(sum(l.open_minor) FILTER (WHERE l.side = 'D'), 0) AS debit,
                   coalesce(sum(l.open_minor) FILTER (WHERE l.side = 'C'), 0) AS credit
              FROM ledger_hold_leg l WHERE l.hold_id = ANY (due) GROUP BY l.account_id) x
     WHERE b.account_id = x.account_id;

    INSERT INTO ledger_hold_movement (
        tenant, hold_id, number, kind, amounts_minor, open_after_minor, reason, moved_at, actor,
        actor_id)
    SELECT p_tenant, l.hold_id,
           (SELECT max(m.number) + 1 FROM ledger_hold_movement m WHERE m.hold_id = l.hold_id),
           'expired', array_agg(l.open_minor ORDER BY l.leg), array_agg(0::bigint), '', v_now,
           p_actor, p_actor_id
      FROM ledger_hold_leg l WHERE l.hold_id = ANY (due) GROUP BY l.hold_id;

    UPDATE ledger_hold_leg l SET expired_minor = l.open_minor, open_minor = 0
     WHERE l.hold_id = ANY (due);
    UPDATE ledger_hold h SET status = 'expired', closed_at = v_now WHERE h.id = ANY (due);

    RETURN QUERY
        SELECT m.hold_id, m.amounts_minor, m.moved_at FROM ledger_hold_movement m
         WHERE m.hold_id = ANY (due) AND m.kind = 'expired' ORDER BY m.hold_id;
END;
$$;
