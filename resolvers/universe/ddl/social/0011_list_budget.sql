-- What customer lists may tell of a number, over months and over merchants: policy, section 5.
--
-- The answer to a new list depends on the data of its numbers, with noise. So a number counts in few of such
-- decisions in a year, and after them no answer depends on it. Everything here is counted for every uploaded
-- number: of members, of objectors and of nobody alike. docs/privacy.md says what remains, as ε and δ.

-- The limits, and how wide the noise is. The owner changes them; the gateway's role cannot.
CREATE TABLE social.list_budget (
    only_row           boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    noise_scale        integer NOT NULL DEFAULT 30 CHECK (noise_scale BETWEEN 10 AND 1000),
    lists_of_merchant  integer NOT NULL DEFAULT 12 CHECK (lists_of_merchant > 0),
    uses_of_number     integer NOT NULL DEFAULT 4 CHECK (uses_of_number > 0),
    uses_by_a_merchant integer NOT NULL DEFAULT 1 CHECK (uses_by_a_merchant BETWEEN 1 AND uses_of_number)
);
INSERT INTO social.list_budget DEFAULT VALUES;

-- Each new list of a merchant, for 90 days. Without a foreign key: a merchant or an offer that goes, and comes
-- back, does not bring a new budget. Not rounded: the time decides on which day the list counts.
CREATE TABLE social.list_decision (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    merchant_id bigint NOT NULL,
    decided_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX list_decision_of_merchant ON social.list_decision (merchant_id, decided_at);
INSERT INTO social.list_decision (merchant_id, decided_at)
SELECT l.merchant_id, min(l.uploaded_at) FROM social.customer_list l GROUP BY l.merchant_id, l.digest;

-- Each use of a number in a decision, for a year. Both columns are of a hash under a key that is not in this
-- database: a row is tied to no account, to no list, and to a merchant only beside other rows of the number.
CREATE TABLE social.list_use (
    number   uuid NOT NULL,
    merchant integer NOT NULL,
    used_on  date NOT NULL
);
CREATE INDEX list_use_of_number ON social.list_use (number);
CREATE INDEX list_use_on ON social.list_use USING brin (used_on);

-- What that key makes of a constant. Another key would find no use of any number, and every budget new.
ALTER TABLE social.matching_key ADD COLUMN budget bytea CHECK (octet_length(budget) = 32);

CREATE FUNCTION social.forget_list_uses() RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM social.list_use WHERE used_on <= (now() AT TIME ZONE 'UTC')::date - 365;
    DELETE FROM social.list_decision WHERE decided_at <= now() - interval '90 days';
$$;

-- How many to tell instead of how many there are: in the middle less by ten times the scale, never more than
-- there are (fewer than 100 are always below the minimum), and never less by more than twice that. What is
-- taken off is Laplace noise of the scale, cut at ten times the scale. The seed is of the list and of this one
-- decision, under the key: the same list judged again has noise of its own. If two decisions on one list
-- shared the noise, two different answers would prove that somebody came, went or objected.
DROP FUNCTION social.told_size;
CREATE FUNCTION social.told_size(counted bigint, seed bytea, scale integer) RETURNS bigint IMMUTABLE
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    bits bigint := ('x' || left(encode(sha256(seed), 'hex'), 12))::bit(48)::bigint;
    place double precision := (bits + 0.5) / 281474976710656.0 - 0.5;
    noise double precision := -scale * sign(place) * ln(1 - 2 * abs(place));
BEGIN
    RETURN floor(counted - 10 * scale + least(greatest(noise, -10 * scale), 10 * scale));
END $$;

-- Note a use of each number of this upload that has some left; the result is how many of those are matched.
-- The others do not count, whoever they are.
--
-- The planner has no statistics of an upload. NOT IN, and IN below FILTER, become hash tables; as joins they
-- could become loops of a million times a million.
CREATE FUNCTION social.use_numbers(upload_id bigint, merchant bigint, budget_key bytea) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    today date := (now() AT TIME ZONE 'UTC')::date;
    most social.list_budget;
    counted bigint;
BEGIN
    -- One decision of all merchants after the other: two at once would both take a number's last use.
    PERFORM pg_advisory_xact_lock(hashtextextended('uses of numbers in customer lists', 0));
    SELECT b.* INTO STRICT most FROM social.list_budget b;
    WITH hashed AS MATERIALIZED (
        SELECT n.blind, sha256(budget_key || n.blind) AS hash
        FROM (SELECT DISTINCT e.blind FROM social.customer_list_entry e WHERE e.upload = upload_id) n
    ), named AS MATERIALIZED (
        -- The second half of the hash stands nowhere: without it, nothing tells the merchant. In order, because
        -- neighbours then stand on the same pages.
        SELECT h.blind, encode(substr(h.hash, 1, 16), 'hex')::uuid AS number,
               hashtextextended(encode(substr(h.hash, 17), 'hex'), merchant)::bit(64)::bit(32)::integer AS own
        FROM hashed h ORDER BY number
    ), spent AS MATERIALIZED (
        -- OFFSET 0 keeps this a look-up by index for each number: the table may hold a thousand times as many.
        SELECT n.number
        FROM named n CROSS JOIN LATERAL (
            SELECT u.merchant FROM social.list_use u WHERE u.number = n.number AND u.used_on > today - 365 OFFSET 0
        ) u
        GROUP BY n.number
        HAVING count(*) >= most.uses_of_number
            OR count(*) FILTER (WHERE u.merchant = n.own) >= most.uses_by_a_merchant
    ), fresh AS MATERIALIZED (
        SELECT n.* FROM named n WHERE n.number NOT IN (SELECT s.number FROM spent s)
    ), noted AS (
        INSERT INTO social.list_use (number, merchant, used_on)
        SELECT f.number, f.own, today FROM fresh f
    )
    SELECT count(*) FILTER (WHERE f.blind IN (SELECT m.blind FROM social.matches_of(upload_id) m)) INTO counted
    FROM fresh f;
    RETURN counted;
END $$;

DROP FUNCTION social.match_list;
DROP FUNCTION social.judge_list;
-- Judge what was uploaded under this number in this transaction, and leave no entry of it. budget_key: always
-- the same one.
--
-- Numbers are counted, each once, and not people: two numbers of one person count like those of two. What
-- comes back is a word and three bands, all decided the first time that the list is seen.
CREATE FUNCTION social.match_list(upload_id bigint, merchant bigint, offer bigint, budget_key bytea)
RETURNS TABLE (outcome text, status text, uploaded_at timestamptz, record_count_band text, audience_size_band text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET work_mem = '64MB' AS $$
DECLARE
    judged record;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'only read committed transactions may do this';
    END IF;
    UPDATE social.matching_key k SET budget = sha256(budget_key) WHERE k.budget IS NULL;
    IF NOT EXISTS (SELECT FROM social.matching_key k WHERE k.budget = sha256(budget_key)) THEN
        RAISE EXCEPTION 'the budget of numbers is kept under another key';
    END IF;
    -- One list of a merchant after the other: otherwise two at once would spend the last of the budget twice.
    PERFORM pg_advisory_xact_lock(hashtextextended('customer lists of merchant ' || merchant, 0));
    judged := social.judge_list(upload_id, merchant, offer, budget_key);
    DELETE FROM social.customer_list_entry e WHERE e.upload = upload_id;
    RETURN QUERY
    SELECT judged.told, l.status, l.uploaded_at::timestamptz, l.record_count_band, l.audience_size_band
    FROM (VALUES (judged.list_id)) j (id) LEFT JOIN social.customer_list l ON l.id = j.id;
END $$;

CREATE FUNCTION social.judge_list(
    upload_id bigint, merchant bigint, offer bigint, budget_key bytea, OUT told text, OUT list_id bigint
) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    own_digest bytea;
    own_sketch bytea[];
    records bigint;
    decision bigint;
    size bigint := 0;
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
        -- The same list for another offer: the same answer, the same people, and nothing is used.
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
    IF (SELECT count(*) FILTER (WHERE d.decided_at >= date_trunc('day', now(), 'UTC')) >= 5
            OR count(*) >= (SELECT b.lists_of_merchant FROM social.list_budget b)
        FROM social.list_decision d
        WHERE d.merchant_id = merchant AND d.decided_at > now() - interval '90 days') THEN
        told := 'BUDGET_SPENT';
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM social.customer_list l
               WHERE l.merchant_id = merchant AND social.likeness(l.sketch, own_sketch) >= 0.7) THEN
        told := 'TOO_SIMILAR';
        RETURN;
    END IF;
    INSERT INTO social.list_decision (merchant_id) VALUES (merchant) RETURNING id INTO decision;
    -- A list that is too short has one answer, whatever is in it: its numbers are not used.
    IF records >= 1000 THEN
        size := social.told_size(
            social.use_numbers(upload_id, merchant, budget_key),
            budget_key || own_digest || int8send(decision),
            (SELECT b.noise_scale FROM social.list_budget b)
        );
    END IF;
    INSERT INTO social.customer_list
        (merchant_id, offer_id, digest, sketch, status, record_count_band, audience_size_band)
    VALUES (merchant, offer, own_digest, own_sketch, CASE WHEN size < 100 THEN 'BELOW_MINIMUM' ELSE 'MATCHED' END,
            social.size_band(CASE WHEN records < 1000 THEN 0 ELSE records END), social.size_band(size))
    RETURNING id INTO list_id;
    IF size >= 100 THEN
        -- All that are matched, used before or not: the merchant never sees who.
        INSERT INTO social.offer_audience (account_id, offer_id, source, messenger_id)
        SELECT DISTINCT ON (m.account_id) m.account_id, offer, m.source, m.messenger_id
        FROM social.matches_of(upload_id) m
        ORDER BY m.account_id, m.source DESC, m.messenger_id
        ON CONFLICT DO NOTHING;
    END IF;
END $$;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA social FROM PUBLIC;
