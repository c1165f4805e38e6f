-- Trusted documents: GraphQL that a client asks, registered and reviewed before it is asked.

-- Known by the SHA-256 of the text as it stands in its file, so that `sha256sum` tells it.
CREATE TABLE control.document (
    hash          bytea PRIMARY KEY,
    text          text NOT NULL,
    registered_at timestamptz NOT NULL DEFAULT now(),
    registered_by text CHECK (registered_by <> ''),
    CHECK (hash = sha256(convert_to(text, 'UTF8')))
);

-- Which client may use which, and for which purposes it was reviewed. `operations`: the names of those that
-- the document holds, empty if its only one has none. A retired line stays: it says what could be asked.
CREATE TABLE control.client_document (
    client        text NOT NULL CHECK (client ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
    hash          bytea NOT NULL REFERENCES control.document (hash),
    operations    text[] NOT NULL,
    purposes      text[] NOT NULL CHECK (cardinality(purposes) > 0),
    registered_at timestamptz NOT NULL DEFAULT now(),
    registered_by text CHECK (registered_by <> ''),
    retired_at    timestamptz,
    PRIMARY KEY (client, hash)
);

-- A client without a line is under `log`, without automatic ones. What a client makes known by itself
-- was reviewed by nobody: never where only reviewed documents may run.
CREATE TABLE control.document_mode (
    client     text PRIMARY KEY CHECK (client ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
    mode       text NOT NULL CHECK (mode IN ('log', 'prefer', 'enforce')),
    automatic  boolean NOT NULL CHECK (NOT (automatic AND mode = 'enforce')),
    changed_at timestamptz NOT NULL DEFAULT now()
);

-- Grows with every change of the tables above but the first, whose lines never change. Polled, like
-- control.revision.
CREATE TABLE control.document_revision (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    number   bigint NOT NULL
);
INSERT INTO control.document_revision (number) VALUES (1);

CREATE FUNCTION control.bump_document_revision() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE control.document_revision SET number = number + 1;
    PERFORM pg_notify('gateway_documents', '');
    RETURN NULL;
END $$;
CREATE TRIGGER bump_document_revision AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON control.client_document
    FOR EACH STATEMENT EXECUTE FUNCTION control.bump_document_revision();
CREATE TRIGGER bump_document_revision AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON control.document_mode
    FOR EACH STATEMENT EXECUTE FUNCTION control.bump_document_revision();

-- A text is what was reviewed: it is never another one.
CREATE FUNCTION control.refuse_other_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a registered document never changes';
END $$;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON control.document
    FOR EACH STATEMENT EXECUTE FUNCTION control.refuse_other_text();
