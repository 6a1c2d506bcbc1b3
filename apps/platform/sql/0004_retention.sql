-- What has been announced can be shown for as long as the house says it keeps events, whoever
-- deletes. The sweep first moves platform_retention.events_since forward, then removes what is older.
--
-- PF001 an event is removed too early        PF002 the time events are kept is made shorter

CREATE FUNCTION platform_keep_events_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (
        SELECT FROM gone
         WHERE published_at IS NULL
            OR recorded_at >= coalesce((SELECT events_since FROM platform_retention), '-infinity')
    ) THEN
        RAISE EXCEPTION 'an event that is unpublished or not old enough cannot be removed'
            USING ERRCODE = 'PF001', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END;
$$;

CREATE TRIGGER platform_outbox_message_kept
    AFTER DELETE ON platform_outbox_message
    REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION platform_keep_events_v1();

-- A note in the inbox outlives its event: for 30 days more the stream may deliver it again.
CREATE FUNCTION platform_keep_notes_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM gone WHERE handled_at IS NULL OR handled_at >= now() - interval '61 days'
    ) THEN
        RAISE EXCEPTION 'the note of an event that may still come again cannot be removed'
            USING ERRCODE = 'PF001', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END;
$$;

CREATE TRIGGER platform_inbox_message_kept
    AFTER DELETE ON platform_inbox_message
    REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION platform_keep_notes_v1();

CREATE FUNCTION platform_forbid_emptying_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: events are kept', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'PF001', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
END;
$$;

CREATE TRIGGER platform_outbox_message_not_emptied
    BEFORE TRUNCATE ON platform_outbox_message
    FOR EACH STATEMENT EXECUTE FUNCTION platform_forbid_emptying_v1();
CREATE TRIGGER platform_inbox_message_not_emptied
    BEFORE TRUNCATE ON platform_inbox_message
    FOR EACH STATEMENT EXECUTE FUNCTION platform_forbid_emptying_v1();
CREATE TRIGGER platform_retention_not_removed
    BEFORE DELETE OR TRUNCATE ON platform_retention
    FOR EACH STATEMENT EXECUTE FUNCTION platform_forbid_emptying_v1();

-- Never less than 31 days, whatever the settings of the program say; never back.
CREATE FUNCTION platform_move_retention_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.events_since > now() - interval '31 days'
       OR TG_OP = 'UPDATE' AND (NEW.events_since < OLD.events_since
                                OR NEW.highest_sequence < OLD.highest_sequence) THEN
        RAISE EXCEPTION 'events are kept for 31 days at least, and what is gone stays gone'
            USING ERRCODE = 'PF002', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER platform_retention_moves_on
    BEFORE INSERT OR UPDATE ON platform_retention
    FOR EACH ROW EXECUTE FUNCTION platform_move_retention_v1();
