-- The token that was issued in this one's place: until this one expires, both work.
ALTER TABLE control.token
    ADD COLUMN replaced_by bigint UNIQUE REFERENCES control.token CHECK (replaced_by <> id);

-- When each was last used. Not a column of control.token: each writing of that makes every process read
-- all of its tokens anew.
CREATE TABLE control.token_use (
    token_id     bigint PRIMARY KEY REFERENCES control.token ON DELETE CASCADE,
    last_used_at timestamptz NOT NULL
);

-- All that its writer may do. A time never goes back and never lies ahead, whatever a process' clock says.
-- In the order of the numbers, so that two processes wait for each other and never in a circle.
CREATE FUNCTION control.note_token_use(tokens bigint[], times timestamptz[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO control.token_use AS known (token_id, last_used_at)
    SELECT token.id, least(max(used.at), now())
    FROM unnest(tokens, times) AS used (id, at) JOIN control.token ON token.id = used.id
    GROUP BY token.id ORDER BY token.id
    ON CONFLICT (token_id) DO UPDATE SET last_used_at = greatest(known.last_used_at, excluded.last_used_at)
$$;
REVOKE ALL ON FUNCTION control.note_token_use FROM PUBLIC;
