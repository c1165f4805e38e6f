-- With what the gateway compares each store before it believes it: see messenger/0012.

-- Every entry is committed before its position is written into a store. So a store never holds a mark that is
-- not here, unless this database was restored from a backup that is older than the store. Not the sequence
-- restriction_version: a sequence runs up to 32 ahead after a crash, and would hide a short loss.
CREATE TABLE control.history_mark (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mark     uuid NOT NULL DEFAULT gen_random_uuid(),
    made_at  timestamptz NOT NULL DEFAULT now()
);

-- What both stores must acknowledge: the sum of digest_of over the folds of all members' events, modulo 2^60.
-- events: how many there are; whoever reads the row twice sees whether any came in between.
CREATE TABLE control.objection_digest (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    digest   bigint NOT NULL CHECK (digest >= 0 AND digest < 1152921504606846976),
    events   bigint NOT NULL
);

CREATE FUNCTION control.digest_of(member bigint, bits integer) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN bits = 0 THEN 0 ELSE
        ('x0' || left(encode(sha256((member || ':' || bits)::bytea), 'hex'), 15))::bit(64)::bigint
    END
$$;
REVOKE ALL ON FUNCTION control.digest_of FROM PUBLIC;

-- The bits of schema/purposes.py to which the member objected, as of that event.
CREATE FUNCTION control.fold_of(member bigint, until bigint) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(sum(CASE purpose WHEN 'ADS_PERSONALIZATION' THEN 1 ELSE 2 END) FILTER (WHERE kind = 'OBJECT'), 0)::integer
    FROM (
        SELECT DISTINCT ON (purpose) purpose, kind
        FROM control.objection_event, unnest(purposes) AS purpose
        WHERE account_id = member AND id <= until
        ORDER BY purpose, id DESC
    ) latest
$$;
REVOKE ALL ON FUNCTION control.fold_of FROM PUBLIC;

CREATE FUNCTION control.count_objection() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE control.objection_digest SET events = events + 1, digest = mod(
        digest + 1152921504606846976
        + control.digest_of(NEW.account_id, control.fold_of(NEW.account_id, NEW.id))
        - control.digest_of(NEW.account_id, control.fold_of(NEW.account_id, NEW.id - 1)),
        1152921504606846976);
    RETURN NULL;
END $$;
CREATE TRIGGER count_objection AFTER INSERT ON control.objection_event
    FOR EACH ROW EXECUTE FUNCTION control.count_objection();

-- From all events, after a load or an erasure; whether the row was wrong. The caller holds the lock of all
-- members, or an objection that is being recorded would be counted twice or not at all.
CREATE FUNCTION control.recount_objections() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    counted bigint;
    number bigint;
BEGIN
    PERFORM FROM control.objection_digest FOR UPDATE;
    SELECT mod(coalesce(sum(control.digest_of(account_id, bits)), 0), 1152921504606846976) INTO counted
    FROM (
        SELECT account_id, sum(CASE purpose WHEN 'ADS_PERSONALIZATION' THEN 1 ELSE 2 END)::integer AS bits
        FROM (
            SELECT DISTINCT ON (account_id, purpose) account_id, purpose, kind
            FROM control.objection_event, unnest(purposes) AS purpose
            ORDER BY account_id, purpose, id DESC
        ) latest
        WHERE kind = 'OBJECT' GROUP BY account_id
    ) folds;
    SELECT count(*) INTO number FROM control.objection_event;
    UPDATE control.objection_digest SET digest = counted, events = number
    WHERE (digest, events) IS DISTINCT FROM (counted, number);
    RETURN FOUND;
END $$;
REVOKE ALL ON FUNCTION control.recount_objections FROM PUBLIC;

INSERT INTO control.objection_digest (digest, events) VALUES (0, 0);
SELECT control.recount_objections();

-- acknowledged: up to where the gateway knows that the store holds the history. The other columns say which
-- server was found to hold all of it: a restored database has another number, a promoted replica another
-- timeline. Null until then. tokens: the revision of control.token that the store's position covers.
CREATE TABLE control.store_state (
    store             text PRIMARY KEY CHECK (store IN ('messenger', 'social')),
    acknowledged      bigint NOT NULL DEFAULT 0,
    system_identifier bigint,
    timeline          integer,
    database          bigint,
    verified_at       timestamptz,
    tokens            bigint NOT NULL DEFAULT 0
);
INSERT INTO control.store_state (store) VALUES ('messenger'), ('social');

-- That this database was found to be older than a store. Until rebuilt_at, what the stores know and this
-- database lost is not written here again. Tokens up to last_token may have been revoked in what was lost:
-- none is accepted until control.token says that it was confirmed since.
CREATE TABLE control.restoration (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    found_at     timestamptz NOT NULL DEFAULT now(),
    last_token   bigint NOT NULL,
    rebuilt_at   timestamptz
);
ALTER TABLE control.token ADD COLUMN confirmed_at timestamptz;
CREATE TRIGGER bump_revision AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON control.restoration
    FOR EACH STATEMENT EXECUTE FUNCTION control.bump_revision();

-- Once, however many processes find it.
CREATE FUNCTION control.note_restoration() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    LOCK TABLE control.restoration IN SHARE ROW EXCLUSIVE MODE;
    INSERT INTO control.restoration (last_token)
    SELECT coalesce(max(id), 0) FROM control.token
    HAVING NOT EXISTS (SELECT FROM control.restoration WHERE rebuilt_at IS NULL);
    RETURN FOUND;
END $$;
REVOKE ALL ON FUNCTION control.note_restoration FROM PUBLIC;
