-- Who accepted which terms, and when: the 30 days to object in began there in 2016.
CREATE TABLE messenger.terms_acceptance (
    account_id  bigint NOT NULL,
    version     text COLLATE "C" NOT NULL CHECK (version <> ''),
    accepted_at timestamptz(0) NOT NULL,
    PRIMARY KEY (account_id, version),
    CONSTRAINT terms_acceptance_account FOREIGN KEY (account_id) REFERENCES messenger.account ON DELETE CASCADE
);

-- purposes is what is in force: what the member objected to, and what a regulator suspended. objected is
-- the first alone; null where nobody said (a row that was loaded): then all of it. version: see control/0003.
ALTER TABLE messenger.restriction ADD COLUMN objected integer CHECK (objected >= 0 AND objected & ~purposes = 0);
ALTER TABLE messenger.restriction ADD COLUMN version bigint NOT NULL DEFAULT 0;

-- For which purposes a regulator suspended the use of the data of a country's members, now.
CREATE TABLE messenger.suspended (
    country_code text COLLATE "C" PRIMARY KEY CHECK (country_code ~ '^[A-Z]{2}$'),
    purposes     integer NOT NULL CHECK (purposes > 0)
);

-- Members whose country began or ceased to be suspended by their own arrival or move: the other store
-- knows no countries, and is told by the gateway. stamp: a member who moves again while being placed
-- stays here.
CREATE TABLE messenger.unplaced (
    account_id bigint PRIMARY KEY,
    stamp      xid8 NOT NULL DEFAULT pg_current_xact_id()
);

-- A change of restriction reaches every copy in the transaction that makes it; one statement for
-- however many members, or a country of a million would take an hour. It replaces the trigger of 0002.
DROP TRIGGER spread_restriction ON messenger.restriction;
CREATE OR REPLACE FUNCTION messenger.spread_restriction() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kept integer := CASE WHEN TG_OP = 'DELETE' THEN 0 ELSE -1 END;
BEGIN
    -- A transaction with a view of its own does not see what was committed since, lock or no lock.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'only read committed transactions may do this';
    END IF;
    UPDATE messenger.account t SET restricted = c.purposes & kept
    FROM changed c WHERE t.id = c.account_id AND t.restricted <> c.purposes & kept;
    UPDATE messenger.phone_lookup t SET restricted = c.purposes & kept
    FROM changed c WHERE t.account_id = c.account_id AND t.restricted <> c.purposes & kept;
    UPDATE messenger.daily_usage t SET restricted = c.purposes & kept
    FROM changed c WHERE t.account_id = c.account_id AND t.restricted <> c.purposes & kept;
    UPDATE messenger.contact t SET restricted = c.purposes & kept
    FROM changed c WHERE t.account_id = c.account_id AND t.restricted <> c.purposes & kept;
    RETURN NULL;
END $$;
CREATE TRIGGER spread_restriction_of_new AFTER INSERT ON messenger.restriction
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION messenger.spread_restriction();
CREATE TRIGGER spread_restriction_of_changed AFTER UPDATE ON messenger.restriction
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION messenger.spread_restriction();
CREATE TRIGGER spread_restriction_of_gone AFTER DELETE ON messenger.restriction
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION messenger.spread_restriction();

-- Whoever joins or moves to a suspended country is restricted at once. The first lock makes them wait
-- for a suspension that is being written, and the reverse. The second is taken before any other on
-- that table, so that two who join and bring their address books do not wait for each other.
CREATE FUNCTION messenger.inherit_suspension() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'only read committed transactions may do this';
    END IF;
    LOCK TABLE messenger.suspended IN SHARE MODE;
    IF NOT EXISTS (SELECT FROM messenger.suspended) THEN
        RETURN NULL;
    END IF;
    LOCK TABLE messenger.restriction IN SHARE ROW EXCLUSIVE MODE;
    INSERT INTO messenger.unplaced (account_id)
    SELECT n.id FROM new_rows n JOIN messenger.suspended s ON s.country_code = n.country_code
    ON CONFLICT (account_id) DO UPDATE SET stamp = excluded.stamp;
    INSERT INTO messenger.restriction AS r (account_id, purposes, objected)
    SELECT n.id, s.purposes, 0 FROM new_rows n JOIN messenger.suspended s ON s.country_code = n.country_code
    ON CONFLICT (account_id) DO UPDATE SET
        objected = coalesce(r.objected, r.purposes), purposes = r.purposes | excluded.purposes
    WHERE r.purposes | excluded.purposes <> r.purposes;
    RETURN NULL;
END $$;
CREATE TRIGGER inherit_suspension AFTER INSERT ON messenger.account
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION messenger.inherit_suspension();

CREATE FUNCTION messenger.move_country() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'only read committed transactions may do this';
    END IF;
    LOCK TABLE messenger.suspended IN SHARE MODE;
    IF NOT EXISTS (SELECT FROM messenger.suspended s WHERE s.country_code IN (OLD.country_code, NEW.country_code)) THEN
        RETURN NULL;
    END IF;
    LOCK TABLE messenger.restriction IN SHARE ROW EXCLUSIVE MODE;
    INSERT INTO messenger.unplaced (account_id) VALUES (NEW.id)
    ON CONFLICT (account_id) DO UPDATE SET stamp = excluded.stamp;
    INSERT INTO messenger.restriction AS r (account_id, purposes, objected)
    SELECT NEW.id, s.purposes, 0 FROM messenger.suspended s WHERE s.country_code = NEW.country_code
    ON CONFLICT (account_id) DO UPDATE SET
        objected = coalesce(r.objected, r.purposes), purposes = r.purposes | excluded.purposes
    WHERE r.purposes | excluded.purposes <> r.purposes;
    RETURN NULL;
END $$;
CREATE TRIGGER move_country AFTER UPDATE OF country_code ON messenger.account
    FOR EACH ROW WHEN (OLD.country_code <> NEW.country_code) EXECUTE FUNCTION messenger.move_country();

-- The only way for the gateway to write restrictions. For each member: what their events say (null: there
-- are none, and what was loaded stays), and what is suspended for them. Unless it opens, nothing is taken
-- from what is in force. How many of them are still restricted for more than that is the result.
CREATE FUNCTION messenger.restrict(members bigint[], objections integer[], suspensions integer[], at_version bigint, opens boolean)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    more bigint;
BEGIN
    INSERT INTO messenger.restriction (account_id, purposes, objected, version)
    SELECT n.id, coalesce(n.objected, 0) | n.suspended, coalesce(n.objected, 0), at_version
    FROM unnest(members, objections, suspensions) AS n(id, objected, suspended)
    JOIN messenger.account a ON a.id = n.id
    WHERE coalesce(n.objected, 0) | n.suspended <> 0
    ORDER BY n.id
    ON CONFLICT (account_id) DO NOTHING;
    UPDATE messenger.restriction r
    SET purposes = w.purposes | CASE WHEN opens THEN 0 ELSE r.purposes END,
        objected = w.objected | CASE WHEN opens THEN 0 ELSE coalesce(r.objected, 0) END,
        version = at_version
    FROM (
        SELECT o.account_id, coalesce(n.objected, o.objected, o.purposes) AS objected,
               coalesce(n.objected, o.objected, o.purposes) | n.suspended AS purposes
        FROM unnest(members, objections, suspensions) AS n(id, objected, suspended)
        JOIN messenger.restriction o ON o.account_id = n.id
    ) w
    WHERE r.account_id = w.account_id AND r.version <= at_version
      AND (r.purposes, r.objected) IS DISTINCT FROM (w.purposes, w.objected);
    SELECT count(*) INTO more
    FROM unnest(members, objections, suspensions) AS n(id, objected, suspended)
    JOIN messenger.restriction r ON r.account_id = n.id
    WHERE r.version <= at_version AND r.purposes <> coalesce(n.objected, r.objected, r.purposes) | n.suspended;
    RETURN more;
END $$;
REVOKE ALL ON FUNCTION messenger.restrict FROM PUBLIC;

-- Exactly these countries are suspended from now on.
CREATE FUNCTION messenger.suspend(countries text[], bits integer[])
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM messenger.suspended WHERE country_code <> ALL (countries);
    INSERT INTO messenger.suspended AS s (country_code, purposes) SELECT * FROM unnest(countries, bits)
    ON CONFLICT (country_code) DO UPDATE SET purposes = excluded.purposes WHERE s.purposes <> excluded.purposes;
$$;
REVOKE ALL ON FUNCTION messenger.suspend FROM PUBLIC;
