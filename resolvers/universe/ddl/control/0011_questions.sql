-- What clients ask about people, whether or not they are there; and the quotas of it.

-- How the people that such answers are about were chosen, with the fields that tell whether they are there:
-- the fifth part of `text`, [[how, [field, …]], …]. Without such people there is no such part.
ALTER TABLE control.ledger_question
    ADD COLUMN chosen jsonb NOT NULL GENERATED ALWAYS AS (coalesce(text::jsonb -> 4, '[]')) STORED;
-- How many people were asked about, for each part of `chosen`. Null in entries from before this column: their
-- hashes do not cover it.
ALTER TABLE control.ledger_entry ADD COLUMN asked integer[];

CREATE OR REPLACE VIEW control.disclosure AS
SELECT e.at, e.stream, e.number, e.request, e.client, e.outcome, e.counts, e.people,
       q.purpose, q.policy, q.fields, e.asked, q.chosen
FROM control.ledger_entry e JOIN control.ledger_question q ON q.key = e.question;

CREATE OR REPLACE VIEW control.own_disclosure AS
SELECT p.store, p.account_id, e.at, e.stream, e.number, e.request, e.client, e.outcome, e.counts,
       array_positions(e.people, p.reference) AS positions, q.purpose, q.policy, q.fields, e.asked, q.chosen
FROM control.ledger_person p
JOIN control.ledger_entry e ON e.people @> ARRAY[p.reference]
JOIN control.ledger_question q ON q.key = e.question;

-- How many people a client may ask about in an hour, there or not, beside how many it may receive.
ALTER TABLE control.quota ADD COLUMN questions_per_hour integer CHECK (questions_per_hour > 0);
ALTER TABLE control.quota_hour ADD COLUMN questions bigint NOT NULL DEFAULT 0;

-- How many more people the answers of a process may name: room in the quota that no other process has. It is
-- taken before a store is asked, so no answer is refused for the people in it.
CREATE TABLE control.quota_room (
    client  text NOT NULL,
    process bytea NOT NULL CHECK (octet_length(process) = 8),
    people  bigint NOT NULL CHECK (people > 0),
    until   timestamptz NOT NULL,
    PRIMARY KEY (client, process)
);

-- What the client used in this hour. Its row is locked: whoever counts for the same client waits here.
CREATE FUNCTION control.quota_of_hour(of_client text) RETURNS control.quota_hour
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    this_hour timestamptz := date_trunc('hour', clock_timestamp(), 'UTC');
    known control.quota_hour;
BEGIN
    INSERT INTO control.quota_hour AS kept (client, hour, people) VALUES (of_client, this_hour, 0)
    ON CONFLICT (client) DO UPDATE SET hour = kept.hour RETURNING kept.* INTO known;
    IF known.hour < this_hour THEN
        DELETE FROM control.quota_person WHERE client = of_client;
        DELETE FROM control.quota_room WHERE client = of_client;
        UPDATE control.quota_hour SET hour = this_hour, people = 0, questions = 0 WHERE client = of_client
        RETURNING * INTO known;
    END IF;
    RETURN known;
END $$;

-- Take so many questions out of the client's hour, fewer if there are no more; a negative number gives some
-- back. And hold room for so many people in all, or for as many as there is.
CREATE FUNCTION control.take_people_quota(
    of_client text, of_process bytea, wanted bigint, most_questions integer, wanted_room bigint,
    most_people integer, lasts interval, OUT of_hour timestamptz, OUT taken bigint, OUT room bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    known control.quota_hour := control.quota_of_hour(of_client);
    others bigint;
BEGIN
    of_hour := known.hour;
    taken := least(wanted, greatest(0, most_questions - known.questions));
    IF taken <> 0 THEN
        UPDATE control.quota_hour SET questions = greatest(0, questions + taken) WHERE client = of_client;
    END IF;
    SELECT coalesce(sum(people), 0) INTO others FROM control.quota_room
        WHERE client = of_client AND process <> of_process AND until > clock_timestamp();
    room := least(wanted_room, most_people - known.people - others);
    IF room > 0 THEN
        INSERT INTO control.quota_room VALUES (of_client, of_process, room, clock_timestamp() + lasts)
        ON CONFLICT (client, process) DO UPDATE SET people = excluded.people, until = excluded.until;
    ELSE
        room := 0;
        DELETE FROM control.quota_room WHERE client = of_client AND process = of_process;
    END IF;
END $$;

-- Count people that an answer names, each once in the hour; how many are new. Their room is used up.
CREATE FUNCTION control.charge_people(of_client text, of_process bytea, people_named bigint[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    added bigint;
BEGIN
    PERFORM control.quota_of_hour(of_client);
    INSERT INTO control.quota_person SELECT of_client, unnest(people_named) ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS added = ROW_COUNT;
    UPDATE control.quota_hour SET people = people + added WHERE client = of_client;
    DELETE FROM control.quota_room WHERE client = of_client AND process = of_process AND people <= added;
    UPDATE control.quota_room SET people = people - added WHERE client = of_client AND process = of_process;
    RETURN added;
END $$;
REVOKE ALL ON FUNCTION control.quota_of_hour, control.take_people_quota, control.charge_people FROM PUBLIC;
