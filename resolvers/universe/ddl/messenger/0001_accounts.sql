-- The messenger's accounts, and who of them is restricted for which purpose.
CREATE SCHEMA messenger;

-- restricted: bit set of purposes (schema/purposes.py), a copy of messenger.restriction kept on the
-- row, so that a view filters it without a second look-up. The phone is not unique here: on a store
-- sharded by id only phone_lookup, which is keyed by the number, can promise that.
CREATE TABLE messenger.account (
    id            bigint PRIMARY KEY CHECK (id >= 0),
    phone         text COLLATE "C" NOT NULL CHECK (phone ~ '^\+[1-9][0-9]{6,14}$'),
    country_code  text COLLATE "C" NOT NULL CHECK (country_code ~ '^[A-Z]{2}$'),
    registered_at timestamptz(0) NOT NULL,
    restricted    integer NOT NULL DEFAULT 0
);
CREATE INDEX account_registered_at ON messenger.account (registered_at, id);
CREATE INDEX account_country_code ON messenger.account (country_code, id);

-- Keyed by the number: a look-up by phone asks here first, then by id.
CREATE TABLE messenger.phone_lookup (
    phone      text COLLATE "C" PRIMARY KEY,
    account_id bigint NOT NULL UNIQUE REFERENCES messenger.account ON DELETE CASCADE,
    restricted integer NOT NULL DEFAULT 0
);
-- One a purpose that may be objected to: there a hidden number and an unknown number are the same
-- index miss.
CREATE INDEX phone_lookup_ads ON messenger.phone_lookup (phone) INCLUDE (account_id) WHERE restricted & 1 = 0;
CREATE INDEX phone_lookup_friends ON messenger.phone_lookup (phone) INCLUDE (account_id) WHERE restricted & 2 = 0;

-- The fold of the objection events, keyed by account: small, and a reference table when sharded.
CREATE TABLE messenger.restriction (
    account_id bigint PRIMARY KEY REFERENCES messenger.account ON DELETE CASCADE,
    purposes   integer NOT NULL CHECK (purposes >= 0)
);

CREATE FUNCTION messenger.index_phone() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO messenger.phone_lookup SELECT phone, id, restricted FROM new_rows;
    RETURN NULL;
END $$;
CREATE TRIGGER index_phone_of_new AFTER INSERT ON messenger.account
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION messenger.index_phone();
CREATE FUNCTION messenger.reindex_phone() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE messenger.phone_lookup SET phone = NEW.phone WHERE account_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER index_phone_of_changed AFTER UPDATE OF phone ON messenger.account
    FOR EACH ROW WHEN (OLD.phone <> NEW.phone) EXECUTE FUNCTION messenger.reindex_phone();
