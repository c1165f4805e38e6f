-- Keyed by the number: a search for a friend by phone asks here first, then by id. A number may be bound to
-- several accounts. Those given for two-factor sign-in are not here at all: no purpose may search by one.
CREATE TABLE social.number_lookup (
    number     text COLLATE "C" NOT NULL,
    source     text COLLATE "C" NOT NULL CHECK (source IN ('MESSENGER_SHARED', 'SELF_PROFILE')),
    account_id bigint NOT NULL,
    restricted integer NOT NULL DEFAULT 0,
    PRIMARY KEY (number, source, account_id),
    CONSTRAINT number_lookup_binding FOREIGN KEY (account_id, source, number)
        REFERENCES social.phone_binding (account_id, source, number) ON UPDATE CASCADE ON DELETE CASCADE
);
-- For the foreign key; and one in which a hidden number and an unknown number are the same miss.
CREATE INDEX number_lookup_binding ON social.number_lookup (account_id, source, number);
CREATE INDEX number_lookup_friends ON social.number_lookup (number, source, account_id) WHERE restricted & 2 = 0;
CREATE STATISTICS social.number_lookup_friends ON (restricted & 2) FROM social.number_lookup;

INSERT INTO social.number_lookup (number, source, account_id, restricted)
SELECT number, source, account_id, restricted FROM social.phone_binding WHERE source <> 'SECURITY_2FA';

-- The binding's own row is read, not what arrived: another trigger may have restricted it since.
CREATE FUNCTION social.index_number() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO social.number_lookup (number, source, account_id, restricted)
    SELECT b.number, b.source, b.account_id, b.restricted
    FROM new_rows n JOIN social.phone_binding b USING (account_id, source, number)
    WHERE b.source <> 'SECURITY_2FA';
    RETURN NULL;
END $$;
CREATE TRIGGER index_number_of_new AFTER INSERT ON social.phone_binding
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION social.index_number();

CREATE FUNCTION social.index_restriction() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE social.number_lookup t SET restricted = n.restricted
    FROM new_rows n
    WHERE (t.number, t.source, t.account_id) = (n.number, n.source, n.account_id)
      AND t.restricted <> n.restricted;
    RETURN NULL;
END $$;
CREATE TRIGGER index_restriction_of_changed AFTER UPDATE ON social.phone_binding
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION social.index_restriction();
REVOKE ALL ON FUNCTION social.index_number, social.index_restriction FROM PUBLIC;
