-- A balance has its account, without a foreign key: PostgreSQL checks a key anew whenever a row that
-- this transaction has written already is updated again, and locks the row it points at for it. Two
-- postings of one transaction then wrote into the row of each account they touched. Accounts are
-- never removed and their ids never change, so looking once is enough, and needs no lock.
CREATE FUNCTION ledger_check_balance_account_v1() RETURNS trigger
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM ledger_account a WHERE a.id = NEW.account_id) THEN
        RAISE EXCEPTION 'there is no account % to hold a balance', NEW.account_id
            USING ERRCODE = 'foreign_key_violation', TABLE = TG_TABLE_NAME,
                  SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER ledger_account_balance_has_account BEFORE INSERT OR UPDATE OF account_id
    ON ledger_account_balance
    FOR EACH ROW EXECUTE FUNCTION ledger_check_balance_account_v1();
