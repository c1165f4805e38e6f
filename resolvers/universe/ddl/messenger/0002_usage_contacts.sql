-- What the messenger knows of its use, and its members' address books.

-- One row a day on which the member sent something. restricted: copy of the owner's restriction.
CREATE TABLE messenger.daily_usage (
    account_id    bigint NOT NULL,
    day           date NOT NULL,
    messages_sent integer NOT NULL CHECK (messages_sent > 0),
    restricted    integer NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, day) INCLUDE (messages_sent, restricted),
    CONSTRAINT daily_usage_account FOREIGN KEY (account_id) REFERENCES messenger.account ON DELETE CASCADE
);

-- The last day for which daily_usage is complete: "the last 28 days" end there unless a query says
-- otherwise. One row.
CREATE TABLE messenger.usage_horizon (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    day      date NOT NULL
);
INSERT INTO messenger.usage_horizon (day) VALUES ('2016-10-01');

-- account_id has contact_id in their address book. restricted: copy of the owner's restriction; the
-- far end's stands in messenger.restriction.
CREATE TABLE messenger.contact (
    account_id bigint NOT NULL,
    contact_id bigint NOT NULL CHECK (contact_id <> account_id),
    restricted integer NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, contact_id) INCLUDE (restricted),
    CONSTRAINT contact_account FOREIGN KEY (account_id) REFERENCES messenger.account ON DELETE CASCADE,
    CONSTRAINT contact_contact FOREIGN KEY (contact_id) REFERENCES messenger.account ON DELETE CASCADE
);

-- Without these the planner takes `restricted & bit = 0` for one row in two hundred and joins in loops
-- what is nearly the whole table (measured: 9.8 ms instead of 1.0 for the usage of 100 accounts).
CREATE STATISTICS messenger.account_ads ON (restricted & 1) FROM messenger.account;
CREATE STATISTICS messenger.account_friends ON (restricted & 2) FROM messenger.account;
CREATE STATISTICS messenger.daily_usage_ads ON (restricted & 1) FROM messenger.daily_usage;
CREATE STATISTICS messenger.contact_friends ON (restricted & 2) FROM messenger.contact;
CREATE STATISTICS messenger.phone_lookup_ads ON (restricted & 1) FROM messenger.phone_lookup;

-- A change of restriction reaches every copy in the transaction that makes it.
CREATE FUNCTION messenger.spread_restriction() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    member bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.account_id ELSE NEW.account_id END;
    bits integer := CASE WHEN TG_OP = 'DELETE' THEN 0 ELSE NEW.purposes END;
BEGIN
    -- A transaction with a view of its own does not see what was committed since, lock or no lock.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'only read committed transactions may do this';
    END IF;
    UPDATE messenger.account SET restricted = bits WHERE id = member;
    UPDATE messenger.phone_lookup SET restricted = bits WHERE account_id = member;
    UPDATE messenger.daily_usage SET restricted = bits WHERE account_id = member;
    UPDATE messenger.contact SET restricted = bits WHERE account_id = member;
    RETURN NULL;
END $$;
CREATE TRIGGER spread_restriction AFTER INSERT OR UPDATE OR DELETE ON messenger.restriction
    FOR EACH ROW EXECUTE FUNCTION messenger.spread_restriction();

-- Rows that arrive later take the restriction that is in force. The lock makes the arrival wait for
-- an objection that is being written (and the reverse): without it neither would see the other, and
-- the new row would stay open.
CREATE FUNCTION messenger.inherit_restriction() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'only read committed transactions may do this';
    END IF;
    LOCK TABLE messenger.restriction IN SHARE MODE;
    IF TG_TABLE_NAME = 'daily_usage' THEN
        UPDATE messenger.daily_usage t SET restricted = r.purposes
        FROM messenger.restriction r
        WHERE r.account_id = t.account_id AND t.restricted <> r.purposes
          AND (t.account_id, t.day) IN (SELECT n.account_id, n.day FROM new_rows n);
    ELSE
        UPDATE messenger.contact t SET restricted = r.purposes
        FROM messenger.restriction r
        WHERE r.account_id = t.account_id AND t.restricted <> r.purposes
          AND (t.account_id, t.contact_id) IN (SELECT n.account_id, n.contact_id FROM new_rows n);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER inherit_restriction AFTER INSERT ON messenger.daily_usage
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION messenger.inherit_restriction();
CREATE TRIGGER inherit_restriction AFTER INSERT ON messenger.contact
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION messenger.inherit_restriction();

-- A row is never moved to another member: its restriction would stay the first one's.
CREATE FUNCTION messenger.refuse_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'usage or a contact is replaced, not moved';
END $$;
CREATE TRIGGER refuse_move BEFORE UPDATE OF account_id ON messenger.daily_usage
    FOR EACH ROW EXECUTE FUNCTION messenger.refuse_move();
CREATE TRIGGER refuse_move BEFORE UPDATE OF account_id ON messenger.contact
    FOR EACH ROW EXECUTE FUNCTION messenger.refuse_move();
