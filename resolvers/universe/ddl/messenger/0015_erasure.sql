-- A pseudonym can be erased with the person: see control/0017.
CREATE OR REPLACE FUNCTION messenger.refuse_other_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('gateway.erasing', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'a pseudonym is given once';
END $$;
