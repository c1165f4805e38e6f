-- Under what name the data protection officer sees a member who recorded anything: HMAC-SHA-256 of the
-- account's number under a key that is not in this database. One for each member, never another.
CREATE TABLE control.pseudonym (
    account_id bigint PRIMARY KEY CHECK (account_id >= 0),
    person     text NOT NULL UNIQUE CHECK (person ~ '^pa_[a-z2-7]{26}$')
);

CREATE FUNCTION control.refuse_other_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a pseudonym is given once';
END $$;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON control.pseudonym
    FOR EACH STATEMENT EXECUTE FUNCTION control.refuse_other_name();
