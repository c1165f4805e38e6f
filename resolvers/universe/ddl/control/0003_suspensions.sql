-- A regulator's suspension: while it lasts, everybody in these countries is restricted as if they had
-- objected. It is policy, not an objection of anybody's: nothing of it stands among the events.
CREATE TABLE control.suspension (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    jurisdiction text NOT NULL CHECK (jurisdiction ~ '^[A-Z]{2}$'),
    countries    text[] NOT NULL CHECK (cardinality(countries) > 0),
    purposes     text[] NOT NULL CHECK (purposes <@ ARRAY['ADS_PERSONALIZATION', 'FRIEND_SUGGESTIONS'] AND cardinality(purposes) > 0),
    valid_from   timestamptz NOT NULL,
    valid_until  timestamptz CHECK (valid_until > valid_from),
    reason       text NOT NULL CHECK (reason <> ''),
    author       text NOT NULL CHECK (author <> ''),
    recorded_at  timestamptz NOT NULL DEFAULT now()
);

-- What was decided is never rewritten: only when it ends can be, as long as it has not ended.
CREATE FUNCTION control.refuse_other_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'suspensions are ended, not deleted';
    END IF;
    IF (OLD.id, OLD.jurisdiction, OLD.countries, OLD.purposes, OLD.valid_from, OLD.reason, OLD.author, OLD.recorded_at)
        IS DISTINCT FROM
       (NEW.id, NEW.jurisdiction, NEW.countries, NEW.purposes, NEW.valid_from, NEW.reason, NEW.author, NEW.recorded_at)
    THEN
        RAISE EXCEPTION 'of a suspension only its end may change';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse_other_change BEFORE UPDATE OR DELETE ON control.suspension
    FOR EACH ROW EXECUTE FUNCTION control.refuse_other_change();

-- Taken under the lock that serialises the writers of restrictions. A store applies no writing that is
-- older than what it holds: a statement left over from a program that was killed comes too late then,
-- and opens nobody who objected since.
CREATE SEQUENCE control.restriction_version;

-- What was decided and is not in both stores yet: written with the decision, gone with its last writing.
-- Empty, unless something was cut off. A start-up finishes what stands here.
CREATE TABLE control.unsettled (
    account_id bigint PRIMARY KEY
);
CREATE TABLE control.unsettled_country (
    country_code text PRIMARY KEY,
    version      bigint NOT NULL DEFAULT nextval('control.restriction_version')
);
