-- How far this store follows the history of objections: see messenger/0012.

-- acknowledged: the objections of this member as control last wrote them; null where control has none. The
-- gateway alone writes it. `objected` is not enough: a loaded restriction has it, too, without any event.
ALTER TABLE social.restriction ADD COLUMN acknowledged integer CHECK (acknowledged >= 0);
CREATE INDEX restriction_acknowledged ON social.restriction (messenger_id) WHERE acknowledged > 0;

-- position, mark: the newest entry of control.history_mark that reached this store; the mark is drawn by lot,
-- so that two histories with equal positions differ. digest: the sum of digest_of over the restrictions that
-- control acknowledged, modulo 2^60. A sum, because concurrent writers may add to it in any order.
CREATE TABLE social.restriction_state (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    position bigint NOT NULL,
    mark     uuid,
    digest   bigint NOT NULL CHECK (digest >= 0 AND digest < 1152921504606846976)
);
INSERT INTO social.restriction_state (position, digest) VALUES (0, 0);

-- 60 bits of SHA-256, the same in every database and version; 0 for a member who objects to nothing.
CREATE FUNCTION social.digest_of(member bigint, bits integer) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN bits = 0 THEN 0 ELSE
        ('x0' || left(encode(sha256((member || ':' || bits)::bytea), 'hex'), 15))::bit(64)::bigint
    END
$$;
REVOKE ALL ON FUNCTION social.digest_of FROM PUBLIC;

-- What the table itself says of these members, and of all; purposes & acknowledged, because a restriction that
-- no longer covers what was acknowledged counts as lost. Two functions, so that the first always uses the key.
CREATE FUNCTION social.digest_of_rows(members bigint[]) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT mod(coalesce(sum(social.digest_of(r.messenger_id, r.purposes & r.acknowledged)), 0), 1152921504606846976)::bigint
    FROM social.restriction r WHERE r.acknowledged > 0 AND r.messenger_id = ANY (members)
$$;
REVOKE ALL ON FUNCTION social.digest_of_rows FROM PUBLIC;
CREATE FUNCTION social.digest_of_all_rows() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT mod(coalesce(sum(social.digest_of(r.messenger_id, r.purposes & r.acknowledged)), 0), 1152921504606846976)::bigint
    FROM social.restriction r WHERE r.acknowledged > 0
$$;
REVOKE ALL ON FUNCTION social.digest_of_all_rows FROM PUBLIC;

-- The newest entry of the history that this store has heard of. It never goes back.
CREATE FUNCTION social.note_position(at_position bigint, at_mark uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE social.restriction_state SET position = at_position, mark = at_mark WHERE position < at_position
$$;
REVOKE ALL ON FUNCTION social.note_position FROM PUBLIC;

-- The gateway's way to write restrictions: restrict, what it acknowledges, and the state, in one transaction.
-- The lock on the state comes first: two writers of different members would otherwise count each other out.
CREATE FUNCTION social.restrict_at(
    members bigint[], objections integer[], suspensions integer[], at_version bigint, opens boolean,
    at_position bigint, at_mark uuid
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    held bigint;
    more bigint;
BEGIN
    PERFORM FROM social.restriction_state FOR UPDATE;
    held := social.digest_of_rows(members);
    more := social.restrict(members, objections, suspensions, at_version, opens);
    UPDATE social.restriction r SET acknowledged = n.objected, version = at_version
    FROM unnest(members, objections) AS n(id, objected)
    WHERE r.messenger_id = n.id AND r.version <= at_version AND r.acknowledged IS DISTINCT FROM n.objected;
    UPDATE social.restriction_state
    SET digest = mod(digest + social.digest_of_rows(members) - held + 1152921504606846976, 1152921504606846976);
    PERFORM social.note_position(at_position, at_mark);
    RETURN more;
END $$;
REVOKE ALL ON FUNCTION social.restrict_at FROM PUBLIC;

-- After a load or a hand edit the row above no longer says what the table holds: say it again.
CREATE FUNCTION social.recount_restrictions() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    counted bigint;
BEGIN
    PERFORM FROM social.restriction_state FOR UPDATE;
    counted := social.digest_of_all_rows();
    UPDATE social.restriction_state SET digest = counted WHERE digest <> counted;
    RETURN FOUND;
END $$;
REVOKE ALL ON FUNCTION social.recount_restrictions FROM PUBLIC;

CREATE FUNCTION social.suspend_at(bits integer, at_position bigint, at_mark uuid)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT social.suspend(bits);
    SELECT social.note_position(at_position, at_mark);
$$;
REVOKE ALL ON FUNCTION social.suspend_at FROM PUBLIC;
