-- Whom a reference of the ledger stands for is part of the ledger's proof: for each reference one commitment, a
-- keyed hash of the account under the salt beside it. With the salt gone, nothing leads from the commitment to
-- the account any more.

-- The rows of before get a salt here, and their commitment from the first gateway that starts.
ALTER TABLE control.ledger_person ADD COLUMN salt bytea NOT NULL
    DEFAULT decode(replace(gen_random_uuid()::text, '-', ''), 'hex') CHECK (octet_length(salt) = 16);
ALTER TABLE control.ledger_person ALTER COLUMN salt DROP DEFAULT;

-- DRAWN: references that were drawn by lot, and their commitments, 32 bytes each. ADOPTED: the same for
-- references from before this table. COVERED: from then on each reference has a commitment. ERASED: the link
-- from these references to their accounts was deleted, and why. A chain like that of the entries; each event is
-- signed.
CREATE TABLE control.ledger_reference (
    stream      bytea NOT NULL CHECK (octet_length(stream) = 8),
    number      bigint NOT NULL CHECK (number > 0),
    at          timestamptz NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('DRAWN', 'ADOPTED', 'COVERED', 'ERASED')),
    people      bigint[] NOT NULL,
    commitments bytea NOT NULL,
    reason      text NOT NULL CHECK ((kind = 'ERASED') = (reason <> '')),
    hash        bytea NOT NULL CHECK (octet_length(hash) = 32),
    signature   bytea NOT NULL CHECK (octet_length(signature) = 64),
    PRIMARY KEY (stream, number),
    CHECK (octet_length(commitments) = CASE WHEN kind IN ('DRAWN', 'ADOPTED') THEN 32 * cardinality(people) ELSE 0 END)
);
-- Hashes: compressing them takes time and saves nothing.
ALTER TABLE control.ledger_reference ALTER COLUMN people SET STORAGE EXTERNAL;
ALTER TABLE control.ledger_reference ALTER COLUMN commitments SET STORAGE EXTERNAL;
CREATE INDEX ledger_reference_covered ON control.ledger_reference (at) WHERE kind = 'COVERED';
CREATE TRIGGER refuse_rewriting BEFORE UPDATE OR DELETE OR TRUNCATE ON control.ledger_reference
    FOR EACH STATEMENT EXECUTE FUNCTION control.refuse_rewriting();

-- Draw references together with the event that commits to them, or neither: false if another gateway drew one
-- for any of these accounts. A reference without its event would look like one that somebody exchanged.
CREATE FUNCTION control.draw_references(
    stores text[], accounts bigint[], drawn bigint[], salts bytea[],
    of_stream bytea, at_number bigint, moment timestamptz, committed bytea, hashed bytea, signed bytea
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO control.ledger_person (store, account_id, reference, salt)
    SELECT * FROM unnest(stores, accounts, drawn, salts);
    INSERT INTO control.ledger_reference (stream, number, at, kind, people, commitments, reason, hash, signature)
    VALUES (of_stream, at_number, moment, 'DRAWN', drawn, committed, '', hashed, signed);
    RETURN true;
EXCEPTION WHEN unique_violation THEN
    RETURN false;
END $$;
REVOKE ALL ON FUNCTION control.draw_references FROM PUBLIC;
