-- A restriction binds however a row is written; see messenger/0013. These triggers replace those of 0002, 0007,
-- 0008 and 0010.

-- A row that no trigger has placed is hidden for every objectable purpose: all bits are set.
ALTER TABLE social.phone_binding ALTER COLUMN restricted SET DEFAULT -1;
ALTER TABLE social.messenger_link ALTER COLUMN restricted SET DEFAULT -1;
ALTER TABLE social.messenger_lookup ALTER COLUMN restricted SET DEFAULT -1;
ALTER TABLE social.number_lookup ALTER COLUMN restricted SET DEFAULT -1;
ALTER TABLE social.ad_topic ALTER COLUMN restricted SET DEFAULT -1;
ALTER TABLE social.offer_audience ALTER COLUMN restricted SET DEFAULT -1;
CREATE INDEX phone_binding_not_placed ON social.phone_binding (account_id) WHERE restricted < 0;
CREATE INDEX messenger_link_not_placed ON social.messenger_link (account_id) WHERE restricted < 0;
CREATE INDEX messenger_lookup_not_placed ON social.messenger_lookup (account_id) WHERE restricted < 0;
CREATE INDEX number_lookup_not_placed ON social.number_lookup (account_id) WHERE restricted < 0;
CREATE INDEX ad_topic_not_placed ON social.ad_topic (account_id) WHERE restricted < 0;
CREATE INDEX offer_audience_not_placed ON social.offer_audience (account_id) WHERE restricted < 0;
-- A link is compared with the restriction by this, and not through the look-up that a trigger keeps.
CREATE INDEX messenger_link_messenger_id ON social.messenger_link (messenger_id);

DROP TRIGGER inherit_restriction ON social.phone_binding;
DROP TRIGGER inherit_restriction ON social.messenger_link;
DROP TRIGGER inherit_restriction ON social.ad_topic;
DROP TRIGGER inherit_restriction ON social.offer_audience;
DROP FUNCTION social.inherit_restriction();
DROP FUNCTION social.inherit_in_ads();
DROP FUNCTION social.restrictions_of(bigint[]);

-- What is in force for a member of the messenger whose row arrives; null for data from elsewhere. While anything
-- is suspended, it notes a member that this store does not know. The caller holds both tables in SHARE MODE.
CREATE FUNCTION social.bits_on_arrival(member bigint) RETURNS integer LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    bits integer;
BEGIN
    IF member IS NULL THEN
        RETURN 0;
    END IF;
    SELECT r.purposes INTO bits FROM social.restriction r WHERE r.messenger_id = member;
    IF NOT FOUND THEN
        SELECT s.purposes INTO bits FROM social.suspended s;
        IF FOUND THEN
            INSERT INTO social.unplaced (messenger_id) VALUES (member)
            ON CONFLICT (messenger_id) DO UPDATE SET stamp = excluded.stamp;
        END IF;
    END IF;
    RETURN coalesce(bits, 0);
END $$;

-- A row that is changed keeps what a member has whom the gateway has yet to place.
CREATE FUNCTION social.place_restriction() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    bits integer;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF current_setting('transaction_isolation') <> 'read committed' THEN
            RAISE EXCEPTION 'only read committed transactions may do this';
        END IF;
        LOCK TABLE social.restriction, social.suspended IN SHARE MODE;
        NEW.restricted := social.bits_on_arrival(NEW.messenger_id);
        RETURN NEW;
    END IF;
    SELECT r.purposes INTO bits FROM social.restriction r WHERE r.messenger_id = NEW.messenger_id;
    IF NOT FOUND AND OLD.restricted < 0 THEN
        bits := social.bits_on_arrival(NEW.messenger_id);
    ELSIF NOT FOUND AND EXISTS (SELECT FROM social.unplaced u WHERE u.messenger_id = NEW.messenger_id) THEN
        bits := OLD.restricted;
    END IF;
    NEW.restricted := coalesce(bits, 0);
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        NEW.restricted := NEW.restricted | OLD.restricted;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER place_restriction BEFORE INSERT OR UPDATE ON social.phone_binding
    FOR EACH ROW EXECUTE FUNCTION social.place_restriction();
CREATE TRIGGER place_restriction BEFORE INSERT OR UPDATE ON social.messenger_link
    FOR EACH ROW EXECUTE FUNCTION social.place_restriction();
CREATE TRIGGER place_restriction BEFORE INSERT OR UPDATE ON social.messenger_lookup
    FOR EACH ROW EXECUTE FUNCTION social.place_restriction();
CREATE TRIGGER place_restriction BEFORE INSERT OR UPDATE ON social.ad_topic
    FOR EACH ROW EXECUTE FUNCTION social.place_restriction();
CREATE TRIGGER place_restriction BEFORE INSERT OR UPDATE ON social.offer_audience
    FOR EACH ROW EXECUTE FUNCTION social.place_restriction();

-- The look-up by number takes the bits of the binding: it names no member of the messenger.
CREATE FUNCTION social.place_number() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.restricted := coalesce(
        (SELECT b.restricted FROM social.phone_binding b
         WHERE (b.account_id, b.source, b.number) = (NEW.account_id, NEW.source, NEW.number)), -1);
    RETURN NEW;
END $$;
CREATE TRIGGER place_number BEFORE INSERT OR UPDATE ON social.number_lookup
    FOR EACH ROW EXECUTE FUNCTION social.place_number();

DROP TRIGGER index_number_of_new ON social.phone_binding;
DROP TRIGGER index_restriction_of_changed ON social.phone_binding;
DROP FUNCTION social.index_restriction();
-- Foreign keys cascade by triggers that are not ALWAYS, so that these do it, too.
CREATE OR REPLACE FUNCTION social.index_number() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO social.number_lookup (number, source, account_id)
        VALUES (NEW.number, NEW.source, NEW.account_id);
    ELSIF TG_OP = 'UPDATE' THEN
        UPDATE social.number_lookup t SET number = NEW.number
        WHERE (t.account_id, t.source) = (NEW.account_id, NEW.source) AND t.number IN (OLD.number, NEW.number);
    ELSE
        DELETE FROM social.number_lookup t
        WHERE (t.account_id, t.source, t.number) = (OLD.account_id, OLD.source, OLD.number);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER index_number_of_new AFTER INSERT ON social.phone_binding
    FOR EACH ROW WHEN (NEW.source <> 'SECURITY_2FA') EXECUTE FUNCTION social.index_number();
CREATE TRIGGER index_number_of_changed AFTER UPDATE ON social.phone_binding
    FOR EACH ROW WHEN (NEW.source <> 'SECURITY_2FA' AND (OLD.number <> NEW.number OR OLD.restricted <> NEW.restricted))
    EXECUTE FUNCTION social.index_number();
CREATE TRIGGER index_number_of_gone AFTER DELETE ON social.phone_binding
    FOR EACH ROW WHEN (OLD.source <> 'SECURITY_2FA') EXECUTE FUNCTION social.index_number();

-- The same link keyed by the messenger's account.
CREATE FUNCTION social.index_link() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO social.messenger_lookup (messenger_id, account_id) VALUES (NEW.messenger_id, NEW.account_id);
    ELSE
        DELETE FROM social.messenger_lookup WHERE messenger_id = OLD.messenger_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER index_link AFTER INSERT OR DELETE ON social.messenger_link
    FOR EACH ROW EXECUTE FUNCTION social.index_link();

-- A link reaches its restriction by its own column.
CREATE OR REPLACE FUNCTION social.spread_restriction() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kept integer := CASE WHEN TG_OP = 'DELETE' THEN 0 ELSE -1 END;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'only read committed transactions may do this';
    END IF;
    UPDATE social.messenger_link t SET restricted = c.purposes & kept
    FROM changed c WHERE t.messenger_id = c.messenger_id AND t.restricted <> c.purposes & kept;
    UPDATE social.messenger_lookup t SET restricted = c.purposes & kept
    FROM changed c WHERE t.messenger_id = c.messenger_id AND t.restricted <> c.purposes & kept;
    UPDATE social.phone_binding t SET restricted = c.purposes & kept
    FROM changed c WHERE t.messenger_id = c.messenger_id AND t.restricted <> c.purposes & kept;
    RETURN NULL;
END $$;

-- An apply worker names every column of a row that it changes.
DROP TRIGGER refuse_move ON social.messenger_link;
DROP TRIGGER refuse_move ON social.phone_binding;
DROP TRIGGER refuse_move ON social.ad_topic;
DROP TRIGGER refuse_move ON social.offer_audience;
CREATE TRIGGER refuse_move BEFORE UPDATE OF account_id, messenger_id ON social.messenger_link
    FOR EACH ROW WHEN (ROW(OLD.account_id, OLD.messenger_id) IS DISTINCT FROM
                       ROW(NEW.account_id, NEW.messenger_id))
    EXECUTE FUNCTION social.refuse_move();
CREATE TRIGGER refuse_move BEFORE UPDATE OF account_id, messenger_id, source ON social.phone_binding
    FOR EACH ROW WHEN (ROW(OLD.account_id, OLD.messenger_id, OLD.source) IS DISTINCT FROM
                       ROW(NEW.account_id, NEW.messenger_id, NEW.source))
    EXECUTE FUNCTION social.refuse_move();
CREATE TRIGGER refuse_move BEFORE UPDATE OF account_id, messenger_id, source ON social.ad_topic
    FOR EACH ROW WHEN (ROW(OLD.account_id, OLD.messenger_id, OLD.source) IS DISTINCT FROM
                       ROW(NEW.account_id, NEW.messenger_id, NEW.source))
    EXECUTE FUNCTION social.refuse_move();
CREATE TRIGGER refuse_move BEFORE UPDATE OF account_id, offer_id, messenger_id, source ON social.offer_audience
    FOR EACH ROW WHEN (ROW(OLD.account_id, OLD.offer_id, OLD.messenger_id, OLD.source) IS DISTINCT FROM
                       ROW(NEW.account_id, NEW.offer_id, NEW.messenger_id, NEW.source))
    EXECUTE FUNCTION social.refuse_move();

-- The customers' copies of conversations.
DROP TRIGGER copy_new_conversation ON social.business_conversation;
DROP TRIGGER copy_changed_conversation ON social.business_conversation;
DROP TRIGGER copy_deleted_conversation ON social.business_conversation;
CREATE OR REPLACE FUNCTION social.copy_conversation() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM social.customer_conversation;
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM social.customer_conversation t WHERE t.account_id = OLD.account_id AND t.id = OLD.id;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.account_id IS NOT NULL THEN
        INSERT INTO social.customer_conversation
            (account_id, id, business_id, category, status, opened_on, last_message_on, message_count)
        VALUES (NEW.account_id, NEW.id, NEW.business_id, NEW.category, NEW.status, NEW.opened_on,
                NEW.last_message_on, NEW.message_count);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER copy_conversation AFTER INSERT OR UPDATE OR DELETE ON social.business_conversation
    FOR EACH ROW EXECUTE FUNCTION social.copy_conversation();
CREATE TRIGGER copy_truncated_conversations AFTER TRUNCATE ON social.business_conversation
    FOR EACH STATEMENT EXECUTE FUNCTION social.copy_conversation();
DROP TRIGGER refuse_handover ON social.business_conversation;
CREATE TRIGGER refuse_handover BEFORE UPDATE OF business_id, id, account_id ON social.business_conversation
    FOR EACH ROW WHEN (ROW(OLD.business_id, OLD.id, OLD.account_id) IS DISTINCT FROM
                       ROW(NEW.business_id, NEW.id, NEW.account_id))
    EXECUTE FUNCTION social.refuse_handover();

-- A load that empties every table of the store must leave this one.
CREATE FUNCTION social.refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'restrictions outlive the rows of a load';
END $$;
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON social.restriction
    FOR EACH STATEMENT EXECUTE FUNCTION social.refuse_truncate();

ALTER TABLE social.phone_binding ENABLE ALWAYS TRIGGER place_restriction;
ALTER TABLE social.phone_binding ENABLE ALWAYS TRIGGER forget_blind;
ALTER TABLE social.phone_binding ENABLE ALWAYS TRIGGER index_number_of_new;
ALTER TABLE social.phone_binding ENABLE ALWAYS TRIGGER index_number_of_changed;
ALTER TABLE social.phone_binding ENABLE ALWAYS TRIGGER index_number_of_gone;
ALTER TABLE social.phone_binding ENABLE ALWAYS TRIGGER refuse_move;
ALTER TABLE social.number_lookup ENABLE ALWAYS TRIGGER place_number;
ALTER TABLE social.messenger_link ENABLE ALWAYS TRIGGER place_restriction;
ALTER TABLE social.messenger_link ENABLE ALWAYS TRIGGER index_link;
ALTER TABLE social.messenger_link ENABLE ALWAYS TRIGGER refuse_move;
ALTER TABLE social.messenger_lookup ENABLE ALWAYS TRIGGER place_restriction;
ALTER TABLE social.ad_topic ENABLE ALWAYS TRIGGER place_restriction;
ALTER TABLE social.ad_topic ENABLE ALWAYS TRIGGER refuse_move;
ALTER TABLE social.offer_audience ENABLE ALWAYS TRIGGER place_restriction;
ALTER TABLE social.offer_audience ENABLE ALWAYS TRIGGER refuse_move;
ALTER TABLE social.restriction ENABLE ALWAYS TRIGGER spread_restriction_of_new;
ALTER TABLE social.restriction ENABLE ALWAYS TRIGGER spread_restriction_of_changed;
ALTER TABLE social.restriction ENABLE ALWAYS TRIGGER spread_restriction_of_gone;
ALTER TABLE social.restriction ENABLE ALWAYS TRIGGER spread_to_ads_of_new;
ALTER TABLE social.restriction ENABLE ALWAYS TRIGGER spread_to_ads_of_changed;
ALTER TABLE social.restriction ENABLE ALWAYS TRIGGER spread_to_ads_of_gone;
ALTER TABLE social.restriction ENABLE ALWAYS TRIGGER refuse_truncate;
ALTER TABLE social.business_conversation ENABLE ALWAYS TRIGGER copy_conversation;
ALTER TABLE social.business_conversation ENABLE ALWAYS TRIGGER copy_truncated_conversations;
ALTER TABLE social.business_conversation ENABLE ALWAYS TRIGGER refuse_handover;

-- As in messenger/0013: how many rows differ among the copies of so many members, and the last of them.
CREATE FUNCTION social.differing_copies(after bigint, most integer, OUT last bigint, OUT differing bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH slice AS MATERIALIZED (
        SELECT r.messenger_id, r.purposes FROM social.restriction r
        WHERE r.messenger_id > after ORDER BY r.messenger_id LIMIT most
    )
    SELECT (SELECT max(s.messenger_id) FROM slice s),
        (SELECT count(*) FROM slice s JOIN social.messenger_link t USING (messenger_id)
         WHERE t.restricted <> s.purposes)
        + (SELECT count(*) FROM slice s JOIN social.messenger_lookup t USING (messenger_id)
           WHERE t.restricted <> s.purposes)
        + (SELECT count(*) FROM slice s JOIN social.phone_binding t USING (messenger_id)
           WHERE t.restricted <> s.purposes)
        + (SELECT count(*) FROM slice s JOIN social.phone_binding b USING (messenger_id)
           JOIN social.number_lookup t USING (account_id, source, number) WHERE t.restricted <> s.purposes)
        + (SELECT count(*) FROM slice s JOIN social.ad_topic t USING (messenger_id)
           WHERE t.restricted <> s.purposes)
        + (SELECT count(*) FROM slice s JOIN social.offer_audience t USING (messenger_id)
           WHERE t.restricted <> s.purposes)
        + CASE WHEN after >= 0 THEN 0 ELSE
            (SELECT count(*) FROM social.messenger_link t WHERE t.restricted < 0)
            + (SELECT count(*) FROM social.messenger_lookup t WHERE t.restricted < 0)
            + (SELECT count(*) FROM social.phone_binding t WHERE t.restricted < 0)
            + (SELECT count(*) FROM social.number_lookup t WHERE t.restricted < 0)
            + (SELECT count(*) FROM social.ad_topic t WHERE t.restricted < 0)
            + (SELECT count(*) FROM social.offer_audience t WHERE t.restricted < 0)
        END
$$;

CREATE FUNCTION social.repair_copies(after bigint, most integer, OUT last bigint, OUT repaired bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    copy text;
    changed bigint;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'only read committed transactions may do this';
    END IF;
    LOCK TABLE social.restriction, social.suspended IN SHARE MODE;
    repaired := 0;
    SELECT max(r.messenger_id) INTO last FROM (
        SELECT messenger_id FROM social.restriction WHERE messenger_id > after ORDER BY messenger_id LIMIT most
    ) r;
    FOREACH copy IN ARRAY ARRAY['messenger_link', 'messenger_lookup', 'phone_binding', 'ad_topic', 'offer_audience']
    LOOP
        EXECUTE format(
            'UPDATE social.%1$I t SET restricted = r.purposes FROM social.restriction r'
            ' WHERE r.messenger_id > $1 AND r.messenger_id <= $2 AND t.messenger_id = r.messenger_id'
            ' AND t.restricted <> r.purposes', copy) USING after, last;
        GET DIAGNOSTICS changed = ROW_COUNT;
        repaired := repaired + changed;
        IF after < 0 THEN
            EXECUTE format(
                'UPDATE social.%1$I t SET restricted = social.bits_on_arrival(t.messenger_id)'
                ' WHERE t.restricted < 0', copy);
            GET DIAGNOSTICS changed = ROW_COUNT;
            repaired := repaired + changed;
        END IF;
    END LOOP;
    UPDATE social.number_lookup t SET restricted = b.restricted
    FROM social.restriction r JOIN social.phone_binding b USING (messenger_id)
    WHERE r.messenger_id > after AND r.messenger_id <= last AND t.restricted <> b.restricted
      AND (t.account_id, t.source, t.number) = (b.account_id, b.source, b.number);
    GET DIAGNOSTICS changed = ROW_COUNT;
    repaired := repaired + changed;
    IF after < 0 THEN
        -- A number without its binding leads nowhere.
        DELETE FROM social.number_lookup t WHERE t.restricted < 0 AND NOT EXISTS (
            SELECT FROM social.phone_binding b
            WHERE (t.account_id, t.source, t.number) = (b.account_id, b.source, b.number));
        UPDATE social.number_lookup t SET restricted = b.restricted FROM social.phone_binding b
        WHERE t.restricted < 0 AND (t.account_id, t.source, t.number) = (b.account_id, b.source, b.number);
        GET DIAGNOSTICS changed = ROW_COUNT;
        repaired := repaired + changed;
    END IF;
END $$;
REVOKE ALL ON FUNCTION social.bits_on_arrival, social.place_restriction, social.place_number, social.index_link,
    social.refuse_truncate, social.differing_copies, social.repair_copies FROM PUBLIC;
