-- Recalls tell a client only of data that it really received, and nothing about other clients.

-- The places whose fields hold data from the messenger: the sixth part of `text`, numbers from 0. Such a place
-- names a person only if the answer held such data of theirs. Entries from before have no such places.
ALTER TABLE control.ledger_question
    ADD COLUMN covered jsonb NOT NULL GENERATED ALWAYS AS (coalesce(text::jsonb -> 5, '[]')) STORED;

-- A client counts its own notices for each purpose. Earlier notices keep their numbers, and new ones follow
-- them, so that a number that a client keeps stays right. `id` counts all, and no client sees it.
DROP VIEW control.audited_recall CASCADE;
DROP FUNCTION control.read_recalls, control.acknowledge_recalls, control.issue_recalls, control.fields_told;
ALTER TABLE control.recall RENAME COLUMN number TO id;
DROP INDEX control.recall_of_client;
ALTER TABLE control.recall ADD COLUMN number bigint CHECK (number > 0);
UPDATE control.recall SET number = id;
ALTER TABLE control.recall ALTER COLUMN number SET NOT NULL, ADD UNIQUE (client, received_for, number);
-- The last number given. A notice may be deleted; its number is never given again.
CREATE TABLE control.recall_number (
    client       text NOT NULL,
    received_for text NOT NULL,
    last         bigint NOT NULL CHECK (last > 0),
    PRIMARY KEY (client, received_for)
);
INSERT INTO control.recall_number
SELECT client, received_for, max(number) FROM control.recall GROUP BY client, received_for;

-- The fields that an entry gives of the person at these positions among its people; with `places`, at these
-- places alone.
CREATE FUNCTION control.fields_told(fields jsonb, counts integer[], positions integer[], places jsonb)
RETURNS SETOF text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT DISTINCT field
    FROM (
        SELECT place, many, sum(many) OVER (ORDER BY place) - many AS before
        FROM unnest(counts) WITH ORDINALITY AS count(many, place)
    ) named
    JOIN unnest(positions) AS position ON position > before AND position <= before + many,
    jsonb_array_elements_text(fields -> (place - 1)::integer) AS field
    WHERE places IS NULL OR places @> to_jsonb(place - 1)
$$;

-- Issue the notices of these objections; how many. `links`: (objection, account on the social network that it
-- belongs to, day of the link, types and fields with data of another member on that account). `covered`: (what
-- is objected to, purpose that it stops). `under_way`: how long a request may take at the most.
--
-- An entry names an account of the messenger, or a covered place of the other account, only if that was in the
-- answer. So an answer after the objection names neither, and one that was under way then is found by its
-- data. From a withdrawal on the person is visible again: what is received then is not what this objection
-- is about.
CREATE FUNCTION control.issue_recalls(
    wanted bigint[], links jsonb, covered jsonb, under_way interval, until_due interval
) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    due bigint[];
    issued integer;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('gateway recalls'));
    -- Another process may have been faster.
    SELECT array_agg(event) INTO due FROM control.recall_search
        WHERE event = ANY (wanted) AND next_at <= clock_timestamp();
    WITH objected AS (
        SELECT v.id AS event, v.effective_at, c.objected_to, c.purpose, a.store, a.account_id, a.others,
               p.reference,
               -- Clients were notified of an earlier objection about what they had received until then.
               greatest(a.since, coalesce((
                   SELECT max(b.effective_at) FROM control.objection_event b
                   WHERE b.account_id = v.account_id AND b.id < v.id AND b.kind = 'OBJECT'
                     AND c.objected_to = ANY (b.purposes)
               ), '-infinity')) AS since,
               least(v.effective_at + under_way, (
                   SELECT min(w.effective_at) FROM control.objection_event w
                   WHERE w.account_id = v.account_id AND w.id > v.id AND w.kind = 'WITHDRAW'
                     AND c.objected_to = ANY (w.purposes)
               )) AS until
        FROM control.objection_event v
        JOIN jsonb_to_recordset(covered) AS c(objected_to text, purpose text)
            ON c.objected_to = ANY (v.purposes)
        CROSS JOIN LATERAL (
            SELECT 'messenger' AS store, v.account_id, '-infinity'::timestamptz AS since, '{}'::text[] AS others
            UNION ALL
            SELECT 'social', l.account, l.since::timestamp AT TIME ZONE 'UTC', l.others
            FROM jsonb_to_recordset(links) AS l(event bigint, account bigint, since date, others text[])
            WHERE l.event = v.id
        ) a
        JOIN control.ledger_person p ON (p.store, p.account_id) = (a.store, a.account_id)
        WHERE v.id = ANY (due)
    ),
    -- All people at once: a day that is not over yet has no index, and is read through.
    entry AS MATERIALIZED (
        SELECT * FROM control.ledger_entry
        WHERE people && (SELECT array_agg(DISTINCT reference) FROM objected)
    ),
    told AS (
        SELECT o.event, o.objected_to, o.effective_at, o.purpose, o.store, o.account_id, e.client, e.at,
               e.request, field
        FROM objected o
        JOIN entry e ON e.people @> ARRAY[o.reference] AND e.at >= o.since AND e.at < o.until
        JOIN control.ledger_question q ON q.key = e.question AND q.purpose = o.purpose
        CROSS JOIN LATERAL control.fields_told(
            q.fields, e.counts, array_positions(e.people, o.reference),
            CASE o.store WHEN 'social' THEN q.covered END
        ) AS field
        WHERE field <> ALL (o.others) AND split_part(field, '.', 1) <> ALL (o.others)
    ),
    notice AS (
        SELECT client, purpose, event, objected_to, effective_at, store, account_id,
               array_agg(DISTINCT field ORDER BY field) AS fields, count(DISTINCT request) AS answers,
               min(at) AS first_at, max(at) AS last_at, (array_agg(request ORDER BY at DESC))[1] AS request
        FROM told GROUP BY client, purpose, event, objected_to, effective_at, store, account_id
    ),
    fresh AS (
        SELECT n.*, row_number() OVER (
            PARTITION BY n.client, n.purpose ORDER BY n.event, n.store, n.account_id, n.objected_to
        ) AS place
        FROM notice n
        WHERE NOT EXISTS (
            SELECT FROM control.recall r
            WHERE (r.event, r.client, r.received_for, r.store, r.account_id)
                = (n.event, n.client, n.purpose, n.store, n.account_id) AND r.answers >= n.answers
        )
    ),
    added AS (
        INSERT INTO control.recall (
            client, received_for, event, objected_to, objected_at, store, account_id, fields, answers,
            first_at, last_at, last_request, due_at, number
        )
        SELECT n.client, n.purpose, n.event, n.objected_to, n.effective_at, n.store, n.account_id, n.fields,
               n.answers, n.first_at, n.last_at, n.request,
               -- Due by the end of a day: the time of an objection does not show in it.
               date_trunc('day', now() + until_due, 'UTC') + interval '1 day' - interval '1 microsecond',
               coalesce(k.last, 0) + n.place
        FROM fresh n LEFT JOIN control.recall_number k
            ON (k.client, k.received_for) = (n.client, n.purpose)
        ORDER BY n.event, n.client, n.purpose, n.store, n.account_id
        RETURNING client, received_for, number
    ),
    counted AS (
        INSERT INTO control.recall_number AS k (client, received_for, last)
        SELECT client, received_for, max(number) FROM added GROUP BY client, received_for
        ON CONFLICT (client, received_for) DO UPDATE SET last = excluded.last
    )
    SELECT count(*) INTO issued FROM added;
    DELETE FROM control.recall_search WHERE event = ANY (due) AND looked;
    UPDATE control.recall_search SET looked = true, next_at = clock_timestamp() + under_way
        WHERE event = ANY (due);
    IF issued > 0 THEN
        PERFORM pg_notify('gateway_recalls', '');
    END IF;
    RETURN issued;
END $$;

-- The notices to a client about what it received for a purpose, in order; they are delivered now. What says
-- when the person objected is a day.
CREATE FUNCTION control.read_recalls(
    of_client text, of_purpose text, after bigint, most integer, acknowledged boolean
) RETURNS TABLE (
    number bigint, received_for text, objected_to text, objected_on date, store text, account_id bigint,
    fields text[], answers bigint, first_at timestamptz, last_at timestamptz, last_request text,
    issued_on date, due_on date, acknowledged_at timestamptz
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    ids bigint[];
BEGIN
    ids := ARRAY(
        SELECT r.id FROM control.recall r
        WHERE r.client = of_client AND r.received_for = of_purpose AND r.number > after
          AND (acknowledged OR r.acknowledged_at IS NULL)
        ORDER BY r.number LIMIT most
    );
    UPDATE control.recall r SET delivered_at = now() WHERE r.id = ANY (ids) AND r.delivered_at IS NULL;
    RETURN QUERY
    SELECT r.number, r.received_for, r.objected_to, (r.objected_at AT TIME ZONE 'UTC')::date, r.store,
           r.account_id, r.fields, r.answers, r.first_at, r.last_at, r.last_request,
           (r.issued_at AT TIME ZONE 'UTC')::date, (r.due_at AT TIME ZONE 'UTC')::date, r.acknowledged_at
    FROM control.recall r WHERE r.id = ANY (ids) ORDER BY r.number;
END $$;

-- Which of these notices the client has acknowledged now or before. One that it never saw is unknown to it.
CREATE FUNCTION control.acknowledge_recalls(of_client text, of_purpose text, numbers bigint[])
RETURNS SETOF bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE control.recall SET acknowledged_at = coalesce(acknowledged_at, now())
    WHERE number = ANY (numbers) AND client = of_client AND received_for = of_purpose
      AND delivered_at IS NOT NULL
    RETURNING number
$$;
REVOKE ALL ON FUNCTION control.fields_told, control.issue_recalls, control.read_recalls,
    control.acknowledge_recalls FROM PUBLIC;

-- What audit reads of notices: nobody's name. With one, a client that tells the officer whom a notice is about
-- would name that person everywhere the name is used.
CREATE VIEW control.audited_recall AS
SELECT id AS number, client, received_for, objected_to, (objected_at AT TIME ZONE 'UTC')::date AS objected_on,
       fields, answers, (issued_at AT TIME ZONE 'UTC')::date AS issued_on,
       (due_at AT TIME ZONE 'UTC')::date AS due_on, (delivered_at AT TIME ZONE 'UTC')::date AS delivered_on,
       (acknowledged_at AT TIME ZONE 'UTC')::date AS acknowledged_on,
       acknowledged_at IS NULL AND due_at <= now() AS overdue
FROM control.recall;
