-- What must hold about currencies, whoever writes.
--
-- LG110 the quote is not valid     LG111 a conversion is not what was quoted or posted
-- LG112 a conversion is reversed   LG113 a revaluation does not follow its states

CREATE TRIGGER ledger_fx_rate_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_fx_rate
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_fx_quote_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_fx_quote
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_fx_conversion_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_fx_conversion
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_fx_rate_set_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_fx_rate_set
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_fx_revaluation_line_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_fx_revaluation_line
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_fx_revaluation_kept
    BEFORE DELETE OR TRUNCATE ON ledger_fx_revaluation
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_fx_position_kept
    BEFORE DELETE OR TRUNCATE ON ledger_fx_position
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_fx_rate_proposal_kept
    BEFORE DELETE OR TRUNCATE ON ledger_fx_rate_proposal
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
CREATE TRIGGER ledger_fx_rate_proposal_meaning_kept
    BEFORE UPDATE ON ledger_fx_rate_proposal
    FOR EACH ROW WHEN (
        OLD.state <> 'pending'
        OR (NEW.base, NEW.quote, NEW.rate, NEW.valid_from, NEW.valid_until, NEW.deviation_bps,
            NEW.maker_name, NEW.maker_person, NEW.proposed_at, NEW.tenant)
           IS DISTINCT FROM
           (OLD.base, OLD.quote, OLD.rate, OLD.valid_from, OLD.valid_until, OLD.deviation_bps,
            OLD.maker_name, OLD.maker_person, OLD.proposed_at, OLD.tenant)
    )
    EXECUTE FUNCTION ledger_forbid_rewrite_v1();

-- The legs a conversion must have, as its row says. Written a second time here, so that neither
-- the program nor a person at a psql prompt can book something else than was quoted.
CREATE FUNCTION ledger_fx_conversion_legs_v1(p_conversion uuid)
RETURNS TABLE (account text, side text, amount_minor bigint, currency text)
LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    WITH c AS (
        SELECT f.*, sold.code AS sell_account, bought.code AS buy_account,
               CASE f.direction WHEN 1 THEN 'D' ELSE 'C' END AS given,
               CASE f.direction WHEN 1 THEN 'C' ELSE 'D' END AS taken,
               f.sell_realised_minor + f.buy_realised_minor AS result
          FROM ledger_fx_conversion f
          LEFT JOIN ledger_account sold ON sold.id = f.sell_account_id
          LEFT JOIN ledger_account bought ON bought.id = f.buy_account_id
         WHERE f.id = p_conversion
    )
    SELECT l.account::text, l.side::text, l.amount_minor, l.currency::text
      FROM c, LATERAL (VALUES
        (c.sell_account, c.given, c.sell_minor, c.sell_currency),
        ('fx.position.' || c.sell_currency, c.taken, c.sell_position_minor, c.sell_currency),
        ('fx.spread.' || c.sell_currency, c.taken, c.spread_minor, c.sell_currency),
        ('fx.rounding.' || c.sell_currency, c.taken, c.sell_rounding_minor, c.sell_currency),
        ('fx.position.' || c.buy_currency, c.given, c.buy_position_minor, c.buy_currency),
        (c.buy_account, c.taken, c.buy_minor, c.buy_currency),
        ('fx.rounding.' || c.buy_currency, c.taken, c.buy_rounding_minor, c.buy_currency),
        ('fx.position.' || c.functional_currency, CASE WHEN c.result > 0 THEN 'D' ELSE 'C' END,
         abs(c.result), c.functional_currency),
        ('fx.realised', CASE WHEN c.result > 0 THEN 'C' ELSE 'D' END,
         abs(c.result), c.functional_currency)
      ) l(account, side, amount_minor, currency)
     WHERE l.amount_minor <> 0
$$;

-- One row for each leg that is in the journal and not in the row, or the other way round.
CREATE FUNCTION ledger_fx_conversion_differences_v1(p_conversion uuid)
RETURNS TABLE (account text, side text, amount_minor bigint, currency text)
LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
    WITH posted AS (
        SELECT a.code::text, p.side::text, p.amount_minor, p.currency::text
          FROM ledger_fx_conversion c
          JOIN ledger_posting p ON p.entry_id = c.entry_id
          LEFT JOIN ledger_account a ON a.id = p.account_id
         WHERE c.id = p_conversion
    ), said AS (
        SELECT * FROM ledger_fx_conversion_legs_v1(p_conversion)
    )
    (SELECT * FROM posted EXCEPT ALL SELECT * FROM said)
    UNION ALL
    (SELECT * FROM said EXCEPT ALL SELECT * FROM posted)
$$;

-- Accepted while the quote was valid, by the database's own clock; equal to the quote; and equal
-- to its journal entry, which was written just before in the same transaction.
CREATE FUNCTION ledger_check_fx_conversion_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    q ledger_fx_quote;
BEGIN
    SELECT * INTO q FROM ledger_fx_quote WHERE id = NEW.quote_id;
    IF NEW.accepted_at >= q.expires_at
       OR NEW.accepted_at NOT BETWEEN now() AND clock_timestamp() THEN
        RAISE EXCEPTION 'quote % is not valid at %', q.id, NEW.accepted_at
            USING ERRCODE = 'LG110';
    END IF;
    IF (NEW.sell_currency, NEW.buy_currency, NEW.functional_currency, NEW.sell_minor,
        NEW.sell_position_minor, NEW.sell_rounding_minor, NEW.spread_minor, NEW.buy_minor,
        NEW.buy_position_minor, NEW.buy_rounding_minor, NEW.value_minor, NEW.sell_value_minor,
        NEW.buy_value_minor, NEW.mid, NEW.spread_bps)
       IS DISTINCT FROM
       (q.sell_currency, q.buy_currency, q.functional_currency, q.sell_minor,
        q.sell_position_minor, q.sell_rounding_minor, q.spread_minor, q.buy_minor,
        q.buy_position_minor, q.buy_rounding_minor, q.value_minor, q.sell_value_minor,
        q.buy_value_minor, q.mid, q.spread_bps) THEN
        RAISE EXCEPTION 'conversion % is not what was quoted', NEW.id USING ERRCODE = 'LG111';
    END IF;
    IF EXISTS (SELECT 1 FROM ledger_fx_conversion_differences_v1(NEW.id)) THEN
        RAISE EXCEPTION 'conversion % is not what was posted', NEW.id USING ERRCODE = 'LG111';
    END IF;
    RETURN NULL;
END;
$$;

CREATE TRIGGER ledger_fx_conversion_checked
    AFTER INSERT ON ledger_fx_conversion
    FOR EACH ROW EXECUTE FUNCTION ledger_check_fx_conversion_v1();

-- Reversing a conversion's entry would leave its position behind. WHEN keeps every other entry
-- from calling the function.
CREATE FUNCTION ledger_check_fx_not_reversed_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM ledger_journal_entry
                WHERE id = NEW.reverses_id AND kind = 'fx') THEN
        RAISE EXCEPTION 'entry % is a conversion', NEW.reverses_id
            USING ERRCODE = 'LG112',
                  DETAIL = jsonb_build_object('entry_id', NEW.reverses_id);
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER ledger_journal_entry_conversion_stands
    BEFORE INSERT ON ledger_journal_entry
    FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL)
    EXECUTE FUNCTION ledger_check_fx_not_reversed_v1();

-- Draft, approved, posted; figures and maker never change, an approval stands, and the second
-- factor behind it was given within five minutes before it.
CREATE FUNCTION ledger_check_fx_revaluation_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'a revaluation begins as a draft' USING ERRCODE = 'LG113';
        END IF;
        RETURN NEW;
    END IF;
    IF (OLD.state || '>' || NEW.state) NOT IN (
           'draft>draft', 'draft>approved', 'draft>superseded', 'draft>discarded',
           'approved>approved', 'approved>posted', 'approved>superseded', 'approved>discarded')
       OR (NEW.as_of, NEW.reversal_date, NEW.rate_set_id, NEW.functional_currency, NEW.classes,
           NEW.excluded, NEW.result_minor, NEW.digest, NEW.maker_name, NEW.maker_person,
           NEW.created_at, NEW.tenant)
          IS DISTINCT FROM
          (OLD.as_of, OLD.reversal_date, OLD.rate_set_id, OLD.functional_currency, OLD.classes,
           OLD.excluded, OLD.result_minor, OLD.digest, OLD.maker_name, OLD.maker_person,
           OLD.created_at, OLD.tenant)
       OR (OLD.state = 'approved' AND
           (NEW.approver_name, NEW.approver_person, NEW.step_up_at, NEW.approved_at)
           IS DISTINCT FROM
           (OLD.approver_name, OLD.approver_person, OLD.step_up_at, OLD.approved_at))
       OR (OLD.state = 'draft' AND NEW.state = 'approved' AND
           NEW.step_up_at NOT BETWEEN NEW.approved_at - interval '5 minutes'
                                  AND NEW.approved_at + interval '5 seconds') THEN
        RAISE EXCEPTION 'revaluation % cannot go from % to %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'LG113';
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER ledger_fx_revaluation_states
    BEFORE INSERT OR UPDATE ON ledger_fx_revaluation
    FOR EACH ROW EXECUTE FUNCTION ledger_check_fx_revaluation_v1();
