-- Customers' numbers that merchants upload, and how they are matched: policy, section 5.
--
-- All of it happens in the store, in one transaction of one upload: a number never stands here in clear,
-- and how many people were found never leaves. The gateway's role may add entries, and call what follows.

-- Keyed hash of the number, under a key that is not in this database; null until the gateway has made it.
-- Two-factor numbers have none: what has none is never matched.
ALTER TABLE social.phone_binding
    ADD COLUMN blind bytea CHECK (octet_length(blind) = 32),
    ADD CONSTRAINT phone_binding_second_factor CHECK (blind IS NULL OR source <> 'SECURITY_2FA');
CREATE INDEX phone_binding_blind ON social.phone_binding (blind) WHERE blind IS NOT NULL;
CREATE INDEX phone_binding_unhashed ON social.phone_binding (account_id, source, number)
    WHERE blind IS NULL AND source <> 'SECURITY_2FA';

CREATE FUNCTION social.forget_blind() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.blind := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER forget_blind BEFORE UPDATE OF number ON social.phone_binding
    FOR EACH ROW WHEN (OLD.number <> NEW.number) EXECUTE FUNCTION social.forget_blind();

-- What the key makes of a constant: whoever comes with another key would match nothing, silently.
CREATE TABLE social.matching_key (
    only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32)
);

-- An uploaded list while it is being matched: keyed hashes, seen by nobody but the functions below, and
-- gone with the transaction that brought them. Unlogged: a crash empties it.
CREATE UNLOGGED TABLE social.customer_list_entry (
    upload bigint NOT NULL,
    line   bigint NOT NULL,
    blind  bytea NOT NULL CHECK (octet_length(blind) = 32),
    PRIMARY KEY (upload, line)
);
CREATE SEQUENCE social.customer_list_upload;

-- What came of a list, decided once. digest and sketch are of keyed hashes: the one tells the same list
-- again, the other, its 512 smallest, one that is nearly the same.
CREATE TABLE social.customer_list (
    id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    merchant_id        bigint NOT NULL,
    offer_id           bigint NOT NULL,
    digest             bytea NOT NULL CHECK (octet_length(digest) = 32),
    sketch             bytea[] NOT NULL CHECK (cardinality(sketch) <= 512),
    status             text COLLATE "C" NOT NULL CHECK (status IN ('BELOW_MINIMUM', 'MATCHED')),
    uploaded_at        timestamptz(0) NOT NULL DEFAULT now(),
    record_count_band  text COLLATE "C" NOT NULL CHECK (record_count_band ~ '^[A-Z0-9_]+$'),
    audience_size_band text COLLATE "C" NOT NULL CHECK (audience_size_band ~ '^[A-Z0-9_]+$'),
    UNIQUE (merchant_id, digest, offer_id),
    CONSTRAINT customer_list_merchant FOREIGN KEY (merchant_id) REFERENCES social.merchant ON DELETE CASCADE,
    CONSTRAINT customer_list_offer FOREIGN KEY (offer_id) REFERENCES social.offer ON DELETE CASCADE
);
CREATE INDEX customer_list_of_merchant ON social.customer_list (merchant_id, id);
-- An offer has one audience: of two, each would be seen through the union.
CREATE UNIQUE INDEX customer_list_of_offer ON social.customer_list (offer_id) WHERE status = 'MATCHED';

CREATE FUNCTION social.size_band(size bigint) RETURNS text IMMUTABLE LANGUAGE sql
RETURN CASE
    WHEN size >= 50000 THEN 'FROM_50000'
    WHEN size >= 10000 THEN 'FROM_10000'
    WHEN size >= 5000 THEN 'FROM_5000'
    WHEN size >= 1000 THEN 'FROM_1000'
    WHEN size >= 500 THEN 'FROM_500'
    WHEN size >= 100 THEN 'FROM_100'
    ELSE 'BELOW_MINIMUM'
END;

-- How many to tell instead of how many there are: less by 0 to 200, in the middle by 100. What is taken
-- off is Laplace noise of scale 10, cut at 100, and depends on the list alone: asked again, the same. Never
-- more than there are: so that fewer than 100 are always below the minimum, and nobody can tell 99 from 0.
CREATE FUNCTION social.told_size(matched bigint, digest bytea) RETURNS bigint IMMUTABLE LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    bits bigint := ('x' || left(encode(sha256(digest || 'noise'::bytea), 'hex'), 12))::bit(48)::bigint;
    place double precision := (bits + 0.5) / 281474976710656.0 - 0.5;
    noise double precision := -10 * sign(place) * ln(1 - 2 * abs(place));
BEGIN
    RETURN floor(matched - 100 + least(greatest(noise, -100), 100));
END $$;

-- How much two lists have in common, of all that is in either, judged by their sketches: exact for small
-- lists, otherwise off by less than 0.06 but for one time in a hundred (512 samples).
CREATE FUNCTION social.likeness(one bytea[], other bytea[]) RETURNS double precision IMMUTABLE LANGUAGE sql
SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(avg((times > 1)::integer), 1)
    FROM (
        SELECT blind, count(*) AS times
        FROM (SELECT unnest(one) AS blind UNION ALL SELECT unnest(other)) both_lists
        GROUP BY blind ORDER BY blind LIMIT 512
    ) smallest
$$;

-- The bindings of this upload's numbers that may be used: of a shared one only while its owner does not
-- object to ads.
CREATE FUNCTION social.matches_of(upload_id bigint)
RETURNS TABLE (blind bytea, account_id bigint, source text, messenger_id bigint)
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    SELECT b.blind, b.account_id, b.source, b.messenger_id
    FROM social.phone_binding b
    WHERE b.blind IN (SELECT e.blind FROM social.customer_list_entry e WHERE e.upload = upload_id)
      AND (b.source = 'SELF_PROFILE' OR (b.source = 'MESSENGER_SHARED' AND b.restricted & 1 = 0))
$$;

-- Judge what was uploaded under this number in this transaction, and leave no entry of it.
--
-- Numbers are counted, each once, and not people: two numbers of one person count like those of two. What
-- comes back is a word and three bands, all decided the first time that the list is seen.
CREATE FUNCTION social.match_list(upload_id bigint, merchant bigint, offer bigint)
RETURNS TABLE (outcome text, status text, uploaded_at timestamptz, record_count_band text, audience_size_band text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET work_mem = '64MB' AS $$
DECLARE
    judged record;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'only read committed transactions may do this';
    END IF;
    -- One list of a merchant after the other: otherwise two at once would spend the last of the budget twice.
    PERFORM pg_advisory_xact_lock(hashtextextended('customer lists of merchant ' || merchant, 0));
    judged := social.judge_list(upload_id, merchant, offer);
    DELETE FROM social.customer_list_entry e WHERE e.upload = upload_id;
    RETURN QUERY
    SELECT judged.told, l.status, l.uploaded_at::timestamptz, l.record_count_band, l.audience_size_band
    FROM (VALUES (judged.list_id)) j (id) LEFT JOIN social.customer_list l ON l.id = j.id;
END $$;

CREATE FUNCTION social.judge_list(
    upload_id bigint, merchant bigint, offer bigint, OUT told text, OUT list_id bigint
) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    own_digest bytea;
    own_sketch bytea[];
    records bigint;
    size bigint;
    known social.customer_list;
BEGIN
    told := 'TAKEN';
    SELECT count(*), sha256(coalesce(string_agg(n.blind, ''::bytea), ''::bytea)),
           coalesce((array_agg(n.blind))[1:512], '{}')
    INTO records, own_digest, own_sketch
    FROM (
        SELECT DISTINCT e.blind FROM social.customer_list_entry e WHERE e.upload = upload_id ORDER BY e.blind
    ) n;
    IF NOT EXISTS (SELECT FROM social.offer o WHERE o.id = offer AND o.merchant_id = merchant) THEN
        told := 'UNKNOWN_OFFER';
        RETURN;
    END IF;
    SELECT l.* INTO known FROM social.customer_list l
    WHERE l.merchant_id = merchant AND l.digest = own_digest ORDER BY l.offer_id <> offer, l.id LIMIT 1;
    IF known.offer_id = offer THEN
        list_id := known.id;
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM social.customer_list l WHERE l.offer_id = offer AND l.status = 'MATCHED') THEN
        told := 'OFFER_HAS_LIST';
        RETURN;
    END IF;
    IF known.id IS NOT NULL THEN
        -- The same list for another offer: the same answer, and the same people.
        INSERT INTO social.customer_list
            (merchant_id, offer_id, digest, sketch, status, uploaded_at, record_count_band, audience_size_band)
        VALUES (merchant, offer, own_digest, own_sketch, known.status, known.uploaded_at,
                known.record_count_band, known.audience_size_band)
        RETURNING id INTO list_id;
        INSERT INTO social.offer_audience (account_id, offer_id, source, messenger_id)
        SELECT a.account_id, offer, a.source, a.messenger_id
        FROM social.offer_audience a WHERE a.offer_id = known.offer_id AND known.status = 'MATCHED'
        ON CONFLICT DO NOTHING;
        RETURN;
    END IF;
    IF (SELECT count(DISTINCT l.digest) FROM social.customer_list l
        WHERE l.merchant_id = merchant AND l.uploaded_at >= date_trunc('day', now(), 'UTC')) >= 5 THEN
        told := 'BUDGET_SPENT';
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM social.customer_list l
               WHERE l.merchant_id = merchant AND social.likeness(l.sketch, own_sketch) >= 0.7) THEN
        told := 'TOO_SIMILAR';
        RETURN;
    END IF;
    SELECT social.told_size(count(DISTINCT m.blind), own_digest) INTO size FROM social.matches_of(upload_id) m;
    IF records < 1000 THEN
        size := 0;
    END IF;
    INSERT INTO social.customer_list
        (merchant_id, offer_id, digest, sketch, status, record_count_band, audience_size_band)
    VALUES (merchant, offer, own_digest, own_sketch, CASE WHEN size < 100 THEN 'BELOW_MINIMUM' ELSE 'MATCHED' END,
            social.size_band(CASE WHEN records < 1000 THEN 0 ELSE records END), social.size_band(size))
    RETURNING id INTO list_id;
    IF size >= 100 THEN
        INSERT INTO social.offer_audience (account_id, offer_id, source, messenger_id)
        SELECT DISTINCT ON (m.account_id) m.account_id, offer, m.source, m.messenger_id
        FROM social.matches_of(upload_id) m
        ORDER BY m.account_id, m.source DESC, m.messenger_id
        ON CONFLICT DO NOTHING;
    END IF;
END $$;

-- Whether this is the key under which numbers are hashed here; the first to come says which it is.
CREATE FUNCTION social.fits_matching_key(asked bytea) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO social.matching_key (fingerprint) VALUES (asked) ON CONFLICT DO NOTHING;
    RETURN (SELECT k.fingerprint = asked FROM social.matching_key k);
END $$;

-- Numbers that have no hash yet, for the gateway to make it; two-factor numbers never leave.
CREATE FUNCTION social.unhashed_numbers(most integer)
RETURNS TABLE (account_id bigint, source text, number text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT b.account_id, b.source, b.number FROM social.phone_binding b
    WHERE b.blind IS NULL AND b.source <> 'SECURITY_2FA'
    ORDER BY b.account_id, b.source, b.number LIMIT most
$$;

CREATE FUNCTION social.hash_numbers(accounts bigint[], sources text[], numbers text[], blinds bytea[])
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE social.phone_binding b SET blind = n.blind
    FROM unnest(accounts, sources, numbers, blinds) AS n(account_id, source, number, blind)
    WHERE (b.account_id, b.source, b.number) = (n.account_id, n.source, n.number) AND b.blind IS NULL
$$;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA social FROM PUBLIC;
