-- What was answered with a refusal stays answered so: the key is used up, like that of an entry.
CREATE TRIGGER ledger_refusal_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_refusal
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_rewrite_v1();
