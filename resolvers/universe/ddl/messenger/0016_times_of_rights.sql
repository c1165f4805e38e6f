-- A time that decides a right is never rounded up. `timestamptz(0)` turned 2016-08-24T23:59:59.5Z into the 25th,
-- and took from the member the right to object.

-- Views that read the columns stand in the way of the change. `gateway universe --apply` makes them again.
DO $$
DECLARE
    dependent text;
BEGIN
    FOR dependent IN
        SELECT DISTINCT format('%I.%I', n.nspname, c.relname)
        FROM pg_depend d
        JOIN pg_rewrite r ON r.oid = d.objid
        JOIN pg_class c ON c.oid = r.ev_class AND c.relkind = 'v'
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
          AND d.refobjid IN ('messenger.account'::regclass, 'messenger.terms_acceptance'::regclass)
    LOOP
        EXECUTE 'DROP VIEW IF EXISTS ' || dependent || ' CASCADE';
    END LOOP;
END $$;
-- More precision: no row is rewritten.
ALTER TABLE messenger.account ALTER COLUMN registered_at TYPE timestamptz;
-- Kept to the microsecond: the 30 days begin with it, and cut short they would end too early.
ALTER TABLE messenger.terms_acceptance ALTER COLUMN accepted_at TYPE timestamptz;

-- Cut to the second, as the answers and cursors tell it: a fraction would be in the order but in no cursor.
CREATE FUNCTION messenger.cut_registration() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.registered_at := date_trunc('second', NEW.registered_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION messenger.cut_registration FROM PUBLIC;
CREATE TRIGGER cut_registration BEFORE INSERT OR UPDATE OF registered_at ON messenger.account
    FOR EACH ROW WHEN (date_trunc('second', NEW.registered_at AT TIME ZONE 'UTC') <> NEW.registered_at AT TIME ZONE 'UTC')
    EXECUTE FUNCTION messenger.cut_registration();
-- Rows that arrive by replication are cut, too.
ALTER TABLE messenger.account ENABLE ALWAYS TRIGGER cut_registration;
-- Where the trigger is off, a fraction is refused instead.
ALTER TABLE messenger.account ADD CONSTRAINT account_registered_at_whole
    CHECK (date_trunc('second', registered_at AT TIME ZONE 'UTC') = registered_at AT TIME ZONE 'UTC');
