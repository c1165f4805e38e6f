-- How a restriction reaches every row that came from the messenger. See messenger/0002 for the lock
-- and the isolation.
CREATE STATISTICS social.messenger_link_ads ON (restricted & 1) FROM social.messenger_link;
CREATE STATISTICS social.messenger_link_friends ON (restricted & 2) FROM social.messenger_link;
CREATE STATISTICS social.messenger_lookup_ads ON (restricted & 1) FROM social.messenger_lookup;
CREATE STATISTICS social.messenger_lookup_friends ON (restricted & 2) FROM social.messenger_lookup;
CREATE STATISTICS social.phone_binding_ads ON (restricted & 1) FROM social.phone_binding;
CREATE STATISTICS social.phone_binding_friends ON (restricted & 2) FROM social.phone_binding;

CREATE FUNCTION social.spread_restriction() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    member bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.messenger_id ELSE NEW.messenger_id END;
    bits integer := CASE WHEN TG_OP = 'DELETE' THEN 0 ELSE NEW.purposes END;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'only read committed transactions may do this';
    END IF;
    UPDATE social.messenger_link l SET restricted = bits
    FROM social.messenger_lookup k WHERE k.messenger_id = member AND l.account_id = k.account_id;
    UPDATE social.messenger_lookup SET restricted = bits WHERE messenger_id = member;
    UPDATE social.phone_binding SET restricted = bits WHERE messenger_id = member;
    RETURN NULL;
END $$;
CREATE TRIGGER spread_restriction AFTER INSERT OR UPDATE OR DELETE ON social.restriction
    FOR EACH ROW EXECUTE FUNCTION social.spread_restriction();

CREATE FUNCTION social.inherit_restriction() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'only read committed transactions may do this';
    END IF;
    LOCK TABLE social.restriction IN SHARE MODE;
    IF TG_TABLE_NAME = 'phone_binding' THEN
        UPDATE social.phone_binding t SET restricted = r.purposes
        FROM social.restriction r
        WHERE r.messenger_id = t.messenger_id AND t.restricted <> r.purposes
          AND (t.account_id, t.source, t.number) IN (SELECT n.account_id, n.source, n.number FROM new_rows n);
    ELSE
        UPDATE social.messenger_link t SET restricted = r.purposes
        FROM social.restriction r
        WHERE r.messenger_id = t.messenger_id AND t.restricted <> r.purposes
          AND t.account_id IN (SELECT n.account_id FROM new_rows n);
        INSERT INTO social.messenger_lookup (messenger_id, account_id, restricted)
        SELECT n.messenger_id, n.account_id, coalesce(r.purposes, 0)
        FROM new_rows n LEFT JOIN social.restriction r USING (messenger_id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER inherit_restriction AFTER INSERT ON social.phone_binding
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION social.inherit_restriction();
CREATE TRIGGER inherit_restriction AFTER INSERT ON social.messenger_link
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION social.inherit_restriction();

-- A link or a binding is never moved to another account: it is deleted and made anew, so that the
-- triggers above see it.
CREATE FUNCTION social.refuse_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a link or a binding is replaced, not moved';
END $$;
CREATE TRIGGER refuse_move BEFORE UPDATE OF account_id, messenger_id ON social.messenger_link
    FOR EACH ROW EXECUTE FUNCTION social.refuse_move();
CREATE TRIGGER refuse_move BEFORE UPDATE OF account_id, messenger_id, source ON social.phone_binding
    FOR EACH ROW EXECUTE FUNCTION social.refuse_move();
