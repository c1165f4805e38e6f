-- The access ledger: who was told what of whom, for what, written before the answer leaves. No values.

-- Under which reference the ledger knows a person's account: drawn by lot, so that it says nothing. With the
-- row gone, nothing leads from the account to the entries any more, nor back.
CREATE TABLE control.ledger_person (
    store      text NOT NULL CHECK (store IN ('messenger', 'social')),
    account_id bigint NOT NULL CHECK (account_id >= 0),
    reference  bigint NOT NULL UNIQUE CHECK (reference >= 0),
    PRIMARY KEY (store, account_id)
);

-- How many were cut off so: whoever keeps references in memory looks them up again when this changes.
CREATE TABLE control.ledger_forgotten (
    only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    forgotten bigint NOT NULL
);
INSERT INTO control.ledger_forgotten (forgotten) VALUES (0);

-- What the answers to one document under one purpose and policy tell of people: for each place where people
-- stand in them, the fields. `text` is [purpose, policy, document, [[field, …], …]].
CREATE TABLE control.ledger_question (
    key      bytea PRIMARY KEY CHECK (key = sha256(convert_to(text, 'UTF8'))),
    text     text NOT NULL,
    purpose  text NOT NULL GENERATED ALWAYS AS (text::jsonb ->> 0) STORED,
    policy   text NOT NULL GENERATED ALWAYS AS (text::jsonb ->> 1) STORED,
    document text NOT NULL GENERATED ALWAYS AS (text::jsonb ->> 2) STORED,
    fields   jsonb NOT NULL GENERATED ALWAYS AS (text::jsonb -> 3) STORED
);

-- One answer each. Of `people` the first counts[1] stand at the question's first place, and so on. `hash`
-- is that of the entry and of the one before it in the stream: what is changed, removed, inserted or moved
-- no longer fits. A stream is what one connection of one process wrote.
CREATE TABLE control.ledger_entry (
    at         timestamptz NOT NULL,
    stream     bytea NOT NULL CHECK (octet_length(stream) = 8),
    number     bigint NOT NULL CHECK (number > 0),
    request    text NOT NULL,
    client     text NOT NULL,
    credential text NOT NULL,
    question   bytea NOT NULL,
    outcome    text NOT NULL CHECK (outcome IN ('WHOLE', 'PARTIAL')),
    counts     integer[] NOT NULL,
    people     bigint[] NOT NULL,
    hash       bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (at, stream, number)
) PARTITION BY RANGE (at);
-- References are drawn by lot: compressing them takes time and saves nothing.
ALTER TABLE control.ledger_entry ALTER COLUMN people SET STORAGE EXTERNAL;

-- How far a stream had come, signed by the gateway's key, which is not in this database.
CREATE TABLE control.ledger_checkpoint (
    stream    bytea NOT NULL CHECK (octet_length(stream) = 8),
    number    bigint NOT NULL CHECK (number > 0),
    at        timestamptz NOT NULL,
    hash      bytea NOT NULL CHECK (octet_length(hash) = 32),
    signature bytea NOT NULL CHECK (octet_length(signature) = 64),
    PRIMARY KEY (stream, number)
);

-- Where a stream begins after its first entries were dropped, their time being over; signed likewise.
CREATE TABLE control.ledger_cut (
    stream    bytea NOT NULL CHECK (octet_length(stream) = 8),
    number    bigint NOT NULL CHECK (number > 0),
    at        timestamptz NOT NULL,
    hash      bytea NOT NULL CHECK (octet_length(hash) = 32),
    signature bytea NOT NULL CHECK (octet_length(signature) = 64),
    PRIMARY KEY (stream, number)
);

CREATE FUNCTION control.refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only';
END $$;
CREATE TRIGGER refuse_rewriting BEFORE UPDATE OR DELETE ON control.ledger_entry
    FOR EACH ROW EXECUTE FUNCTION control.refuse_rewriting();
CREATE TRIGGER refuse_rewriting BEFORE UPDATE OR DELETE OR TRUNCATE ON control.ledger_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION control.refuse_rewriting();
CREATE TRIGGER refuse_rewriting BEFORE UPDATE OR DELETE OR TRUNCATE ON control.ledger_cut
    FOR EACH STATEMENT EXECUTE FUNCTION control.refuse_rewriting();
CREATE TRIGGER refuse_rewriting BEFORE UPDATE OR DELETE OR TRUNCATE ON control.ledger_question
    FOR EACH STATEMENT EXECUTE FUNCTION control.refuse_rewriting();

-- A day's entries are a table of their own, so that dropping them when their time is over costs nothing.
-- Whoever writes the ledger may open a day, and owns nothing.
CREATE FUNCTION control.open_ledger_day(day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    of_day text := 'ledger_entry_' || to_char(day, 'YYYYMMDD');
BEGIN
    IF day < (now() AT TIME ZONE 'UTC')::date - 2 OR day > (now() AT TIME ZONE 'UTC')::date + 2 THEN
        RAISE EXCEPTION 'no day of these';
    END IF;
    IF to_regclass('control.' || of_day) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('gateway ledger day'));
    EXECUTE format(
        'CREATE TABLE IF NOT EXISTS control.%I PARTITION OF control.ledger_entry FOR VALUES FROM (%L) TO (%L)',
        of_day, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC'
    );
END $$;

-- By whom and of whom a day's entries are is indexed once the day is over, all at once: while it lasts, that
-- would cost three times as much as the entries themselves, and answers wait for these. How many days it did.
CREATE FUNCTION control.index_ledger() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET maintenance_work_mem = '256MB' AS $$
DECLARE
    of_day text;
    done integer := 0;
BEGIN
    -- One at a time: whoever comes meanwhile has nothing to do.
    IF NOT pg_try_advisory_xact_lock(hashtext('gateway ledger index')) THEN
        RETURN 0;
    END IF;
    FOR of_day IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'control.ledger_entry'::regclass
          AND c.relname < 'ledger_entry_' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD')
          AND to_regclass(format('control.%I', c.relname || '_people')) IS NULL
    LOOP
        EXECUTE format('CREATE INDEX %I ON control.%I (client, at)', of_day || '_client', of_day);
        EXECUTE format('CREATE INDEX %I ON control.%I USING gin (people)', of_day || '_people', of_day);
        done := done + 1;
    END LOOP;
    RETURN done;
END $$;

-- What the universes read: to audit people are references; a person sees the entries that name them.
CREATE VIEW control.disclosure AS
SELECT e.at, e.stream, e.number, e.request, e.client, e.outcome, e.counts, e.people,
       q.purpose, q.policy, q.fields
FROM control.ledger_entry e JOIN control.ledger_question q ON q.key = e.question;

CREATE VIEW control.own_disclosure AS
SELECT p.store, p.account_id, e.at, e.stream, e.number, e.request, e.client, e.outcome, e.counts,
       array_positions(e.people, p.reference) AS positions, q.purpose, q.policy, q.fields
FROM control.ledger_person p
JOIN control.ledger_entry e ON e.people @> ARRAY[p.reference]
JOIN control.ledger_question q ON q.key = e.question;
