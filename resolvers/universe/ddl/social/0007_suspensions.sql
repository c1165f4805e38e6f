-- Objections and suspensions apart, and no late writing: as in messenger/0004.
ALTER TABLE social.restriction ADD COLUMN objected integer CHECK (objected >= 0 AND objected & ~purposes = 0);
ALTER TABLE social.restriction ADD COLUMN version bigint NOT NULL DEFAULT 0;

-- Everything that is suspended for any country now. This store knows no countries: whoever it hears of
-- for the first time is restricted for all of it, until the gateway has asked the messenger.
CREATE TABLE social.suspended (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    purposes integer NOT NULL CHECK (purposes > 0)
);
CREATE TABLE social.unplaced (
    messenger_id bigint PRIMARY KEY,
    stamp        xid8 NOT NULL DEFAULT pg_current_xact_id()
);

DROP TRIGGER spread_restriction ON social.restriction;
CREATE OR REPLACE FUNCTION social.spread_restriction() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kept integer := CASE WHEN TG_OP = 'DELETE' THEN 0 ELSE -1 END;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'only read committed transactions may do this';
    END IF;
    UPDATE social.messenger_link t SET restricted = c.purposes & kept
    FROM changed c JOIN social.messenger_lookup k ON k.messenger_id = c.messenger_id
    WHERE t.account_id = k.account_id AND t.restricted <> c.purposes & kept;
    UPDATE social.messenger_lookup t SET restricted = c.purposes & kept
    FROM changed c WHERE t.messenger_id = c.messenger_id AND t.restricted <> c.purposes & kept;
    UPDATE social.phone_binding t SET restricted = c.purposes & kept
    FROM changed c WHERE t.messenger_id = c.messenger_id AND t.restricted <> c.purposes & kept;
    RETURN NULL;
END $$;
CREATE TRIGGER spread_restriction_of_new AFTER INSERT ON social.restriction
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION social.spread_restriction();
CREATE TRIGGER spread_restriction_of_changed AFTER UPDATE ON social.restriction
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION social.spread_restriction();
CREATE TRIGGER spread_restriction_of_gone AFTER DELETE ON social.restriction
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION social.spread_restriction();

-- What is in force for members of the messenger whose rows arrive; notes those whom this store does not
-- know while anything is suspended. The caller holds both tables in SHARE MODE.
CREATE FUNCTION social.restrictions_of(members bigint[]) RETURNS TABLE (messenger_id bigint, purposes integer)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO social.unplaced (messenger_id)
    SELECT DISTINCT m FROM unnest(members) m, social.suspended
    WHERE m IS NOT NULL AND NOT EXISTS (SELECT FROM social.restriction r WHERE r.messenger_id = m)
    ON CONFLICT ON CONSTRAINT unplaced_pkey DO UPDATE SET stamp = excluded.stamp;
    RETURN QUERY
    SELECT m, coalesce(r.purposes, s.purposes)
    FROM (SELECT DISTINCT unnest(members) AS m) n
    LEFT JOIN social.restriction r ON r.messenger_id = m
    LEFT JOIN social.suspended s ON true
    WHERE m IS NOT NULL AND coalesce(r.purposes, s.purposes) <> 0;
END $$;
REVOKE ALL ON FUNCTION social.restrictions_of FROM PUBLIC;

CREATE OR REPLACE FUNCTION social.inherit_restriction() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'only read committed transactions may do this';
    END IF;
    LOCK TABLE social.restriction, social.suspended IN SHARE MODE;
    IF TG_TABLE_NAME = 'phone_binding' THEN
        UPDATE social.phone_binding t SET restricted = r.purposes
        FROM social.restrictions_of(ARRAY(SELECT n.messenger_id FROM new_rows n)) r
        WHERE r.messenger_id = t.messenger_id AND t.restricted <> r.purposes
          AND (t.account_id, t.source, t.number) IN (SELECT n.account_id, n.source, n.number FROM new_rows n);
    ELSE
        INSERT INTO social.messenger_lookup (messenger_id, account_id, restricted)
        SELECT n.messenger_id, n.account_id, coalesce(r.purposes, 0)
        FROM new_rows n
        LEFT JOIN social.restrictions_of(ARRAY(SELECT n.messenger_id FROM new_rows n)) r USING (messenger_id);
        UPDATE social.messenger_link t SET restricted = k.restricted
        FROM social.messenger_lookup k
        WHERE k.account_id = t.account_id AND t.restricted <> k.restricted
          AND t.account_id IN (SELECT n.account_id FROM new_rows n);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION social.restrict(members bigint[], objections integer[], suspensions integer[], at_version bigint, opens boolean)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    more bigint;
BEGIN
    -- Whoever was unknown has copies without a row here: they need one, for nothing too.
    INSERT INTO social.restriction (messenger_id, purposes, objected, version)
    SELECT n.id, coalesce(n.objected, 0) | n.suspended, coalesce(n.objected, 0), at_version
    FROM unnest(members, objections, suspensions) AS n(id, objected, suspended)
    WHERE coalesce(n.objected, 0) | n.suspended <> 0
       OR (opens AND EXISTS (SELECT FROM social.unplaced u WHERE u.messenger_id = n.id))
    ORDER BY n.id
    ON CONFLICT (messenger_id) DO NOTHING;
    UPDATE social.restriction r
    SET purposes = w.purposes | CASE WHEN opens THEN 0 ELSE r.purposes END,
        objected = w.objected | CASE WHEN opens THEN 0 ELSE coalesce(r.objected, 0) END,
        version = at_version
    FROM (
        SELECT o.messenger_id, coalesce(n.objected, o.objected, o.purposes) AS objected,
               coalesce(n.objected, o.objected, o.purposes) | n.suspended AS purposes
        FROM unnest(members, objections, suspensions) AS n(id, objected, suspended)
        JOIN social.restriction o ON o.messenger_id = n.id
    ) w
    WHERE r.messenger_id = w.messenger_id AND r.version <= at_version
      AND (r.purposes, r.objected) IS DISTINCT FROM (w.purposes, w.objected);
    SELECT count(*) INTO more
    FROM unnest(members, objections, suspensions) AS n(id, objected, suspended)
    JOIN social.restriction r ON r.messenger_id = n.id
    WHERE r.version <= at_version AND r.purposes <> coalesce(n.objected, r.objected, r.purposes) | n.suspended;
    RETURN more;
END $$;
REVOKE ALL ON FUNCTION social.restrict FROM PUBLIC;

-- Whoever is unknown is restricted for this from now on; 0 for nothing.
CREATE FUNCTION social.suspend(bits integer)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM social.suspended WHERE purposes <> bits;
    INSERT INTO social.suspended (purposes) SELECT bits WHERE bits <> 0 ON CONFLICT DO NOTHING;
$$;
REVOKE ALL ON FUNCTION social.suspend FROM PUBLIC;
