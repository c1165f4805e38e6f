-- Topics that ads are chosen by, merchants' offers, and whom an offer is shown to.

-- A topic that somebody is taken to care about, and what it was learnt from. messenger_id names the
-- account whose use of the messenger taught it, and only then; restricted is a copy of that account's
-- restriction.
CREATE TABLE social.ad_topic (
    account_id   bigint NOT NULL,
    source       text COLLATE "C" NOT NULL CHECK (source IN ('MESSENGER', 'SOCIAL')),
    topic        text COLLATE "C" NOT NULL,
    messenger_id bigint CHECK ((messenger_id IS NOT NULL) = (source = 'MESSENGER')),
    restricted   integer NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, source, topic),
    CONSTRAINT ad_topic_account FOREIGN KEY (account_id) REFERENCES social.account ON DELETE CASCADE
);
CREATE INDEX ad_topic_messenger_id ON social.ad_topic (messenger_id) WHERE messenger_id IS NOT NULL;

CREATE TABLE social.offer (
    id          bigint PRIMARY KEY CHECK (id >= 0),
    merchant_id bigint NOT NULL,
    title       text COLLATE "C" NOT NULL,
    valid_until date NOT NULL,
    CONSTRAINT offer_merchant FOREIGN KEY (merchant_id) REFERENCES social.merchant
);
CREATE INDEX offer_merchant_id ON social.offer (merchant_id, id);

-- To whom an offer is shown, once: a person who was found by the number in their own profile is found by
-- that alone, because no objection ever hides it. messenger_id names the account that shared the number
-- otherwise; restricted is a copy of its restriction. No merchant's role may read this.
CREATE TABLE social.offer_audience (
    account_id   bigint NOT NULL,
    offer_id     bigint NOT NULL,
    source       text COLLATE "C" NOT NULL CHECK (source IN ('MESSENGER_SHARED', 'SELF_PROFILE')),
    messenger_id bigint CHECK ((messenger_id IS NOT NULL) = (source = 'MESSENGER_SHARED')),
    restricted   integer NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, offer_id),
    CONSTRAINT offer_audience_account FOREIGN KEY (account_id) REFERENCES social.account ON DELETE CASCADE,
    CONSTRAINT offer_audience_offer FOREIGN KEY (offer_id) REFERENCES social.offer ON DELETE CASCADE
);
CREATE INDEX offer_audience_offer_id ON social.offer_audience (offer_id);
CREATE INDEX offer_audience_messenger_id ON social.offer_audience (messenger_id) WHERE messenger_id IS NOT NULL;

CREATE STATISTICS social.ad_topic_ads ON (restricted & 1) FROM social.ad_topic;
CREATE STATISTICS social.offer_audience_ads ON (restricted & 1) FROM social.offer_audience;

-- How a restriction reaches them; see 0007 and messenger/0002 for the lock and the isolation.
CREATE FUNCTION social.spread_to_ads() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kept integer := CASE WHEN TG_OP = 'DELETE' THEN 0 ELSE -1 END;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'only read committed transactions may do this';
    END IF;
    UPDATE social.ad_topic t SET restricted = c.purposes & kept
    FROM changed c WHERE t.messenger_id = c.messenger_id AND t.restricted <> c.purposes & kept;
    UPDATE social.offer_audience t SET restricted = c.purposes & kept
    FROM changed c WHERE t.messenger_id = c.messenger_id AND t.restricted <> c.purposes & kept;
    RETURN NULL;
END $$;
CREATE TRIGGER spread_to_ads_of_new AFTER INSERT ON social.restriction
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION social.spread_to_ads();
CREATE TRIGGER spread_to_ads_of_changed AFTER UPDATE ON social.restriction
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION social.spread_to_ads();
CREATE TRIGGER spread_to_ads_of_gone AFTER DELETE ON social.restriction
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION social.spread_to_ads();

CREATE FUNCTION social.inherit_in_ads() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'only read committed transactions may do this';
    END IF;
    LOCK TABLE social.restriction, social.suspended IN SHARE MODE;
    IF TG_TABLE_NAME = 'ad_topic' THEN
        UPDATE social.ad_topic t SET restricted = r.purposes
        FROM social.restrictions_of(ARRAY(SELECT n.messenger_id FROM new_rows n)) r
        WHERE r.messenger_id = t.messenger_id AND t.restricted <> r.purposes
          AND (t.account_id, t.source, t.topic) IN (SELECT n.account_id, n.source, n.topic FROM new_rows n);
    ELSE
        UPDATE social.offer_audience t SET restricted = r.purposes
        FROM social.restrictions_of(ARRAY(SELECT n.messenger_id FROM new_rows n)) r
        WHERE r.messenger_id = t.messenger_id AND t.restricted <> r.purposes
          AND (t.account_id, t.offer_id) IN (SELECT n.account_id, n.offer_id FROM new_rows n);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER inherit_restriction AFTER INSERT ON social.ad_topic
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION social.inherit_in_ads();
CREATE TRIGGER inherit_restriction AFTER INSERT ON social.offer_audience
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION social.inherit_in_ads();

CREATE TRIGGER refuse_move BEFORE UPDATE OF account_id, messenger_id, source ON social.ad_topic
    FOR EACH ROW EXECUTE FUNCTION social.refuse_move();
CREATE TRIGGER refuse_move BEFORE UPDATE OF account_id, offer_id, messenger_id, source ON social.offer_audience
    FOR EACH ROW EXECUTE FUNCTION social.refuse_move();
