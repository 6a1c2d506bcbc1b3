-- What was said of days and what ran is evidence; a schedule's terms stand; a reserve is used once,
-- and not before its day.
--
-- SE030 a schedule's terms are being changed   SE031 a reserve is being changed or used early

CREATE FUNCTION settlements_check_schedule_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'ended_at' IS DISTINCT FROM to_jsonb(OLD) - 'ended_at'
       OR (OLD.ended_at IS NOT NULL AND NEW.ended_at IS DISTINCT FROM OLD.ended_at) THEN
        RAISE EXCEPTION 'the terms of schedule % stand', OLD.name USING ERRCODE = 'SE030';
    END IF;
    RETURN NEW;
END;
$$;

CREATE FUNCTION settlements_check_reserve_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    used_at timestamptz;
BEGIN
    IF to_jsonb(NEW) - 'used_by_id' IS DISTINCT FROM to_jsonb(OLD) - 'used_by_id'
       OR EXISTS (SELECT 1 FROM settlements_disbursement line
                   WHERE line.batch_id = OLD.used_by_id AND line.payee_id = OLD.payee_id
                     AND line.state <> 'cancelled') THEN
        RAISE EXCEPTION 'reserve % stands', OLD.id USING ERRCODE = 'SE031';
    END IF;
    SELECT created_at INTO used_at FROM settlements_batch WHERE id = NEW.used_by_id;
    -- the day is the tenant's; nowhere is it earlier than the day in UTC by more than 14 hours
    IF (used_at AT TIME ZONE 'UTC' + interval '14 hours')::date < OLD.release_on THEN
        RAISE EXCEPTION 'reserve % is held until %', OLD.id, OLD.release_on
            USING ERRCODE = 'SE031';
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER settlements_payout_schedule_stands BEFORE UPDATE ON settlements_payout_schedule
    FOR EACH ROW EXECUTE FUNCTION settlements_check_schedule_v1();
CREATE TRIGGER settlements_payout_schedule_kept BEFORE DELETE ON settlements_payout_schedule
    FOR EACH ROW EXECUTE FUNCTION settlements_forbid_rewrite_v1();
CREATE TRIGGER settlements_reserve_stands BEFORE UPDATE ON settlements_reserve
    FOR EACH ROW EXECUTE FUNCTION settlements_check_reserve_v1();
CREATE TRIGGER settlements_reserve_kept BEFORE DELETE ON settlements_reserve
    FOR EACH ROW EXECUTE FUNCTION settlements_forbid_rewrite_v1();
CREATE TRIGGER settlements_calendar_day_append_only
    BEFORE UPDATE OR DELETE ON settlements_calendar_day
    FOR EACH ROW EXECUTE FUNCTION settlements_forbid_rewrite_v1();
CREATE TRIGGER settlements_schedule_run_append_only
    BEFORE UPDATE OR DELETE ON settlements_schedule_run
    FOR EACH ROW EXECUTE FUNCTION settlements_forbid_rewrite_v1();
