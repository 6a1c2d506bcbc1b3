-- The only door through which entries and postings come. Everything is set-based (a loop over rows
-- would update a hot balance once for each leg and walk its version chain each time), and what is
-- read to decide is read under the lock of the balance rows, taken in the order of account ids.
--
-- ledger_post_entry_v1 is the way of nearly all entries: one statement locks, decides and writes.
-- When it wrote nothing, and for all it does not know (many entries, accounts named twice or kept
-- in another mode, preconditions), ledger_post_entries_v1 does the same in steps:
--
--   1 lock    the balances; each further step is a statement of its own and sees what was
--             committed while this one waited. Of sharded accounts one part (0003_hot.sql); of
--             deferred ones nothing
--   2 know    which entries are in the books already: replays; and which were refused before
--   3 write   the others with postings, balances, daily sums and events, if every leg is sound
--   4 refuse  with the first of all that is wrong, when step 3 did not write everything: what
--             stands in the way of the key or the origin, then the lowest code of the legs
--
-- README.md has the table of precedence.
-- LG005 amount or side     LG010 unknown account     LG011 header account   LG012 closed
-- LG013 frozen             LG014 currency            LG015 precondition     LG016 stale version
-- LG017 no precondition    LG020 floor               LG021 ceiling          LG022 counter overflow
-- LG030 key reused         LG031 source event       LG035 refused before

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

-- Say what stands in the way of an entry that was not written: another request under its key, what
-- was answered under its key before, or the entry of its source event. Nothing when nothing does.
CREATE FUNCTION ledger_refuse_claim_v1(
    p_entry bigint, p_idempotency_key text, p_fingerprint bytea, p_source_event text, p_kind text
) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT
AS $$
DECLARE
    first record;
BEGIN
    SELECT x.* INTO first
      FROM (SELECT e.fingerprint, NULL AS code, NULL::jsonb AS facts, NULL::timestamptz AS refused_at
              FROM ledger_journal_entry e WHERE e.idempotency_key = p_idempotency_key
             UNION ALL
            SELECT r.fingerprint, r.code, r.facts, r.refused_at
              FROM ledger_refusal r WHERE r.idempotency_key = p_idempotency_key) x
     LIMIT 1;
    IF first.fingerprint <> p_fingerprint THEN
        RAISE EXCEPTION 'idempotency key % belongs to another request', p_idempotency_key
            USING ERRCODE = 'LG030', DETAIL = jsonb_build_object(
                'entry', p_entry, 'idempotency_key', p_idempotency_key);
    ELSIF first.code IS NOT NULL THEN
        RAISE EXCEPTION 'what key % asks for was refused before', p_idempotency_key
            USING ERRCODE = 'LG035', DETAIL = jsonb_build_object(
                'entry', p_entry, 'code', first.code, 'facts', first.facts,
                'refused_at', first.refused_at AT TIME ZONE 'UTC');
    END IF;
    SELECT e.id INTO first FROM ledger_journal_entry e
     WHERE e.source_event = p_source_event AND e.kind = p_kind AND p_source_event <> '';
    IF FOUND THEN
        RAISE EXCEPTION 'source event % has its % entry', p_source_event, p_kind
            USING ERRCODE = 'LG031', DETAIL = jsonb_build_object(
                'entry', p_entry, 'source_event', p_source_event, 'entry_kind', p_kind,
                'entry_id', first.id);
    END IF;
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

-- Preconditions that do not hold, each with its code. Asked under the locks: an account is looked at
-- as its entry finds it, after the entries before it in the same call. ``p_conditions`` is an array
-- of {entry, account, version, min, max}; balances are on the account's normal side.
CREATE FUNCTION ledger_broken_conditions_v1(
    p_conditions jsonb, p_entry integer[], p_account text[], p_side text[], p_amount bigint[]
) RETURNS TABLE (code text, entry integer, detail jsonb)
LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    SELECT v.code, c.entry, CASE v.code
               WHEN 'LG010' THEN jsonb_build_object('leg', 0, 'account', c.account)
               WHEN 'LG017' THEN jsonb_build_object('account', c.account)
               WHEN 'LG016' THEN jsonb_build_object('account', c.account, 'expected', c.version,
                                                    'version', x.version)
               ELSE jsonb_build_object('account', c.account, 'balance_minor', x.balance,
                                       'min_balance_minor', c.min, 'max_balance_minor', c.max)
           END || jsonb_build_object('entry', c.entry)
      FROM jsonb_to_recordset(p_conditions)
           AS c(entry integer, account text, version bigint, min bigint, max bigint)
      LEFT JOIN ledger_account a ON a.code = c.account
      LEFT JOIN ledger_account_balance b ON b.account_id = a.id
     CROSS JOIN LATERAL (
           SELECT b.version + count(l.entry) AS version, b.normal_sign * (
                      b.debits_minor - b.credits_minor
                      + coalesce(sum(CASE l.side WHEN 'D' THEN l.amount ELSE -l.amount END), 0)
                  ) AS balance
             FROM unnest(p_entry, p_account, p_side, p_amount) l(entry, account, side, amount)
            WHERE l.account = c.account AND l.entry < c.entry) x
     CROSS JOIN LATERAL (SELECT CASE
               WHEN b.account_id IS NULL THEN 'LG010'
               WHEN b.mode <> 'synchronous' THEN 'LG017'
               WHEN x.balance < c.min OR x.balance > c.max THEN 'LG015'
               WHEN x.version <> c.version THEN 'LG016'
           END AS code) v
     WHERE v.code IS NOT NULL
$$;

-- Say why, with the balances locked and nothing written: of all that is wrong the lowest code, then
-- the earliest entry and leg; with what else is wrong with that entry (``others``, at most 50).
-- Says nothing when nothing is wrong.
CREATE FUNCTION ledger_refuse_v1(
    p_entry integer[], p_account text[], p_side text[], p_amount bigint[], p_currency text[],
    p_conditions jsonb DEFAULT NULL
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
    ), fault AS (
        SELECT code, entry, ordinal, CASE code
                   WHEN 'LG013' THEN jsonb_build_object('leg', leg_number, 'account', account,
                                                        'account_status', status)
                   WHEN 'LG014' THEN jsonb_build_object('leg', leg_number, 'account', account,
                                                        'account_currency', account_currency,
                                                        'posting_currency', currency)
                   WHEN 'LG020' THEN jsonb_build_object('account', account, 'currency', currency,
                                                        'short_minor', least - balance)
                   WHEN 'LG021' THEN jsonb_build_object('account', account, 'currency', currency,
                                                        'over_minor', balance - most)
                   WHEN 'LG022' THEN jsonb_build_object('account', account)
                   ELSE jsonb_build_object('leg', leg_number, 'account', account)
               END || jsonb_build_object('entry', entry) AS detail
          FROM verdict WHERE code IS NOT NULL
         UNION ALL
        SELECT c.code, c.entry, 0, c.detail
          FROM ledger_broken_conditions_v1(p_conditions, p_entry, p_account, p_side, p_amount) c
         WHERE p_conditions IS NOT NULL
    )
    SELECT f.code, f.entry, f.detail,
           jsonb_agg(jsonb_build_object('state', f.code) || f.detail) OVER (
               PARTITION BY f.entry ORDER BY f.code, f.ordinal
               ROWS BETWEEN 1 FOLLOWING AND 50 FOLLOWING) AS others
      INTO bad FROM fault f ORDER BY f.code, f.entry, f.ordinal LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % cannot be posted', bad.entry
            USING ERRCODE = bad.code,
                  DETAIL = bad.detail || jsonb_build_object('others', bad.others);
    END IF;
END;
$$;

-- One entry between accounts that are each named once and kept synchronously: one statement, for
-- what PostgreSQL takes to start a statement is most of what a posting costs. Everything that is
-- read to decide stands on the balance rows: LockRows reads the newest committed version of a row
-- it has waited for, so what is decided here is true until the transaction ends. (Code, currency and
-- id of an account never change.) The plan is kept: knowing how few legs there are, the planner
-- would deem a plan of its own cheaper and make one at every call, which takes longer than to carry
-- it out; and by indexes, for not knowing how few there are it would read the whole chart each time.
-- When nothing was written, the general function finds out why, or is the way to do it.
CREATE FUNCTION ledger_post_entry_v1(
    p_tenant uuid, p_posted_at timestamptz, p_actor text, p_actor_id uuid, p_traceparent text,
    p_correlation text,
    p_id uuid, p_kind text, p_description text, p_value_date date, p_effective_at timestamptz,
    p_idempotency_key text, p_fingerprint bytea, p_source_event text, p_reverses_id uuid,
    p_reason text, p_approval_id uuid, p_template text, p_metadata jsonb, p_event_id uuid,
    p_aggregate text, p_event jsonb,
    p_account text[], p_side text[], p_amount bigint[], p_currency text[], p_clearing_key text[]
) RETURNS TABLE (
    ordinal bigint, entry_id uuid, is_replay boolean, value_date date, posted_at timestamptz,
    accounts text[], balances bigint[]
)
LANGUAGE plpgsql
SET search_path FROM CURRENT
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    salt uuid := ledger_metadata_salt_v1(p_metadata);
    is_watched boolean;
    releases_early boolean;
BEGIN
    WITH leg AS MATERIALIZED (
        SELECT l.*, b.account_id, b.version + 1 AS version, b.is_watched, b.releases_early,
               b.normal_sign,
               -- NULL for what no posting may be, or a sum that outgrows its column.
               CASE WHEN l.amount > 0 AND b.debits_minor <= 9223372036854775807 - l.debit
                   THEN b.debits_minor + l.debit END AS debits,
               CASE WHEN l.amount > 0 AND b.credits_minor <= 9223372036854775807 - l.credit
                   THEN b.credits_minor + l.credit END AS credits,
               CASE l.side WHEN 'D' THEN b.takes_debits WHEN 'C' THEN b.takes_credits
                           ELSE false END AS is_taken,
               -- What holds reserve counts against the account, in both directions.
               b.floor_minor + CASE b.normal_sign
                   WHEN 1 THEN b.pending_credits_minor ELSE b.pending_debits_minor END AS least,
               b.ceiling_minor - CASE b.normal_sign
                   WHEN 1 THEN b.pending_debits_minor ELSE b.pending_credits_minor END AS most
          FROM (SELECT *, CASE side WHEN 'D' THEN amount ELSE 0 END AS debit,
                       CASE side WHEN 'D' THEN 0 ELSE amount END AS credit
                  FROM unnest(p_account, p_side, p_amount, p_currency, p_clearing_key)
                       WITH ORDINALITY l(account, side, amount, currency, clearing_key, ordinal)) l
          JOIN ledger_account_balance b ON b.mode = 'synchronous' AND b.account_id = (
               SELECT a.id FROM ledger_account a
                WHERE a.code = l.account AND a.currency = l.currency)
         ORDER BY b.account_id FOR NO KEY UPDATE OF b
    ), verdict AS MATERIALIZED (
        SELECT count(*) = cardinality(p_account) AND bool_and(
                   is_taken AND debits IS NOT NULL AND credits IS NOT NULL
                   AND coalesce(normal_sign * (debits - credits) >= least, true)
                   AND coalesce(normal_sign * (debits - credits) <= most, true)
               ) AND NOT EXISTS (
                   SELECT 1 FROM ledger_refusal r WHERE r.idempotency_key = p_idempotency_key
               ) AS is_sound,
               bool_or(is_watched) AS is_watched, bool_or(releases_early) AS releases_early,
               array_agg(account) AS accounts,
               array_agg(normal_sign * (debits - credits)) AS balances
          FROM leg
    ), entry AS (
        INSERT INTO ledger_journal_entry (
            tenant, id, kind, description, value_date, effective_at, posted_at, idempotency_key,
            fingerprint, source_event, reverses_id, reason, approval_id, template, actor, actor_id,
            metadata, metadata_salt, digest)
        SELECT p_tenant, p_id, p_kind, p_description, p_value_date, p_effective_at, p_posted_at,
               p_idempotency_key, p_fingerprint, p_source_event, p_reverses_id, p_reason,
               p_approval_id, p_template, p_actor, p_actor_id, p_metadata, salt,
               ledger_entry_digest_v1(
                   p_tenant, p_id, p_kind, p_description, p_value_date, p_effective_at,
                   p_posted_at, p_idempotency_key, p_fingerprint, p_source_event, p_reverses_id,
                   p_reason, p_approval_id, p_template, p_actor, p_actor_id,
                   ledger_metadata_digest_v1(p_metadata, salt),
                   p_account, p_side, p_amount, p_currency, p_clearing_key)
          FROM verdict
         WHERE is_sound
        ON CONFLICT DO NOTHING
        RETURNING id
    ), posted AS (
        INSERT INTO ledger_posting (
            tenant, account_id, account_version, entry_id, leg, side, amount_minor, currency,
            balance_after_minor, clearing_key, value_date, posted_at)
        SELECT p_tenant, account_id, version, p_id, ordinal, side, amount, currency,
               normal_sign * (debits - credits), clearing_key, p_value_date, p_posted_at
          FROM leg WHERE EXISTS (SELECT 1 FROM entry)
    ), moved AS (
        UPDATE ledger_account_balance b
           SET debits_minor = l.debits, credits_minor = l.credits, version = l.version
          FROM leg l
         WHERE b.account_id = l.account_id AND EXISTS (SELECT 1 FROM entry)
    ), dated AS (
        INSERT INTO ledger_balance_day AS d (
            tenant, account_id, value_date, recorded_date, debits_minor, credits_minor)
        SELECT p_tenant, account_id, p_value_date, (p_posted_at AT TIME ZONE 'UTC')::date, debit,
               credit
          FROM leg WHERE EXISTS (SELECT 1 FROM entry)
        ON CONFLICT (account_id, value_date, recorded_date) DO UPDATE
           SET debits_minor = d.debits_minor + excluded.debits_minor,
               credits_minor = d.credits_minor + excluded.credits_minor
    ), announced AS (
        INSERT INTO platform_outbox_message (
            tenant, id, name, version, aggregate, sequence, payload, traceparent, correlation,
            recorded_at)
        SELECT p_tenant, p_event_id, 'ledger.entry_posted', 1, p_aggregate, 1, p_event,
               p_traceparent, p_correlation, p_posted_at
          FROM entry
    )
    SELECT e.id, v.is_watched, v.releases_early, v.accounts, v.balances
      INTO entry_id, is_watched, releases_early, accounts, balances
      FROM entry e, verdict v;
    IF FOUND THEN
        IF releases_early THEN
            PERFORM set_config('ledger.releases_early', 'on', true);
        END IF;
        IF is_watched THEN
            PERFORM ledger_apply_limits_v1(ARRAY[p_id], p_posted_at);
        END IF;
        ordinal := 1;
        is_replay := false;
        value_date := p_value_date;
        posted_at := p_posted_at;
        RETURN NEXT;
        RETURN;
    END IF;
    RETURN QUERY
        SELECT * FROM ledger_post_entries_v1(
            p_tenant, p_posted_at, ARRAY[p_actor], ARRAY[p_actor_id], ARRAY[p_traceparent],
            ARRAY[p_correlation], ARRAY[p_id], ARRAY[p_kind], ARRAY[p_description], ARRAY[p_value_date],
            ARRAY[p_effective_at], ARRAY[p_idempotency_key], ARRAY[p_fingerprint],
            ARRAY[p_source_event], ARRAY[p_reverses_id], ARRAY[p_reason], ARRAY[p_approval_id],
            ARRAY[p_template], ARRAY[p_metadata], ARRAY[p_event_id], ARRAY[p_aggregate],
            ARRAY[p_event], array_fill(1, ARRAY[cardinality(p_account)]), p_account, p_side,
            p_amount, p_currency, p_clearing_key, NULL);
END;
$$;

-- Many entries, all or none. Arrays up to p_event hold one element for each entry; the five of the
-- legs name the entry of each by its number from 1. Answers one row for each entry.
CREATE FUNCTION ledger_post_entries_v1(
    p_tenant uuid, p_posted_at timestamptz, p_actor text[], p_actor_id uuid[],
    p_traceparent text[], p_correlation text[],
    p_id uuid[], p_kind text[], p_description text[], p_value_date date[],
    p_effective_at timestamptz[], p_idempotency_key text[], p_fingerprint bytea[],
    p_source_event text[], p_reverses_id uuid[], p_reason text[], p_approval_id uuid[],
    p_template text[], p_metadata jsonb[], p_event_id uuid[], p_aggregate text[], p_event jsonb[],
    p_entry integer[], p_account text[], p_side text[], p_amount bigint[], p_currency text[],
    p_clearing_key text[], p_conditions jsonb
) RETURNS TABLE (
    ordinal bigint, entry_id uuid, is_replay boolean, value_date date, posted_at timestamptz,
    accounts text[], balances bigint[]
)
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    fresh bigint[];  -- the numbers of the entries that are not in the books yet
    written bigint;
    asked text[];
    are_all_kept boolean;
    is_watched boolean;
    releases_early boolean;
    was_refused boolean;
    has_room boolean := true;
BEGIN
    -- 1 lock: who changes modes waits for us from here on, and then balances, with the accounts
    -- that conditions look at
    LOCK TABLE ledger_journal_entry IN ROW EXCLUSIVE MODE;
    asked := p_account || ARRAY(
        SELECT c ->> 'account' FROM jsonb_array_elements(p_conditions) c);
    SELECT bool_or(x.is_watched), bool_or(x.releases_early),
           count(*) = (SELECT count(DISTINCT account) FROM unnest(asked) l(account))
      INTO is_watched, releases_early, are_all_kept
      FROM (SELECT b.is_watched, b.releases_early
              FROM ledger_account_balance b JOIN ledger_account a ON a.id = b.account_id
             WHERE a.code = ANY (asked) AND b.mode = 'synchronous'
             ORDER BY b.account_id FOR NO KEY UPDATE OF b) x;
    IF releases_early THEN
        PERFORM set_config('ledger.releases_early', 'on', true);
    END IF;

    -- 2 know, and leave out what is in the books
    SELECT array_agg(r.ordinal), bool_or(EXISTS (
               SELECT 1 FROM ledger_refusal f WHERE f.idempotency_key = r.idempotency_key))
      INTO fresh, was_refused
      FROM unnest(p_idempotency_key, p_fingerprint)
           WITH ORDINALITY r(idempotency_key, fingerprint, ordinal)
     WHERE NOT EXISTS (SELECT 1 FROM ledger_journal_entry e
                        WHERE e.idempotency_key = r.idempotency_key
                          AND e.fingerprint = r.fingerprint);
    IF was_refused THEN
        PERFORM ledger_refuse_claim_v1(r.ordinal, r.idempotency_key, r.fingerprint, '', '')
           FROM unnest(p_idempotency_key, p_fingerprint)
                WITH ORDINALITY r(idempotency_key, fingerprint, ordinal)
          WHERE r.ordinal = ANY (fresh) ORDER BY r.ordinal;
    END IF;
    IF cardinality(fresh) < cardinality(p_id) THEN
        SELECT array_agg(l.entry ORDER BY l.ordinal), array_agg(l.account ORDER BY l.ordinal),
               array_agg(l.side ORDER BY l.ordinal), array_agg(l.amount ORDER BY l.ordinal),
               array_agg(l.currency ORDER BY l.ordinal),
               array_agg(l.clearing_key ORDER BY l.ordinal)
          INTO p_entry, p_account, p_side, p_amount, p_currency, p_clearing_key
          FROM unnest(p_entry, p_account, p_side, p_amount, p_currency, p_clearing_key)
               WITH ORDINALITY l(entry, account, side, amount, currency, clearing_key, ordinal)
         WHERE l.entry = ANY (fresh);
        SELECT jsonb_agg(c) INTO p_conditions FROM jsonb_array_elements(p_conditions) c
         WHERE (c ->> 'entry')::integer = ANY (fresh);
    END IF;

    IF fresh IS NOT NULL THEN
        IF NOT are_all_kept THEN
            has_room := ledger_take_room_v1(p_entry, p_account, p_side, p_amount);
        END IF;
        -- 3 write
        RETURN QUERY
        WITH leg AS MATERIALIZED (
            SELECT l.*, e.entry_id, e.value_date, a.id AS account_id,
                   b.debits_minor, b.credits_minor, b.version, b.normal_sign,
                   b.mode = 'synchronous' AS is_kept,
                   a.currency = l.currency AND l.amount > 0
                   AND CASE l.side WHEN 'D' THEN b.takes_debits WHEN 'C' THEN b.takes_credits
                                   ELSE false END AS is_sound,
                   -- What holds reserve counts against the account, in both directions.
                   CASE b.mode WHEN 'synchronous' THEN b.floor_minor + CASE b.normal_sign
                       WHEN 1 THEN b.pending_credits_minor ELSE b.pending_debits_minor END
                   END AS least,
                   CASE b.mode WHEN 'synchronous' THEN b.ceiling_minor - CASE b.normal_sign
                       WHEN 1 THEN b.pending_debits_minor ELSE b.pending_credits_minor END
                   END AS most
              FROM (SELECT *, CASE side WHEN 'D' THEN amount ELSE 0 END AS debit,
                           CASE side WHEN 'D' THEN 0 ELSE amount END AS credit
                      FROM unnest(p_entry, p_account, p_side, p_amount, p_currency, p_clearing_key)
                           WITH ORDINALITY l(entry, account, side, amount, currency, clearing_key,
                                             ordinal)) l
              JOIN unnest(p_id, p_value_date) WITH ORDINALITY e(entry_id, value_date, ordinal)
                ON e.ordinal = l.entry
              JOIN ledger_account a ON a.code = l.account
              JOIN ledger_account_balance b ON b.account_id = a.id
        ), run AS MATERIALIZED (
            SELECT leg.*, row_number() OVER legs AS step,
                   row_number() OVER (PARTITION BY entry ORDER BY ordinal) AS leg_number,
                   lead(entry) OVER legs IS DISTINCT FROM entry AS is_last,
                   normal_sign * (debits_minor - credits_minor + sum(debit - credit) OVER legs)
                       AS balance
              FROM leg
            WINDOW legs AS (PARTITION BY account_id ORDER BY ordinal ROWS UNBOUNDED PRECEDING)
        ), total AS MATERIALIZED (
            SELECT account_id, max(step) AS steps, max(debits_minor) + sum(debit) AS debits,
                   max(credits_minor) + sum(credit) AS credits, bool_and(is_kept) AS is_kept,
                   bool_and(is_sound AND (NOT is_last OR (
                       coalesce(balance >= least, true)
                       AND coalesce(balance <= most, true)))) AS is_sound
              FROM run GROUP BY account_id
        ), verdict AS MATERIALIZED (
            SELECT has_room AND sum(steps) = cardinality(p_account)
                   AND bool_and(is_sound AND greatest(debits, credits) <= 9223372036854775807)
                   AND (p_conditions IS NULL OR NOT EXISTS (
                       SELECT 1 FROM ledger_broken_conditions_v1(
                           p_conditions, p_entry, p_account, p_side, p_amount))) AS is_sound
              FROM total
        ), entry AS (
            INSERT INTO ledger_journal_entry (
                tenant, id, kind, description, value_date, effective_at, posted_at,
                idempotency_key, fingerprint, source_event, reverses_id, reason, approval_id,
                template, actor, actor_id, metadata, metadata_salt, digest)
            SELECT p_tenant, e.id, e.kind, e.description, e.value_date, e.effective_at,
                   p_posted_at, e.idempotency_key, e.fingerprint, e.source_event, e.reverses_id,
                   e.reason, e.approval_id, e.template, e.actor, e.actor_id, e.metadata, s.salt,
                   ledger_entry_digest_v1(
                       p_tenant, e.id, e.kind, e.description, e.value_date, e.effective_at,
                       p_posted_at, e.idempotency_key, e.fingerprint, e.source_event,
                       e.reverses_id, e.reason, e.approval_id, e.template, e.actor, e.actor_id,
                       ledger_metadata_digest_v1(e.metadata, s.salt),
                       l.accounts, l.sides, l.amounts, l.currencies, l.clearing_keys)
              FROM unnest(p_id, p_kind, p_description, p_value_date, p_effective_at,
                          p_idempotency_key, p_fingerprint, p_source_event, p_reverses_id,
                          p_reason, p_approval_id, p_template, p_actor, p_actor_id, p_metadata)
                   WITH ORDINALITY e(id, kind, description, value_date, effective_at,
                                     idempotency_key, fingerprint, source_event, reverses_id,
                                     reason, approval_id, template, actor, actor_id, metadata,
                                     ordinal)
             CROSS JOIN LATERAL (SELECT ledger_metadata_salt_v1(e.metadata) AS salt) s
              JOIN (SELECT entry, array_agg(account ORDER BY ordinal) AS accounts,
                           array_agg(side ORDER BY ordinal) AS sides,
                           array_agg(amount ORDER BY ordinal) AS amounts,
                           array_agg(currency ORDER BY ordinal) AS currencies,
                           array_agg(clearing_key ORDER BY ordinal) AS clearing_keys
                      FROM leg GROUP BY entry) l ON l.entry = e.ordinal
             WHERE (SELECT is_sound FROM verdict)
             ORDER BY e.idempotency_key, e.ordinal
            ON CONFLICT DO NOTHING
            RETURNING id
        ), posted AS (
            INSERT INTO ledger_posting (
                tenant, account_id, account_version, entry_id, leg, side, amount_minor, currency,
                balance_after_minor, clearing_key, value_date, posted_at)
            SELECT p_tenant, account_id, CASE WHEN is_kept THEN version + step END, entry_id,
                   leg_number, side, amount, currency, CASE WHEN is_kept THEN balance END,
                   clearing_key, value_date, p_posted_at
              FROM run JOIN entry ON entry.id = run.entry_id ORDER BY ordinal
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
        ), announced AS (
            INSERT INTO platform_outbox_message (
                tenant, id, name, version, aggregate, sequence, payload, traceparent, correlation,
                recorded_at)
            SELECT p_tenant, m.event_id, 'ledger.entry_posted', 1, m.aggregate, 1, m.payload,
                   m.traceparent, m.correlation, p_posted_at
              FROM unnest(p_id, p_event_id, p_aggregate, p_event, p_traceparent, p_correlation)
                   m(id, event_id, aggregate, payload, traceparent, correlation)
              JOIN entry ON entry.id = m.id
        )
        SELECT entry::bigint, entry_id, false, value_date, p_posted_at,
               coalesce(array_agg(account ORDER BY ordinal) FILTER (WHERE is_kept AND is_last),
                        '{}'),
               coalesce(array_agg(balance::bigint ORDER BY ordinal)
                        FILTER (WHERE is_kept AND is_last), '{}')
          FROM run JOIN entry ON entry.id = run.entry_id
         GROUP BY entry, entry_id, value_date;
        GET DIAGNOSTICS written = ROW_COUNT;

        -- 4 refuse
        IF written < cardinality(fresh) THEN
            PERFORM ledger_refuse_claim_v1(r.ordinal, r.idempotency_key, r.fingerprint,
                                           r.source_event, r.kind)
               FROM unnest(p_id, p_idempotency_key, p_fingerprint, p_source_event, p_kind)
                    WITH ORDINALITY r(id, idempotency_key, fingerprint, source_event, kind, ordinal)
              WHERE r.ordinal = ANY (fresh)
                AND NOT EXISTS (SELECT 1 FROM ledger_journal_entry e WHERE e.id = r.id)
              ORDER BY r.ordinal;
            IF written = 0 THEN
                PERFORM ledger_refuse_v1(
                    p_entry, p_account, p_side, p_amount, p_currency, p_conditions);
            END IF;
            -- Nothing is wrong, so the same request was committed between our look and our claim:
            -- done again, it is a replay.
            RAISE EXCEPTION 'the same request came at the same time'
                USING ERRCODE = 'serialization_failure';
        END IF;
        IF is_watched THEN
            PERFORM ledger_apply_limits_v1(
                ARRAY(SELECT p_id[f.entry] FROM unnest(fresh) f(entry)), p_posted_at);
        END IF;
    END IF;

    IF fresh IS NULL OR cardinality(fresh) < cardinality(p_id) THEN
        RETURN QUERY
            SELECT r.ordinal, e.id, true, e.value_date, e.posted_at, b.accounts, b.balances
              FROM unnest(p_idempotency_key) WITH ORDINALITY r(idempotency_key, ordinal)
              JOIN ledger_journal_entry e ON e.idempotency_key = r.idempotency_key
             CROSS JOIN LATERAL ledger_entry_balances_v1(e.id) b
             WHERE fresh IS NULL OR r.ordinal <> ALL (fresh);
    END IF;
END;
$$;
