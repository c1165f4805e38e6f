-- Under what name the data protection officer sees a member who recorded anything, beside the terms that they
-- accepted: the same as in control, see there.
CREATE TABLE messenger.pseudonym (
    account_id bigint PRIMARY KEY CHECK (account_id >= 0),
    person     text NOT NULL CHECK (person ~ '^pa_[a-z2-7]{26}$')
);
CREATE INDEX pseudonym_person ON messenger.pseudonym (person);

CREATE FUNCTION messenger.refuse_other_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a pseudonym is given once';
END $$;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON messenger.pseudonym
    FOR EACH STATEMENT EXECUTE FUNCTION messenger.refuse_other_name();
