-- How much each client may ask for, and what it used of that, for all processes and machines.

-- What is null is what the settings say of everybody.
CREATE TABLE control.quota (
    client              text PRIMARY KEY CHECK (client ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
    requests_per_second integer CHECK (requests_per_second > 0),
    at_once             integer CHECK (at_once > 0),
    people_per_hour     integer CHECK (people_per_hour > 0),
    changed_at          timestamptz NOT NULL DEFAULT now()
);
-- Read with the tokens, so it is known as soon as they are.
CREATE TRIGGER bump_revision AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON control.quota
    FOR EACH STATEMENT EXECUTE FUNCTION control.bump_revision();

-- A bucket of requests each; and how many places each process holds, until when. After a crash of the
-- database both begin anew: nobody has more of it than one second's requests.
CREATE UNLOGGED TABLE control.quota_rate (
    client  text PRIMARY KEY,
    allowed double precision NOT NULL,
    at      timestamptz NOT NULL
);
CREATE UNLOGGED TABLE control.quota_place (
    client  text NOT NULL,
    process bytea NOT NULL CHECK (octet_length(process) = 8),
    places  integer NOT NULL CHECK (places > 0),
    until   timestamptz NOT NULL,
    PRIMARY KEY (client, process)
);

-- Of how many people a client was told this hour, and of whom: references of the ledger, each once.
CREATE TABLE control.quota_hour (
    client text PRIMARY KEY,
    hour   timestamptz NOT NULL,
    people bigint NOT NULL
);
CREATE TABLE control.quota_person (
    client    text NOT NULL,
    reference bigint NOT NULL,
    PRIMARY KEY (client, reference)
);

-- Take so many requests out of the client's bucket, and hold so many places: as many as there are.
CREATE FUNCTION control.take_quota(
    of_client text, of_process bytea, wanted integer, per_second integer, wanted_places integer,
    most_at_once integer, lasts interval, OUT requests integer, OUT held integer
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    bucket double precision;
    moment timestamptz;
BEGIN
    -- Whoever takes for the same client waits here: nobody counts with what another is just taking.
    INSERT INTO control.quota_rate AS kept VALUES (of_client, per_second, clock_timestamp())
    ON CONFLICT (client) DO UPDATE SET at = kept.at;
    moment := clock_timestamp();
    SELECT least(per_second, allowed + per_second * greatest(0, extract(epoch FROM moment - at)))
        INTO bucket FROM control.quota_rate WHERE client = of_client;
    requests := least(wanted, floor(bucket));
    UPDATE control.quota_rate SET allowed = bucket - requests, at = moment WHERE client = of_client;

    SELECT least(wanted_places, most_at_once - coalesce(sum(places), 0)) INTO held FROM control.quota_place
        WHERE client = of_client AND process <> of_process AND until > moment;
    IF held > 0 THEN
        INSERT INTO control.quota_place VALUES (of_client, of_process, held, moment + lasts)
        ON CONFLICT (client, process) DO UPDATE SET places = excluded.places, until = excluded.until;
    ELSE
        held := 0;
        DELETE FROM control.quota_place
            WHERE client = of_client AND (process = of_process OR until < moment);
    END IF;
END $$;

-- Whether the client may be told of these people as well; then it counts as told.
CREATE FUNCTION control.meet_people(of_client text, people_met bigint[], per_hour integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    this_hour timestamptz := date_trunc('hour', clock_timestamp(), 'UTC');
    known control.quota_hour;
    added bigint;
BEGIN
    INSERT INTO control.quota_hour AS kept VALUES (of_client, this_hour, 0)
    ON CONFLICT (client) DO UPDATE SET hour = kept.hour RETURNING kept.* INTO known;
    IF known.hour < this_hour THEN
        DELETE FROM control.quota_person WHERE client = of_client;
        UPDATE control.quota_hour SET hour = this_hour, people = 0 WHERE client = of_client;
        known.people := 0;
    END IF;
    IF known.people + cardinality(people_met) > per_hour THEN
        SELECT count(DISTINCT met) INTO added FROM unnest(people_met) met
            WHERE NOT EXISTS (SELECT FROM control.quota_person WHERE client = of_client AND reference = met);
        IF known.people + added > per_hour THEN
            RETURN false;
        END IF;
    END IF;
    INSERT INTO control.quota_person SELECT of_client, unnest(people_met) ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS added = ROW_COUNT;
    UPDATE control.quota_hour SET people = people + added WHERE client = of_client;
    RETURN true;
END $$;
REVOKE ALL ON FUNCTION control.take_quota, control.meet_people FROM PUBLIC;
