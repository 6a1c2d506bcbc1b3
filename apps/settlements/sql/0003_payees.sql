-- Payout details are verified by a second person and have cooled before money goes there.
--
-- SE020 details that may not be used   SE021 details that are still cooling   SE022 four eyes

CREATE FUNCTION settlements_check_details_decision_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    details settlements_beneficiary;
BEGIN
    SELECT * INTO details FROM settlements_beneficiary WHERE id = NEW.beneficiary_id;
    IF NEW.person = details.author_person THEN
        RAISE EXCEPTION 'whoever wrote details does not decide on them' USING ERRCODE = 'SE022';
    END IF;
    IF NEW.step_up_at > NEW.decided_at
       OR NEW.step_up_at < NEW.decided_at - interval '5 minutes' THEN
        RAISE EXCEPTION 'the second factor is too old' USING ERRCODE = 'SE022';
    END IF;
    IF NEW.decision = 'lift' AND NOT EXISTS (
        SELECT 1 FROM settlements_beneficiary_decision
         WHERE beneficiary_id = NEW.beneficiary_id AND decision = 'verify') THEN
        RAISE EXCEPTION 'details that nobody verified are not lifted' USING ERRCODE = 'SE020';
    END IF;
    RETURN NEW;
END;
$$;

-- A line is written, and its money reserved, only for the payee's newest verified details, and only
-- once they have cooled or a second person has lifted that. The times are the rows' own.
CREATE FUNCTION settlements_check_details_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    at timestamptz := NEW.created_at;
    found_payee uuid;
    is_newest boolean;
    is_cool boolean;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.state <> 'reserved' OR OLD.state = 'reserved' THEN
            RETURN NEW;
        END IF;
        SELECT released_at INTO at FROM settlements_batch WHERE id = NEW.batch_id;
    END IF;
    SELECT one.payee_id,
           one.version = (
               SELECT max(other.version) FROM settlements_beneficiary other
                 JOIN settlements_beneficiary_decision said ON said.beneficiary_id = other.id
                WHERE other.payee_id = one.payee_id AND said.decision = 'verify'),
           one.cools_until <= at OR EXISTS (
               SELECT 1 FROM settlements_beneficiary_decision said
                WHERE said.beneficiary_id = one.id AND said.decision = 'lift')
      INTO found_payee, is_newest, is_cool
      FROM settlements_beneficiary one WHERE one.id = NEW.beneficiary_id;
    IF found_payee IS DISTINCT FROM NEW.payee_id OR is_newest IS NOT TRUE THEN
        RAISE EXCEPTION 'disbursement % does not go to the verified details of its payee',
            NEW.reference USING ERRCODE = 'SE020';
    END IF;
    IF is_cool IS NOT TRUE THEN
        RAISE EXCEPTION 'the details of disbursement % are still cooling', NEW.reference
            USING ERRCODE = 'SE021';
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER settlements_beneficiary_decision_four_eyes
    BEFORE INSERT ON settlements_beneficiary_decision
    FOR EACH ROW EXECUTE FUNCTION settlements_check_details_decision_v1();
CREATE TRIGGER settlements_beneficiary_decision_append_only
    BEFORE UPDATE OR DELETE ON settlements_beneficiary_decision
    FOR EACH ROW EXECUTE FUNCTION settlements_forbid_rewrite_v1();
CREATE TRIGGER settlements_disbursement_details BEFORE INSERT OR UPDATE OF state
    ON settlements_disbursement
    FOR EACH ROW EXECUTE FUNCTION settlements_check_details_v1();
CREATE TRIGGER settlements_payee_file_append_only BEFORE UPDATE OR DELETE ON settlements_payee_file
    FOR EACH ROW EXECUTE FUNCTION settlements_forbid_rewrite_v1();
