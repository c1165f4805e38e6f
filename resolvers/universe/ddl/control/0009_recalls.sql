-- Recalls: who received a person's data for what that person objected to since is told of the objection.

-- What is still to be looked for, and when: at once, and again when requests that were under way have ended.
CREATE TABLE control.recall_search (
    event   bigint PRIMARY KEY,
    next_at timestamptz NOT NULL DEFAULT now(),
    looked  boolean NOT NULL DEFAULT false
);
INSERT INTO control.recall_search (event) SELECT id FROM control.objection_event WHERE kind = 'OBJECT';

CREATE FUNCTION control.note_recall() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- Nothing that is kept for notices may stop an objection.
    INSERT INTO control.recall_search (event) VALUES (NEW.id)
    ON CONFLICT (event) DO UPDATE SET next_at = now(), looked = false;
    RETURN NULL;
END $$;
CREATE TRIGGER note_recall AFTER INSERT ON control.objection_event
    FOR EACH ROW WHEN (NEW.kind = 'OBJECT') EXECUTE FUNCTION control.note_recall();

-- One notice to one client. Numbers grow in the order of commit: one transaction at a time gives them.
-- `fields`, `answers`, `first_at`, `last_at`, `last_request`: what it received of that account for that purpose.
CREATE TABLE control.recall (
    number          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client          text NOT NULL,
    received_for    text NOT NULL,
    event           bigint NOT NULL,
    objected_to     text NOT NULL,
    objected_at     timestamptz NOT NULL,
    store           text NOT NULL CHECK (store IN ('messenger', 'social')),
    account_id      bigint NOT NULL CHECK (account_id >= 0),
    fields          text[] NOT NULL CHECK (cardinality(fields) > 0),
    answers         bigint NOT NULL CHECK (answers > 0),
    first_at        timestamptz NOT NULL,
    last_at         timestamptz NOT NULL,
    last_request    text NOT NULL,
    issued_at       timestamptz NOT NULL DEFAULT now(),
    due_at          timestamptz NOT NULL,
    delivered_at    timestamptz,
    acknowledged_at timestamptz CHECK (acknowledged_at >= delivered_at)
);
CREATE INDEX recall_of_client ON control.recall (client, received_for, number);
CREATE INDEX recall_open ON control.recall (due_at) WHERE acknowledged_at IS NULL;
CREATE INDEX recall_of_event ON control.recall (event);

-- The fields that an entry of the ledger tells of whoever stands at these positions among its people.
CREATE FUNCTION control.fields_told(fields jsonb, counts integer[], positions integer[]) RETURNS SETOF text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT DISTINCT field
    FROM (
        SELECT place, many, sum(many) OVER (ORDER BY place) - many AS before
        FROM unnest(counts) WITH ORDINALITY AS count(many, place)
    ) stands
    JOIN unnest(positions) AS position ON position > before AND position <= before + many,
    jsonb_array_elements_text(fields -> (place - 1)::integer) AS field
$$;

CREATE FUNCTION control.wanted_recalls() RETURNS TABLE (event bigint, account_id bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT v.id, v.account_id FROM control.recall_search s JOIN control.objection_event v ON v.id = s.event
    WHERE s.next_at <= now() ORDER BY v.id LIMIT 1000
$$;

-- Issue the notices of these objections; how many. `links`: accounts on the social network, each with the
-- objection that it belongs to. `covered`: (what is objected to, purpose that it stops, fields of the social
-- network's accounts that come from the messenger). `under_way`: how long a request may take at the most.
CREATE FUNCTION control.issue_recalls(
    wanted bigint[], linked_events bigint[], linked_accounts bigint[], covered jsonb, under_way interval,
    until_due interval
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
        SELECT v.id AS event, v.effective_at, c.objected_to, c.purpose, c.fields AS derived,
               a.store, a.account_id, p.reference,
               -- Who was told of an earlier objection was told of what had been received until then.
               coalesce((
                   SELECT max(b.effective_at) FROM control.objection_event b
                   WHERE b.account_id = v.account_id AND b.id < v.id AND b.kind = 'OBJECT'
                     AND c.objected_to = ANY (b.purposes)
               ), '-infinity') AS since
        FROM control.objection_event v
        JOIN jsonb_to_recordset(covered) AS c(objected_to text, purpose text, fields text[])
            ON c.objected_to = ANY (v.purposes)
        CROSS JOIN LATERAL (
            SELECT 'messenger' AS store, v.account_id
            UNION ALL
            SELECT 'social', l.account FROM unnest(linked_events, linked_accounts) AS l(event, account)
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
        JOIN entry e ON e.people @> ARRAY[o.reference] AND e.at >= o.since
            AND e.at < o.effective_at + under_way
        JOIN control.ledger_question q ON q.key = e.question AND q.purpose = o.purpose
        CROSS JOIN LATERAL
            control.fields_told(q.fields, e.counts, array_positions(e.people, o.reference)) AS field
        WHERE o.store = 'messenger' OR field = ANY (o.derived)
    ),
    notice AS (
        SELECT client, purpose, event, objected_to, effective_at, store, account_id,
               array_agg(DISTINCT field ORDER BY field) AS fields, count(DISTINCT request) AS answers,
               min(at) AS first_at, max(at) AS last_at, (array_agg(request ORDER BY at DESC))[1] AS request
        FROM told GROUP BY client, purpose, event, objected_to, effective_at, store, account_id
    )
    INSERT INTO control.recall (
        client, received_for, event, objected_to, objected_at, store, account_id, fields, answers, first_at,
        last_at, last_request, due_at
    )
    SELECT n.client, n.purpose, n.event, n.objected_to, n.effective_at, n.store, n.account_id, n.fields,
           n.answers, n.first_at, n.last_at, n.request, now() + until_due
    FROM notice n
    WHERE NOT EXISTS (
        SELECT FROM control.recall r
        WHERE (r.event, r.client, r.received_for, r.store, r.account_id)
            = (n.event, n.client, n.purpose, n.store, n.account_id) AND r.answers >= n.answers
    )
    ORDER BY n.event, n.client, n.purpose, n.store, n.account_id;
    GET DIAGNOSTICS issued = ROW_COUNT;
    DELETE FROM control.recall_search WHERE event = ANY (due) AND looked;
    UPDATE control.recall_search SET looked = true, next_at = clock_timestamp() + under_way
        WHERE event = ANY (due);
    IF issued > 0 THEN
        PERFORM pg_notify('gateway_recalls', '');
    END IF;
    RETURN issued;
END $$;

-- The notices to a client about what it received for a purpose, in order; they are delivered now.
CREATE FUNCTION control.read_recalls(
    of_client text, of_purpose text, after bigint, most integer, acknowledged boolean
) RETURNS SETOF control.recall LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    numbers bigint[];
BEGIN
    numbers := ARRAY(
        SELECT number FROM control.recall
        WHERE client = of_client AND received_for = of_purpose AND number > after
          AND (acknowledged OR acknowledged_at IS NULL)
        ORDER BY number LIMIT most
    );
    UPDATE control.recall SET delivered_at = now() WHERE number = ANY (numbers) AND delivered_at IS NULL;
    RETURN QUERY SELECT * FROM control.recall WHERE number = ANY (numbers) ORDER BY number;
END $$;

-- Which of these notices the client has acknowledged now or before. One that it never saw is unknown to it.
CREATE FUNCTION control.acknowledge_recalls(of_client text, of_purpose text, numbers bigint[])
RETURNS SETOF bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE control.recall SET acknowledged_at = coalesce(acknowledged_at, now())
    WHERE number = ANY (numbers) AND client = of_client AND received_for = of_purpose
      AND delivered_at IS NOT NULL
    RETURNING number
$$;
REVOKE ALL ON FUNCTION control.fields_told, control.wanted_recalls, control.issue_recalls,
    control.read_recalls, control.acknowledge_recalls FROM PUBLIC;

-- What audit reads: people under the ledger's references.
CREATE VIEW control.audited_recall AS
SELECT r.number, r.client, r.received_for, r.objected_to, r.objected_at, p.reference AS person, r.fields,
       r.answers, r.issued_at, r.due_at, r.delivered_at, r.acknowledged_at
FROM control.recall r LEFT JOIN control.ledger_person p USING (store, account_id);
