-- Refused and slow requests, counted by the hour. No value of a request, no document, nobody's number.

CREATE TABLE control.request_tally (
    hour       timestamptz NOT NULL,
    client     text NOT NULL,
    purpose    text NOT NULL,
    what       text NOT NULL,
    requests   bigint NOT NULL CHECK (requests > 0),
    longest_ms bigint NOT NULL CHECK (longest_ms >= 0),
    request    text NOT NULL,
    PRIMARY KEY (hour, client, purpose, what)
);

-- All that its writer may do: add what a process counted, and let go of what is older than a year.
-- In the order of the key, so that two processes wait for each other and never in a circle.
CREATE FUNCTION control.note_requests(
    hours timestamptz[], clients text[], purposes text[], whats text[], counts bigint[], longest bigint[],
    last_requests text[]
) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO control.request_tally AS known (hour, client, purpose, what, requests, longest_ms, request)
    SELECT * FROM unnest(hours, clients, purposes, whats, counts, longest, last_requests)
        AS counted (hour, client, purpose, what, requests, longest_ms, request)
    ORDER BY hour, client, purpose, what
    ON CONFLICT (hour, client, purpose, what) DO UPDATE SET
        requests = known.requests + excluded.requests,
        longest_ms = greatest(known.longest_ms, excluded.longest_ms),
        request = excluded.request;
    DELETE FROM control.request_tally WHERE hour < now() - interval '400 days'
$$;
REVOKE ALL ON FUNCTION control.note_requests FROM PUBLIC;
