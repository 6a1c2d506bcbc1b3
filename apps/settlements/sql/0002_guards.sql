-- What must hold whoever writes: allowed moves of state, sealed contents, four eyes, append-only
-- evidence, allocations within their amounts.
--
-- SE001 a state that does not follow   SE002 evidence is being rewritten   SE003 sealed contents
-- SE004 four eyes                      SE005 over-allocated                 SE006 approvals missing
--
-- Functions that read tables pin the tenant's schema: a check may run when the session looks
-- elsewhere.

CREATE FUNCTION settlements_check_transition_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state IS DISTINCT FROM OLD.state
       AND NOT (OLD.state || '>' || NEW.state = ANY (string_to_array(TG_ARGV[0], ','))) THEN
        RAISE EXCEPTION '% cannot go from % to %', TG_TABLE_NAME, OLD.state, NEW.state
            USING ERRCODE = 'SE001', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END;
$$;

CREATE FUNCTION settlements_check_first_state_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> TG_ARGV[0] THEN
        RAISE EXCEPTION '% begins as %, not %', TG_TABLE_NAME, TG_ARGV[0], NEW.state
            USING ERRCODE = 'SE001', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END;
$$;

CREATE FUNCTION settlements_forbid_rewrite_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is forbidden: it is evidence', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'SE002', TABLE = TG_TABLE_NAME;
END;
$$;

-- A line is what the approver saw: once it has left draft, its payee, details and amount stand. Its
-- money is reserved only when its batch has been released, which takes the approvals.
CREATE FUNCTION settlements_check_sealed_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state <> 'draft' THEN
            RAISE EXCEPTION 'disbursement % is sealed', OLD.reference USING ERRCODE = 'SE003';
        END IF;
        RETURN OLD;
    END IF;
    IF (OLD.state <> 'draft' OR NEW.state <> 'draft')
       AND (NEW.payee_id, NEW.beneficiary_id, NEW.amount_minor, NEW.currency, NEW.batch_id,
            NEW.reference)
           IS DISTINCT FROM
           (OLD.payee_id, OLD.beneficiary_id, OLD.amount_minor, OLD.currency, OLD.batch_id,
            OLD.reference) THEN
        RAISE EXCEPTION 'disbursement % is sealed', OLD.reference USING ERRCODE = 'SE003';
    END IF;
    IF NEW.state = 'reserved' AND OLD.state <> 'reserved' THEN
        PERFORM 1 FROM settlements_batch WHERE id = NEW.batch_id AND state = 'released';
        IF NOT FOUND THEN
            RAISE EXCEPTION 'disbursement % is not released', OLD.reference
                USING ERRCODE = 'SE006';
        END IF;
    END IF;
    RETURN NEW;
END;
$$;

CREATE FUNCTION settlements_check_batch_open_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM 1 FROM settlements_batch WHERE id = NEW.batch_id AND state = 'open' FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'batch % takes no more lines', NEW.batch_id USING ERRCODE = 'SE003';
    END IF;
    RETURN NEW;
END;
$$;

CREATE FUNCTION settlements_check_approval_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    batch settlements_batch;
BEGIN
    SELECT * INTO batch FROM settlements_batch WHERE id = NEW.batch_id FOR UPDATE;
    IF batch.state <> 'in_approval' OR NEW.round <> batch.round THEN
        RAISE EXCEPTION 'batch % is not in approval round %', batch.reference, NEW.round
            USING ERRCODE = 'SE004';
    END IF;
    IF NEW.person = batch.maker_person OR NEW.person = ANY (batch.editors) THEN
        RAISE EXCEPTION 'a maker of % may not decide', batch.reference USING ERRCODE = 'SE004';
    END IF;
    IF NEW.digest <> batch.digest THEN
        RAISE EXCEPTION 'the approval of % covers other lines', batch.reference
            USING ERRCODE = 'SE004';
    END IF;
    IF NEW.decision = 'approve' AND (NEW.step_up_at > NEW.decided_at
       OR NEW.step_up_at < NEW.decided_at - interval '5 minutes') THEN
        RAISE EXCEPTION 'the second factor for % is too old', batch.reference
            USING ERRCODE = 'SE004';
    END IF;
    RETURN NEW;
END;
$$;

CREATE FUNCTION settlements_check_quorum_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    given integer;
BEGIN
    IF NEW.state = 'approved' AND OLD.state <> 'approved' THEN
        SELECT count(*) INTO given FROM settlements_approval
         WHERE batch_id = NEW.id AND round = NEW.round AND decision = 'approve'
           AND digest = NEW.digest;
        IF given < NEW.approvals_needed OR NEW.approvals_needed < 1 THEN
            RAISE EXCEPTION 'batch % has % of % approvals', NEW.reference, given,
                NEW.approvals_needed USING ERRCODE = 'SE006';
        END IF;
    END IF;
    IF (NEW.maker_person, NEW.maker_id, NEW.reference, NEW.currency, NEW.provider_account)
           IS DISTINCT FROM
       (OLD.maker_person, OLD.maker_id, OLD.reference, OLD.currency, OLD.provider_account)
       OR NOT NEW.editors @> OLD.editors
       OR (OLD.state <> 'open' AND
           (NEW.digest, NEW.total_minor, NEW.line_count, NEW.round, NEW.approvals_needed)
               IS DISTINCT FROM
           (OLD.digest, OLD.total_minor, OLD.line_count, OLD.round, OLD.approvals_needed)) THEN
        RAISE EXCEPTION 'batch % is sealed', OLD.reference USING ERRCODE = 'SE003';
    END IF;
    RETURN NEW;
END;
$$;

CREATE FUNCTION settlements_check_allocation_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    whole bigint;
    taken numeric;
BEGIN
    IF NEW.line_id IS NOT NULL THEN
        SELECT amount_minor INTO whole FROM settlements_statement_line
         WHERE id = NEW.line_id FOR UPDATE;
        SELECT sum(allocated_minor) INTO taken FROM settlements_match_leg
         WHERE line_id = NEW.line_id;
    ELSE
        SELECT amount_minor INTO whole FROM settlements_expected_item
         WHERE id = NEW.item_id FOR UPDATE;
        SELECT sum(allocated_minor) INTO taken FROM settlements_match_leg
         WHERE item_id = NEW.item_id;
    END IF;
    IF coalesce(taken, 0) + NEW.allocated_minor > whole THEN
        RAISE EXCEPTION 'allocated % of %', coalesce(taken, 0) + NEW.allocated_minor, whole
            USING ERRCODE = 'SE005';
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER settlements_batch_first_state BEFORE INSERT ON settlements_batch
    FOR EACH ROW EXECUTE FUNCTION settlements_check_first_state_v1('open');
CREATE TRIGGER settlements_batch_transition BEFORE UPDATE ON settlements_batch
    FOR EACH ROW EXECUTE FUNCTION settlements_check_transition_v1('approved>released,closed_with_exceptions>settled,in_approval>approved,in_approval>open,in_approval>rejected,open>in_approval,open>rejected,released>closed_with_exceptions,released>settled');
CREATE TRIGGER settlements_batch_quorum BEFORE UPDATE ON settlements_batch
    FOR EACH ROW EXECUTE FUNCTION settlements_check_quorum_v1();
CREATE TRIGGER settlements_disbursement_first_state BEFORE INSERT ON settlements_disbursement
    FOR EACH ROW EXECUTE FUNCTION settlements_check_first_state_v1('draft');
CREATE TRIGGER settlements_disbursement_batch_open BEFORE INSERT ON settlements_disbursement
    FOR EACH ROW EXECUTE FUNCTION settlements_check_batch_open_v1();
CREATE TRIGGER settlements_disbursement_transition BEFORE UPDATE ON settlements_disbursement
    FOR EACH ROW EXECUTE FUNCTION settlements_check_transition_v1('approved>cancelled,approved>reserved,awaiting_approval>approved,awaiting_approval>cancelled,awaiting_approval>draft,draft>awaiting_approval,draft>cancelled,failed>paid,reserved>failed,reserved>paid,reserved>unknown,unknown>failed,unknown>paid');
CREATE TRIGGER settlements_disbursement_sealed BEFORE UPDATE OR DELETE ON settlements_disbursement
    FOR EACH ROW EXECUTE FUNCTION settlements_check_sealed_v1();
CREATE TRIGGER settlements_break_first_state BEFORE INSERT ON settlements_break
    FOR EACH ROW EXECUTE FUNCTION settlements_check_first_state_v1('open');
CREATE TRIGGER settlements_break_transition BEFORE UPDATE ON settlements_break
    FOR EACH ROW EXECUTE FUNCTION settlements_check_transition_v1('investigating>open,investigating>resolved,open>investigating,open>resolved');
CREATE TRIGGER settlements_approval_four_eyes BEFORE INSERT ON settlements_approval
    FOR EACH ROW EXECUTE FUNCTION settlements_check_approval_v1();
CREATE TRIGGER settlements_match_leg_within BEFORE INSERT ON settlements_match_leg
    FOR EACH ROW EXECUTE FUNCTION settlements_check_allocation_v1();

CREATE TRIGGER settlements_approval_append_only BEFORE UPDATE OR DELETE ON settlements_approval
    FOR EACH ROW EXECUTE FUNCTION settlements_forbid_rewrite_v1();
CREATE TRIGGER settlements_beneficiary_append_only BEFORE UPDATE OR DELETE ON settlements_beneficiary
    FOR EACH ROW EXECUTE FUNCTION settlements_forbid_rewrite_v1();
CREATE TRIGGER settlements_state_event_append_only BEFORE UPDATE OR DELETE ON settlements_state_event
    FOR EACH ROW EXECUTE FUNCTION settlements_forbid_rewrite_v1();
CREATE TRIGGER settlements_batch_kept BEFORE DELETE ON settlements_batch
    FOR EACH ROW EXECUTE FUNCTION settlements_forbid_rewrite_v1();
CREATE TRIGGER settlements_match_leg_append_only BEFORE UPDATE OR DELETE ON settlements_match_leg
    FOR EACH ROW EXECUTE FUNCTION settlements_forbid_rewrite_v1();
CREATE TRIGGER settlements_statement_file_append_only
    BEFORE UPDATE OR DELETE ON settlements_statement_file
    FOR EACH ROW EXECUTE FUNCTION settlements_forbid_rewrite_v1();
CREATE TRIGGER settlements_statement_append_only BEFORE UPDATE OR DELETE ON settlements_statement
    FOR EACH ROW EXECUTE FUNCTION settlements_forbid_rewrite_v1();
CREATE TRIGGER settlements_statement_line_append_only
    BEFORE UPDATE OR DELETE ON settlements_statement_line
    FOR EACH ROW EXECUTE FUNCTION settlements_forbid_rewrite_v1();
