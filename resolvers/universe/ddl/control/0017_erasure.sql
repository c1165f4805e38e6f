-- What is never rewritten can be erased (GDPR Art. 17), by the owner alone: no role of the gateway may delete
-- from these tables. `gateway erase` sets the variable for its own transaction.
CREATE OR REPLACE FUNCTION control.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'TRUNCATE' AND current_setting('gateway.erasing', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'objection events are append-only';
END $$;
CREATE OR REPLACE FUNCTION control.refuse_other_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('gateway.erasing', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'a pseudonym is given once';
END $$;
