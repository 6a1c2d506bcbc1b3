-- The chain over the journal, the one door to erasing metadata, and the posting circuit-breaker.
--
-- LG045 posting is stopped      LG095 a seal does not continue the chain

-- The sealer's cursor; whoever else must miss no late commit reads by it as well.
CREATE INDEX ledger_journal_entry_txid ON ledger_journal_entry (txid);

ALTER TABLE ledger_seal_batch ADD COLUMN horizon xid8 NOT NULL;
ALTER TABLE ledger_metadata_erasure ADD COLUMN txid xid8 NOT NULL DEFAULT pg_current_xact_id();

CREATE TRIGGER ledger_seal_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_seal
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_seal_batch_kept
    BEFORE DELETE OR TRUNCATE ON ledger_seal_batch
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_metadata_erasure_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_metadata_erasure
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();

-- A batch's signature and its place in the object store are written once, each after the other.
CREATE TRIGGER ledger_seal_batch_said_once
    BEFORE UPDATE ON ledger_seal_batch
    FOR EACH ROW WHEN (
        (NEW.tenant, NEW.number, NEW.first, NEW.last, NEW.root, NEW.head, NEW.sealed_at,
         NEW.horizon)
        IS DISTINCT FROM
        (OLD.tenant, OLD.number, OLD.first, OLD.last, OLD.root, OLD.head, OLD.sealed_at,
         OLD.horizon)
        OR (OLD.signature IS NOT NULL
            AND (NEW.key_id, NEW.public_key, NEW.statement, NEW.signature, NEW.signed_at)
                IS DISTINCT FROM
                (OLD.key_id, OLD.public_key, OLD.statement, OLD.signature, OLD.signed_at))
        OR (OLD.anchored_at IS NOT NULL
            AND (NEW.object_name, NEW.locked_until, NEW.anchored_at)
                IS DISTINCT FROM (OLD.object_name, OLD.locked_until, OLD.anchored_at))
    )
    EXECUTE FUNCTION ledger_forbid_rewrite_v1();

-- The oldest transaction that may still write here: all older ones have ended, so what they wrote
-- is visible, and nothing of theirs will appear later. As pg_snapshot_xmin, but it does not wait
-- for transactions of other databases of the server; one that is not found there counts as ours.
CREATE FUNCTION ledger_oldest_running_v1(p_snapshot pg_snapshot) RETURNS xid8
LANGUAGE sql STABLE
AS $$
    SELECT coalesce(min(x.id), pg_snapshot_xmax(p_snapshot))
      FROM pg_snapshot_xip(p_snapshot) x(id)
     WHERE NOT EXISTS (SELECT FROM pg_stat_activity a
                        WHERE a.backend_xid = x.id::xid AND a.datname <> current_database())
$$;

-- Entries that are committed, will not be joined by an older one, and have no seal yet, in the
-- order they are to be sealed. An entry whose id or number was taken early and committed late is
-- sealed late; none is skipped.
--
-- ``horizon`` is what the batch of these entries may say: all older ones are sealed. A horizon
-- that lies in the future is of another server, whose books were restored here: then, until all
-- of those have a seal, every entry is looked at, and their transactions count as ended.
--
-- The sealer takes its advisory lock in an earlier statement: a wait inside this one would leave
-- it with the snapshot of before the wait.
CREATE FUNCTION ledger_unsealed_v1(p_limit integer)
RETURNS TABLE (entry_id uuid, digest bytea, horizon xid8)
LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    now_seen pg_snapshot := pg_current_snapshot();
    oldest_running xid8 := ledger_oldest_running_v1(now_seen);
    since xid8 := '0';
    newest xid8;
    found_ids uuid[];
    found_digests bytea[];
    found_txids xid8[];
BEGIN
    SELECT b.horizon INTO since FROM ledger_seal_batch b ORDER BY b.number DESC LIMIT 1;
    since := coalesce(since, '0');
    newest := since;
    IF since = '0' THEN
        SELECT e.txid INTO newest FROM ledger_journal_entry e ORDER BY e.txid DESC LIMIT 1;
    END IF;

    IF coalesce(newest, '0') <= pg_snapshot_xmax(now_seen) THEN
        SELECT array_agg(x.id ORDER BY x.txid, x.id), array_agg(x.digest ORDER BY x.txid, x.id),
               array_agg(x.txid ORDER BY x.txid, x.id)
          INTO found_ids, found_digests, found_txids
          FROM (SELECT e.id, e.digest, e.txid FROM ledger_journal_entry e
                 WHERE e.txid >= since AND e.txid < oldest_running
                   AND NOT EXISTS (SELECT FROM ledger_seal s WHERE s.entry_id = e.id)
                 ORDER BY e.txid, e.id LIMIT p_limit) x;
        IF cardinality(found_ids) = p_limit THEN
            oldest_running := found_txids[p_limit];
        END IF;
    ELSE
        SELECT array_agg(x.id ORDER BY x.txid, x.id), array_agg(x.digest ORDER BY x.txid, x.id)
          INTO found_ids, found_digests
          FROM (SELECT e.id, e.digest, e.txid FROM ledger_journal_entry e
                 WHERE (e.txid < oldest_running OR e.txid >= pg_snapshot_xmax(now_seen))
                   AND NOT EXISTS (SELECT FROM ledger_seal s WHERE s.entry_id = e.id)
                 ORDER BY e.txid, e.id LIMIT p_limit) x;
        IF cardinality(found_ids) = p_limit THEN
            oldest_running := newest;
        END IF;
    END IF;
    RETURN QUERY
        SELECT u.id, u.digest, oldest_running
          FROM unnest(found_ids, found_digests) WITH ORDINALITY u(id, digest, place)
         ORDER BY u.place;
END;
$$;

-- Nobody adds a link that does not continue the chain, seals another entry's text, or leaves a
-- gap: whatever writes here, each row is recomputed from the one before it.
CREATE FUNCTION ledger_check_seals_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    wrong bigint;
BEGIN
    SELECT n.number INTO wrong
      FROM new_rows n
      LEFT JOIN ledger_seal p ON p.number = n.number - 1
      LEFT JOIN ledger_journal_entry e ON e.id = n.entry_id
     WHERE n.payload IS DISTINCT FROM e.digest
        OR n.previous IS DISTINCT FROM
           CASE n.number WHEN 1 THEN ledger_genesis_v1(n.tenant) ELSE p.hash END
        OR n.hash IS DISTINCT FROM ledger_seal_hash_v1(n.number, n.previous, n.payload)
     ORDER BY n.number LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'seal % does not continue the chain', wrong
            USING ERRCODE = 'LG095', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END;
$$;

-- As ``domain/ledger_verify.py`` defines them.
CREATE FUNCTION ledger_genesis_v1(p_tenant uuid) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT sha256('countinghouse/ledger/genesis/1'::bytea || uuid_send(p_tenant))
$$;

CREATE FUNCTION ledger_seal_hash_v1(p_number bigint, p_previous bytea, p_payload bytea)
RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT sha256('countinghouse/ledger/seal/1'::bytea || int8send(p_number) || p_previous
                  || p_payload)
$$;

CREATE TRIGGER ledger_seal_continues
    AFTER INSERT ON ledger_seal
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_seals_v1();

-- The canonical text of an entry, made anew from its rows: what a receipt shows and a bundle holds.
-- Erased metadata goes in as the digest that was kept of it.
CREATE FUNCTION ledger_entry_payload_v1(p_entry uuid) RETURNS text
LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    SELECT ledger_entry_text_v1(
               e.tenant, e.id, e.kind, e.description, e.value_date, e.effective_at, e.posted_at,
               e.idempotency_key, e.fingerprint, e.source_event, e.reverses_id, e.reason,
               e.approval_id, e.template, e.actor, e.actor_id,
               coalesce(x.digest, ledger_metadata_digest_v1(e.metadata, e.metadata_salt)),
               l.accounts, l.sides, l.amounts, l.currencies, l.clearing_keys)
      FROM ledger_journal_entry e
      LEFT JOIN ledger_metadata_erasure x ON x.entry_id = e.id
      LEFT JOIN LATERAL (
           SELECT array_agg(a.code::text ORDER BY p.leg) AS accounts,
                  array_agg(p.side::text ORDER BY p.leg) AS sides,
                  array_agg(p.amount_minor ORDER BY p.leg) AS amounts,
                  array_agg(p.currency::text ORDER BY p.leg) AS currencies,
                  array_agg(p.clearing_key::text ORDER BY p.leg) AS clearing_keys
             FROM ledger_posting p LEFT JOIN ledger_account a ON a.id = p.account_id
            WHERE p.entry_id = e.id) l ON true
     WHERE e.id = p_entry
$$;

-- The one door through which something leaves the journal: metadata and the salt of its digest,
-- with a reason, one row for each entry. Answers of how many.
CREATE FUNCTION ledger_erase_metadata_v1(
    p_tenant uuid, p_entries uuid[], p_reason text, p_actor text, p_actor_id uuid, p_at timestamptz
) RETURNS bigint
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    erased bigint;
BEGIN
    INSERT INTO ledger_metadata_erasure (
        tenant, entry_id, digest, reason, actor, actor_id, erased_at)
    SELECT p_tenant, e.id, ledger_metadata_digest_v1(e.metadata, e.metadata_salt), p_reason,
           p_actor, p_actor_id, p_at
      FROM ledger_journal_entry e
     WHERE e.id = ANY (p_entries) AND e.metadata_salt IS NOT NULL
     ORDER BY e.id
        ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS erased = ROW_COUNT;
    UPDATE ledger_journal_entry e SET metadata = '{}', metadata_salt = NULL
      FROM ledger_metadata_erasure x
     WHERE x.entry_id = e.id AND x.txid = pg_current_xact_id() AND e.id = ANY (p_entries);
    RETURN erased;
END;
$$;

-- An update of the journal is refused unless it is that: nothing but the metadata changes, to
-- nothing, in the transaction that says why.
CREATE FUNCTION ledger_check_erasure_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    IF to_jsonb(NEW) - 'metadata' - 'metadata_salt' = to_jsonb(OLD) - 'metadata' - 'metadata_salt'
       AND NEW.metadata = '{}' AND NEW.metadata_salt IS NULL
       AND EXISTS (SELECT FROM ledger_metadata_erasure x
                    WHERE x.entry_id = OLD.id AND x.txid = pg_current_xact_id()
                      AND x.digest = ledger_metadata_digest_v1(OLD.metadata, OLD.metadata_salt))
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'UPDATE on ledger_journal_entry is refused: the books are append-only'
        USING ERRCODE = 'LG002', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA,
              HINT = 'Write a reversing entry. Metadata is erased by ledger_erase_metadata_v1.';
END;
$$;

DROP TRIGGER ledger_journal_entry_append_only ON ledger_journal_entry;
CREATE TRIGGER ledger_journal_entry_append_only
    BEFORE DELETE OR TRUNCATE ON ledger_journal_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_journal_entry_written_once
    BEFORE UPDATE ON ledger_journal_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_check_erasure_v1();

-- The breaker's history is kept; one that was closed stays as it is.
CREATE TRIGGER ledger_posting_breaker_kept
    BEFORE DELETE OR TRUNCATE ON ledger_posting_breaker
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_posting_breaker_said_once
    BEFORE UPDATE ON ledger_posting_breaker
    FOR EACH ROW WHEN (
        OLD.closed_at IS NOT NULL
        OR (NEW.tenant, NEW.id, NEW.reason, NEW.checks, NEW.opened_by, NEW.opened_at)
           IS DISTINCT FROM
           (OLD.tenant, OLD.id, OLD.reason, OLD.checks, OLD.opened_by, OLD.opened_at)
    )
    EXECUTE FUNCTION ledger_forbid_rewrite_v1();
