-- The only door through which postings enter. Each function is set-based (no loop over rows: a
-- loop updates a hot balance once for each leg and walks its version chain each time) and each
-- step is a statement of its own, so that it reads what was committed while the last one waited.
--
--   1 claim   the entry's row, ON CONFLICT DO NOTHING; a loser waits here for the winner
--   2 lock    the balances, in the order of account ids, before anything is read from them; of
--             sharded accounts one part (0003_hot.sql); of deferred ones nothing
--   3 write   postings, balances and daily sums, only if every leg is sound
--   4 refuse  with the first broken rule in the order of its code, when step 3 wrote nothing
--
-- LG005 amount or side     LG010 unknown account   LG011 header account   LG012 closed
-- LG013 frozen             LG014 currency          LG020 floor            LG021 ceiling
-- LG022 counter overflow   LG030 key reused        LG031 source event     LG032 already reversed

-- Everything an entry says, as one hash: what the audit compares, and what a seal will chain.
-- Metadata enters by the hash of it and of a salt of its own, so that both can be erased and the
-- rest still be proven: without the salt, what the metadata was cannot be found by guessing.
CREATE FUNCTION ledger_entry_text_v1(
    p_tenant uuid, p_id uuid, p_kind text, p_description text, p_value_date date,
    p_effective_at timestamptz, p_posted_at timestamptz, p_idempotency_key text,
    p_fingerprint bytea, p_source_event text, p_reverses_id uuid, p_reason text,
    p_approval_id uuid, p_template text, p_actor text, p_actor_id uuid, p_metadata_digest text,
    p_accounts text[], p_sides text[], p_amounts bigint[], p_currencies text[],
    p_clearing_keys text[]
) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT jsonb_build_array(
        p_tenant, p_id, p_kind, p_description, p_value_date, p_effective_at AT TIME ZONE 'UTC',
        p_posted_at AT TIME ZONE 'UTC', p_idempotency_key, encode(p_fingerprint, 'hex'),
        p_source_event, p_reverses_id, p_reason, p_approval_id, p_template, p_actor, p_actor_id,
        p_metadata_digest,
        p_accounts, p_sides, p_amounts, p_currencies, p_clearing_keys
    )::text
$$;

CREATE FUNCTION ledger_entry_digest_v1(
    p_tenant uuid, p_id uuid, p_kind text, p_description text, p_value_date date,
    p_effective_at timestamptz, p_posted_at timestamptz, p_idempotency_key text,
    p_fingerprint bytea, p_source_event text, p_reverses_id uuid, p_reason text,
    p_approval_id uuid, p_template text, p_actor text, p_actor_id uuid, p_metadata_digest text,
    p_accounts text[], p_sides text[], p_amounts bigint[], p_currencies text[],
    p_clearing_keys text[]
) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT sha256(convert_to(ledger_entry_text_v1(
        p_tenant, p_id, p_kind, p_description, p_value_date, p_effective_at, p_posted_at,
        p_idempotency_key, p_fingerprint, p_source_event, p_reverses_id, p_reason,
        p_approval_id, p_template, p_actor, p_actor_id, p_metadata_digest, p_accounts,
        p_sides, p_amounts, p_currencies, p_clearing_keys
    ), 'UTF8'))
$$;

-- An entry without metadata has no salt and no digest of it.
CREATE FUNCTION ledger_metadata_digest_v1(p_metadata jsonb, p_salt uuid) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT encode(sha256(uuid_send(p_salt) || convert_to(p_metadata::text, 'UTF8')), 'hex')
$$;

CREATE FUNCTION ledger_metadata_salt_v1(p_metadata jsonb) RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE
AS $$
    SELECT CASE WHEN p_metadata <> '{}' THEN gen_random_uuid() END
$$;

-- The entry that stands in the way of a claim that wrote no row, if it is the same request;
-- otherwise the refusal.
CREATE FUNCTION ledger_first_entry_v1(
    p_idempotency_key text, p_fingerprint bytea, p_source_event text, p_kind text,
    p_reverses_id uuid
) RETURNS uuid
LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT
AS $$
DECLARE
    first record;
BEGIN
    SELECT e.id, e.fingerprint INTO first
      FROM ledger_journal_entry e WHERE e.idempotency_key = p_idempotency_key;
    IF FOUND THEN
        IF first.fingerprint = p_fingerprint THEN
            RETURN first.id;
        END IF;
        RAISE EXCEPTION 'idempotency key % belongs to another request', p_idempotency_key
            USING ERRCODE = 'LG030',
                  DETAIL = jsonb_build_object('idempotency_key', p_idempotency_key);
    END IF;
    SELECT e.id INTO first FROM ledger_journal_entry e
     WHERE e.source_event = p_source_event AND e.kind = p_kind AND p_source_event <> '';
    IF FOUND THEN
        RAISE EXCEPTION 'source event % has its % entry', p_source_event, p_kind
            USING ERRCODE = 'LG031', DETAIL = jsonb_build_object(
                'source_event', p_source_event, 'entry_kind', p_kind, 'entry_id', first.id);
    END IF;
    SELECT e.id INTO first FROM ledger_journal_entry e
     WHERE e.reverses_id = p_reverses_id AND e.kind = 'reversal';
    IF FOUND THEN
        RAISE EXCEPTION 'entry % is reversed', p_reverses_id
            USING ERRCODE = 'LG032', DETAIL = jsonb_build_object(
                'entry_id', p_reverses_id, 'reversed_by', first.id);
    END IF;
    RAISE EXCEPTION 'an entry with this id exists' USING ERRCODE = 'unique_violation';
END;
$$;

-- The accounts an entry touched, each with its balance (normal side) when the entry was complete.
-- Only of accounts whose balance is kept with each posting: of the others it was not known then.
CREATE FUNCTION ledger_entry_balances_v1(
    p_entry uuid, OUT accounts text[], OUT balances bigint[]
)
LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    SELECT coalesce(array_agg(a.code ORDER BY p.leg), '{}'),
           coalesce(array_agg(p.balance_after_minor ORDER BY p.leg), '{}')
      FROM (SELECT DISTINCT ON (account_id) account_id, leg, balance_after_minor
              FROM ledger_posting WHERE entry_id = p_entry
             ORDER BY account_id, account_version DESC) p
      JOIN ledger_account a ON a.id = p.account_id
      JOIN ledger_account_balance b ON b.account_id = p.account_id AND b.mode = 'synchronous'
$$;

-- Say why. Called with the balances locked, after a write that found something unsound: the
-- lowest code first, then the earliest leg. Codes are the order of precedence.
CREATE FUNCTION ledger_refuse_v1(
    p_entry integer[], p_account text[], p_side text[], p_amount bigint[], p_currency text[]
) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT
AS $$
DECLARE
    bad record;
BEGIN
    WITH leg AS (
        SELECT l.*, a.id AS account_id, a.currency AS account_currency, a.status, a.is_header,
               -- What holds reserve counts against the account, in both directions.
               CASE b.mode
                   WHEN 'synchronous' THEN b.floor_minor + CASE b.normal_sign
                       WHEN 1 THEN b.pending_credits_minor ELSE b.pending_debits_minor END
                   WHEN 'sharded' THEN
                       b.normal_sign * (b.debits_minor - b.credits_minor) - room.down
               END AS least,
               CASE b.mode
                   WHEN 'synchronous' THEN b.ceiling_minor - CASE b.normal_sign
                       WHEN 1 THEN b.pending_debits_minor ELSE b.pending_credits_minor END
                   WHEN 'sharded' THEN
                       b.normal_sign * (b.debits_minor - b.credits_minor) + room.up
               END AS most,
               b.normal_sign, b.debits_minor, b.credits_minor
          FROM unnest(p_entry, p_account, p_side, p_amount, p_currency)
               WITH ORDINALITY l(entry, account, side, amount, currency, ordinal)
          LEFT JOIN ledger_account a ON a.code = l.account
          LEFT JOIN ledger_account_balance b ON b.account_id = a.id
          LEFT JOIN LATERAL (SELECT sum(s.down_minor) AS down, sum(s.up_minor) AS up
                               FROM ledger_balance_shard s
                              WHERE s.account_id = a.id) room ON b.mode = 'sharded'
    ), run AS (
        SELECT leg.*,
               debits_minor + sum(CASE side WHEN 'D' THEN amount ELSE 0 END) OVER legs AS debits,
               credits_minor + sum(CASE side WHEN 'C' THEN amount ELSE 0 END) OVER legs AS credits,
               lead(entry) OVER legs IS DISTINCT FROM entry AS is_last
          FROM leg
        WINDOW legs AS (PARTITION BY account ORDER BY entry, ordinal ROWS UNBOUNDED PRECEDING)
    ), verdict AS (
        SELECT run.*, normal_sign * (debits - credits) AS balance,
               row_number() OVER (PARTITION BY entry ORDER BY ordinal) AS leg_number,
               CASE
                   WHEN coalesce(amount, 0) <= 0 OR side NOT IN ('D', 'C') THEN 'LG005'
                   WHEN account_id IS NULL THEN 'LG010'
                   WHEN is_header THEN 'LG011'
                   WHEN status = 'closed' THEN 'LG012'
                   WHEN status = 'frozen' OR (status = 'frozen_debit' AND side = 'D')
                        OR (status = 'frozen_credit' AND side = 'C') THEN 'LG013'
                   WHEN account_currency <> currency THEN 'LG014'
                   WHEN is_last AND normal_sign * (debits - credits) < least THEN 'LG020'
                   WHEN is_last AND normal_sign * (debits - credits) > most THEN 'LG021'
                   WHEN greatest(debits, credits) > 9223372036854775807 THEN 'LG022'
               END AS code
          FROM run
    )
    SELECT * INTO bad FROM verdict WHERE code IS NOT NULL ORDER BY code, entry, ordinal LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'postings were refused for no known reason' USING ERRCODE = 'XX000';
    END IF;
    RAISE EXCEPTION 'leg % of entry % cannot be posted to account %',
                    bad.leg_number, bad.entry, bad.account
        USING ERRCODE = bad.code, DETAIL = CASE bad.code
            WHEN 'LG013' THEN jsonb_build_object('leg', bad.leg_number, 'account', bad.account,
                                                 'account_status', bad.status)
            WHEN 'LG014' THEN jsonb_build_object('leg', bad.leg_number, 'account', bad.account,
                                                 'account_currency', bad.account_currency,
                                                 'posting_currency', bad.currency)
            WHEN 'LG020' THEN jsonb_build_object('account', bad.account, 'currency', bad.currency,
                                                 'short_minor', bad.least - bad.balance)
            WHEN 'LG021' THEN jsonb_build_object('account', bad.account, 'currency', bad.currency,
                                                 'over_minor', bad.balance - bad.most)
            WHEN 'LG022' THEN jsonb_build_object('account', bad.account)
            ELSE jsonb_build_object('leg', bad.leg_number, 'account', bad.account)
        END;
END;
$$;

-- One entry. Arrays hold its legs, in order. The general function below does the same for many;
-- this one spares a single posting the joins and partitions by entry, and the planner: knowing how
-- few legs there are, it would deem a plan of its own cheaper and make one at every call, which
-- takes longer than to carry it out.
CREATE FUNCTION ledger_post_entry_v1(
    p_tenant uuid, p_posted_at timestamptz, p_actor text, p_actor_id uuid,
    p_id uuid, p_kind text, p_description text, p_value_date date, p_effective_at timestamptz,
    p_idempotency_key text, p_fingerprint bytea, p_source_event text, p_reverses_id uuid,
    p_reason text, p_approval_id uuid, p_template text, p_metadata jsonb,
    p_account text[], p_side text[], p_amount bigint[], p_currency text[], p_clearing_key text[]
) RETURNS TABLE (
    ordinal bigint, entry_id uuid, is_replay boolean, value_date date, posted_at timestamptz,
    accounts text[], balances bigint[]
)
LANGUAGE plpgsql
SET search_path FROM CURRENT
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    first uuid;
    kept bigint;
    salt uuid := ledger_metadata_salt_v1(p_metadata);
    is_watched boolean;
    releases_early boolean;
BEGIN
    INSERT INTO ledger_journal_entry (
        tenant, id, kind, description, value_date, effective_at, posted_at, idempotency_key,
        fingerprint, source_event, reverses_id, reason, approval_id, template, actor, actor_id,
        metadata, metadata_salt, digest)
    VALUES (
        p_tenant, p_id, p_kind, p_description, p_value_date, p_effective_at, p_posted_at,
        p_idempotency_key, p_fingerprint, p_source_event, p_reverses_id, p_reason, p_approval_id,
        p_template, p_actor, p_actor_id, p_metadata, salt, ledger_entry_digest_v1(
            p_tenant, p_id, p_kind, p_description, p_value_date, p_effective_at, p_posted_at,
            p_idempotency_key, p_fingerprint, p_source_event, p_reverses_id, p_reason,
            p_approval_id, p_template, p_actor, p_actor_id,
            ledger_metadata_digest_v1(p_metadata, salt),
            p_account, p_side, p_amount, p_currency, p_clearing_key))
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        first := ledger_first_entry_v1(
            p_idempotency_key, p_fingerprint, p_source_event, p_kind, p_reverses_id);
        RETURN QUERY
            SELECT 1::bigint, e.id, true, e.value_date, e.posted_at, b.accounts, b.balances
              FROM ledger_journal_entry e, ledger_entry_balances_v1(e.id) b WHERE e.id = first;
        RETURN;
    END IF;

    SELECT bool_or(x.is_watched), bool_or(x.releases_early), count(*)
      INTO is_watched, releases_early, kept
      FROM (SELECT b.is_watched, b.releases_early
              FROM ledger_account_balance b JOIN ledger_account a ON a.id = b.account_id
             WHERE a.code = ANY (p_account) AND b.mode = 'synchronous'
             ORDER BY b.account_id FOR NO KEY UPDATE OF b) x;
    IF releases_early THEN
        PERFORM set_config('ledger.releases_early', 'on', true);
    END IF;
    IF kept < cardinality(p_account) AND NOT ledger_take_room_v1(
        array_fill(1, ARRAY[cardinality(p_account)]), p_account, p_side, p_amount)
    THEN
        PERFORM ledger_refuse_v1(
            array_fill(1, ARRAY[cardinality(p_account)]), p_account, p_side, p_amount, p_currency);
    END IF;

    RETURN QUERY
    WITH leg AS MATERIALIZED (
        SELECT l.ordinal, l.side, l.amount, l.clearing_key, a.id AS account_id, a.code, a.currency,
               b.debits_minor, b.credits_minor, b.version, b.normal_sign,
               b.mode = 'synchronous' AS is_kept,
               -- What holds reserve counts against the account, in both directions.
               CASE b.mode WHEN 'synchronous' THEN b.floor_minor + CASE b.normal_sign
                   WHEN 1 THEN b.pending_credits_minor ELSE b.pending_debits_minor END
               END AS least,
               CASE b.mode WHEN 'synchronous' THEN b.ceiling_minor - CASE b.normal_sign
                   WHEN 1 THEN b.pending_debits_minor ELSE b.pending_credits_minor END
               END AS most,
               CASE l.side WHEN 'D' THEN l.amount ELSE 0 END AS debit,
               CASE l.side WHEN 'C' THEN l.amount ELSE 0 END AS credit,
               a.currency = l.currency AND l.amount > 0 AND l.side IN ('D', 'C') AND CASE a.status
                   WHEN 'open' THEN true
                   WHEN 'frozen_debit' THEN l.side = 'C'
                   WHEN 'frozen_credit' THEN l.side = 'D'
                   ELSE false
               END AS is_sound
          FROM unnest(p_account, p_side, p_amount, p_currency, p_clearing_key)
               WITH ORDINALITY l(account, side, amount, currency, clearing_key, ordinal)
          JOIN ledger_account a ON a.code = l.account AND NOT a.is_header
          JOIN ledger_account_balance b ON b.account_id = a.id
    ), run AS MATERIALIZED (
        SELECT leg.*, row_number() OVER legs AS step,
               normal_sign * (debits_minor - credits_minor + sum(debit - credit) OVER legs)
                   AS balance
          FROM leg
        WINDOW legs AS (PARTITION BY account_id ORDER BY ordinal ROWS UNBOUNDED PRECEDING)
    ), total AS MATERIALIZED (
        SELECT account_id, min(code) AS code, max(step) AS steps, min(ordinal) AS ordinal,
               max(debits_minor) + sum(debit) AS debits, sum(debit) AS debit,
               max(credits_minor) + sum(credit) AS credits, sum(credit) AS credit,
               max(normal_sign) AS normal_sign, bool_and(is_kept) AS is_kept,
               max(least) AS least, max(most) AS most, bool_and(is_sound) AS is_sound
          FROM run GROUP BY account_id
    ), verdict AS MATERIALIZED (
        SELECT sum(steps) = cardinality(p_account) AND bool_and(
                   is_sound AND greatest(debits, credits) <= 9223372036854775807
                   AND coalesce(normal_sign * (debits - credits) >= least, true)
                   AND coalesce(normal_sign * (debits - credits) <= most, true)
               ) AS is_sound
          FROM total
    ), posted AS (
        INSERT INTO ledger_posting (
            tenant, account_id, account_version, entry_id, leg, side, amount_minor, currency,
            balance_after_minor, clearing_key, value_date, posted_at)
        SELECT p_tenant, account_id, CASE WHEN is_kept THEN version + step END, p_id, ordinal, side,
               amount, currency, CASE WHEN is_kept THEN balance END, clearing_key, p_value_date,
               p_posted_at
          FROM run WHERE (SELECT is_sound FROM verdict) ORDER BY ordinal
    ), moved AS (
        UPDATE ledger_account_balance b
           SET debits_minor = t.debits, credits_minor = t.credits, version = b.version + t.steps
          FROM total t
         WHERE b.account_id = t.account_id AND t.is_kept AND (SELECT is_sound FROM verdict)
    ), dated AS (
        INSERT INTO ledger_balance_day AS d (
            tenant, account_id, value_date, recorded_date, debits_minor, credits_minor)
        SELECT p_tenant, account_id, p_value_date, (p_posted_at AT TIME ZONE 'UTC')::date, debit,
               credit
          FROM total WHERE is_kept AND (SELECT is_sound FROM verdict) ORDER BY account_id
        ON CONFLICT (account_id, value_date, recorded_date) DO UPDATE
           SET debits_minor = d.debits_minor + excluded.debits_minor,
               credits_minor = d.credits_minor + excluded.credits_minor
    )
    SELECT 1::bigint, p_id, false, p_value_date, p_posted_at,
           coalesce(array_agg(code::text ORDER BY ordinal) FILTER (WHERE is_kept), '{}'),
           coalesce(array_agg((normal_sign * (debits - credits))::bigint ORDER BY ordinal)
                    FILTER (WHERE is_kept), '{}')
      FROM total WHERE (SELECT is_sound FROM verdict) HAVING count(*) > 0;
    IF NOT FOUND THEN
        PERFORM ledger_refuse_v1(
            array_fill(1, ARRAY[cardinality(p_account)]), p_account, p_side, p_amount, p_currency);
    END IF;
    IF is_watched THEN
        PERFORM ledger_apply_limits_v1(ARRAY[p_id], p_posted_at);
    END IF;
END;
$$;

-- Many entries, all or none. The first arrays hold one element for each entry; the last five one
-- for each leg, p_entry naming the entry by its number from 1. Answers one row for each entry.
CREATE FUNCTION ledger_post_entries_v1(
    p_tenant uuid, p_posted_at timestamptz, p_actor text, p_actor_id uuid,
    p_id uuid[], p_kind text[], p_description text[], p_value_date date[],
    p_effective_at timestamptz[], p_idempotency_key text[], p_fingerprint bytea[],
    p_source_event text[], p_reverses_id uuid[], p_reason text[], p_approval_id uuid[],
    p_template text[], p_metadata jsonb[],
    p_entry integer[], p_account text[], p_side text[], p_amount bigint[], p_currency text[],
    p_clearing_key text[]
) RETURNS TABLE (
    ordinal bigint, entry_id uuid, is_replay boolean, value_date date, posted_at timestamptz,
    accounts text[], balances bigint[]
)
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    claimed uuid[];
    legs bigint;
    kept bigint;
    is_watched boolean;
    releases_early boolean;
BEGIN
    WITH claim AS (
        INSERT INTO ledger_journal_entry (
            tenant, id, kind, description, value_date, effective_at, posted_at, idempotency_key,
            fingerprint, source_event, reverses_id, reason, approval_id, template, actor,
            actor_id, metadata, metadata_salt, digest)
        SELECT p_tenant, e.id, e.kind, e.description, e.value_date, e.effective_at, p_posted_at,
               e.idempotency_key, e.fingerprint, e.source_event, e.reverses_id, e.reason,
               e.approval_id, e.template, p_actor, p_actor_id, e.metadata, s.salt,
               ledger_entry_digest_v1(
                   p_tenant, e.id, e.kind, e.description, e.value_date, e.effective_at,
                   p_posted_at, e.idempotency_key, e.fingerprint, e.source_event, e.reverses_id,
                   e.reason, e.approval_id, e.template, p_actor, p_actor_id,
                   ledger_metadata_digest_v1(e.metadata, s.salt),
                   l.accounts, l.sides, l.amounts, l.currencies, l.clearing_keys)
          FROM unnest(p_id, p_kind, p_description, p_value_date, p_effective_at,
                      p_idempotency_key, p_fingerprint, p_source_event, p_reverses_id, p_reason,
                      p_approval_id, p_template, p_metadata)
               WITH ORDINALITY e(id, kind, description, value_date, effective_at,
                                 idempotency_key, fingerprint, source_event, reverses_id, reason,
                                 approval_id, template, metadata, ordinal)
         CROSS JOIN LATERAL (SELECT ledger_metadata_salt_v1(e.metadata) AS salt) s
          LEFT JOIN (
               SELECT entry, array_agg(account ORDER BY ordinal) AS accounts,
                      array_agg(side ORDER BY ordinal) AS sides,
                      array_agg(amount ORDER BY ordinal) AS amounts,
                      array_agg(currency ORDER BY ordinal) AS currencies,
                      array_agg(clearing_key ORDER BY ordinal) AS clearing_keys
                 FROM unnest(p_entry, p_account, p_side, p_amount, p_currency, p_clearing_key)
                      WITH ORDINALITY l(entry, account, side, amount, currency, clearing_key,
                                        ordinal)
                GROUP BY entry
          ) l ON l.entry = e.ordinal
         ORDER BY e.idempotency_key, e.ordinal
        ON CONFLICT DO NOTHING
        RETURNING id
    )
    SELECT coalesce(array_agg(id), '{}') INTO claimed FROM claim;

    IF cardinality(claimed) = cardinality(p_id) THEN
        legs := cardinality(p_account);
    ELSE  -- a key that was used for something else is refused before any account is looked at
        PERFORM ledger_first_entry_v1(
                    r.idempotency_key, r.fingerprint, r.source_event, r.kind, r.reverses_id)
           FROM unnest(p_id, p_idempotency_key, p_fingerprint, p_source_event, p_kind,
                       p_reverses_id)
                r(id, idempotency_key, fingerprint, source_event, kind, reverses_id)
          WHERE r.id <> ALL (claimed);
        SELECT count(*) INTO legs FROM unnest(p_entry) l(entry) WHERE p_id[l.entry] = ANY (claimed);
    END IF;

    SELECT bool_or(x.is_watched), bool_or(x.releases_early), count(*)
      INTO is_watched, releases_early, kept
      FROM (SELECT b.is_watched, b.releases_early
              FROM ledger_account_balance b JOIN ledger_account a ON a.id = b.account_id
             WHERE a.code = ANY (p_account) AND b.mode = 'synchronous' AND legs > 0
             ORDER BY b.account_id FOR NO KEY UPDATE OF b) x;
    IF releases_early THEN
        PERFORM set_config('ledger.releases_early', 'on', true);
    END IF;
    IF legs > 0 AND kept < (SELECT count(DISTINCT account) FROM unnest(p_account) l(account)) THEN
        PERFORM ledger_refuse_v1(entries, accounts, sides, amounts, currencies)
           FROM (SELECT array_agg(l.entry ORDER BY l.ordinal) AS entries,
                        array_agg(l.account ORDER BY l.ordinal) AS accounts,
                        array_agg(l.side ORDER BY l.ordinal) AS sides,
                        array_agg(l.amount ORDER BY l.ordinal) AS amounts,
                        array_agg(l.currency ORDER BY l.ordinal) AS currencies
                   FROM unnest(p_entry, p_account, p_side, p_amount, p_currency)
                        WITH ORDINALITY l(entry, account, side, amount, currency, ordinal)
                  WHERE p_id[l.entry] = ANY (claimed)) asked
          WHERE NOT ledger_take_room_v1(entries, accounts, sides, amounts);
    END IF;

    RETURN QUERY
    WITH leg AS MATERIALIZED (
        SELECT l.ordinal, l.entry, e.id AS entry_id, e.value_date, l.side, l.amount,
               l.clearing_key, a.id AS account_id, a.code, a.currency, b.debits_minor,
               b.credits_minor, b.version, b.normal_sign, b.mode = 'synchronous' AS is_kept,
               -- What holds reserve counts against the account, in both directions.
               CASE b.mode WHEN 'synchronous' THEN b.floor_minor + CASE b.normal_sign
                   WHEN 1 THEN b.pending_credits_minor ELSE b.pending_debits_minor END
               END AS least,
               CASE b.mode WHEN 'synchronous' THEN b.ceiling_minor - CASE b.normal_sign
                   WHEN 1 THEN b.pending_debits_minor ELSE b.pending_credits_minor END
               END AS most,
               CASE l.side WHEN 'D' THEN l.amount ELSE 0 END AS debit,
               CASE l.side WHEN 'C' THEN l.amount ELSE 0 END AS credit,
               a.currency = l.currency AND l.amount > 0 AND l.side IN ('D', 'C') AND CASE a.status
                   WHEN 'open' THEN true
                   WHEN 'frozen_debit' THEN l.side = 'C'
                   WHEN 'frozen_credit' THEN l.side = 'D'
                   ELSE false
               END AS is_sound
          FROM unnest(p_entry, p_account, p_side, p_amount, p_currency, p_clearing_key)
               WITH ORDINALITY l(entry, account, side, amount, currency, clearing_key, ordinal)
          JOIN unnest(p_id, p_value_date) WITH ORDINALITY e(id, value_date, entry)
            ON e.entry = l.entry AND e.id = ANY (claimed)
          JOIN ledger_account a ON a.code = l.account AND NOT a.is_header
          JOIN ledger_account_balance b ON b.account_id = a.id
    ), run AS MATERIALIZED (
        SELECT leg.*, row_number() OVER legs AS step,
               row_number() OVER (PARTITION BY entry ORDER BY ordinal) AS leg_number,
               lead(entry) OVER legs IS DISTINCT FROM entry AS is_last,
               normal_sign * (debits_minor - credits_minor + sum(debit - credit) OVER legs)
                   AS balance
          FROM leg
        WINDOW legs AS (PARTITION BY account_id ORDER BY entry, ordinal ROWS UNBOUNDED PRECEDING)
    ), total AS MATERIALIZED (
        SELECT account_id, max(step) AS steps, max(debits_minor) + sum(debit) AS debits,
               max(credits_minor) + sum(credit) AS credits, bool_and(is_kept) AS is_kept,
               bool_and(is_sound AND (NOT is_last OR (
                   coalesce(balance >= least, true)
                   AND coalesce(balance <= most, true)))) AS is_sound
          FROM run GROUP BY account_id
    ), verdict AS MATERIALIZED (
        SELECT sum(steps) = legs
               AND bool_and(is_sound AND greatest(debits, credits) <= 9223372036854775807)
               AS is_sound
          FROM total
    ), posted AS (
        INSERT INTO ledger_posting (
            tenant, account_id, account_version, entry_id, leg, side, amount_minor, currency,
            balance_after_minor, clearing_key, value_date, posted_at)
        SELECT p_tenant, account_id, CASE WHEN is_kept THEN version + step END, entry_id, leg_number, side,
               amount, currency, CASE WHEN is_kept THEN balance END, clearing_key, value_date,
               p_posted_at
          FROM run WHERE (SELECT is_sound FROM verdict) ORDER BY ordinal
    ), moved AS (
        UPDATE ledger_account_balance b
           SET debits_minor = t.debits, credits_minor = t.credits, version = b.version + t.steps
          FROM total t
         WHERE b.account_id = t.account_id AND t.is_kept AND (SELECT is_sound FROM verdict)
    ), dated AS (
        INSERT INTO ledger_balance_day AS d (
            tenant, account_id, value_date, recorded_date, debits_minor, credits_minor)
        SELECT p_tenant, account_id, value_date, (p_posted_at AT TIME ZONE 'UTC')::date,
               sum(debit), sum(credit)
          FROM run WHERE is_kept AND (SELECT is_sound FROM verdict)
         GROUP BY account_id, value_date ORDER BY account_id, value_date
        ON CONFLICT (account_id, value_date, recorded_date) DO UPDATE
           SET debits_minor = d.debits_minor + excluded.debits_minor,
               credits_minor = d.credits_minor + excluded.credits_minor
    )
    SELECT entry::bigint, entry_id, false, value_date, p_posted_at,
           coalesce(array_agg(code::text ORDER BY ordinal) FILTER (WHERE is_kept), '{}'),
           coalesce(array_agg(balance::bigint ORDER BY ordinal) FILTER (WHERE is_kept), '{}')
      FROM run WHERE is_last AND (SELECT is_sound FROM verdict)
     GROUP BY entry, entry_id, value_date;
    IF NOT FOUND AND cardinality(claimed) > 0 THEN
        PERFORM ledger_refuse_v1(
                    array_agg(l.entry ORDER BY l.ordinal), array_agg(l.account ORDER BY l.ordinal),
                    array_agg(l.side ORDER BY l.ordinal), array_agg(l.amount ORDER BY l.ordinal),
                    array_agg(l.currency ORDER BY l.ordinal))
           FROM unnest(p_entry, p_account, p_side, p_amount, p_currency)
                WITH ORDINALITY l(entry, account, side, amount, currency, ordinal)
          WHERE p_id[l.entry] = ANY (claimed);
    END IF;
    IF is_watched THEN
        PERFORM ledger_apply_limits_v1(claimed, p_posted_at);
    END IF;

    IF cardinality(claimed) < cardinality(p_id) THEN
        RETURN QUERY
            SELECT r.ordinal, e.id, true, e.value_date, e.posted_at, b.accounts, b.balances
              FROM unnest(p_id, p_idempotency_key, p_fingerprint, p_source_event, p_kind,
                          p_reverses_id)
                   WITH ORDINALITY r(id, idempotency_key, fingerprint, source_event, kind,
                                     reverses_id, ordinal)
              JOIN ledger_journal_entry e ON e.id = ledger_first_entry_v1(
                   r.idempotency_key, r.fingerprint, r.source_event, r.kind, r.reverses_id)
             CROSS JOIN LATERAL ledger_entry_balances_v1(e.id) b
             WHERE r.id <> ALL (claimed);
    END IF;
END;
$$;
