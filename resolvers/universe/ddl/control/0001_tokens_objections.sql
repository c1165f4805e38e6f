-- The gateway's own database: who may ask, and what people objected to.
CREATE SCHEMA control;

-- hash: HMAC-SHA-256 of the token under a key that is not in this database.
CREATE TABLE control.token (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client     text NOT NULL CHECK (client ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
    hash       bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    purposes   text[] NOT NULL CHECK (cardinality(purposes) > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz
);

-- Grows with every change of control.token. Every process polls it each second, because a
-- notification can be lost; the notification only makes it faster.
CREATE TABLE control.revision (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    tokens   bigint NOT NULL
);
INSERT INTO control.revision (tokens) VALUES (1);

CREATE FUNCTION control.bump_revision() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE control.revision SET tokens = tokens + 1;
    PERFORM pg_notify('gateway_tokens', '');
    RETURN NULL;
END $$;
CREATE TRIGGER bump_revision AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON control.token
    FOR EACH STATEMENT EXECUTE FUNCTION control.bump_revision();

-- Append-only; what is in force is the fold of it, in the order of id.
CREATE TABLE control.objection_event (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id    bigint NOT NULL CHECK (account_id >= 0),
    kind          text NOT NULL CHECK (kind IN ('OBJECT', 'WITHDRAW')),
    purposes      text[] NOT NULL CHECK (purposes <@ ARRAY['ADS_PERSONALIZATION', 'FRIEND_SUGGESTIONS'] AND cardinality(purposes) > 0),
    recorded_at   timestamptz NOT NULL DEFAULT now(),
    effective_at  timestamptz NOT NULL DEFAULT now(),
    channel       text NOT NULL,
    terms_version text NOT NULL
);
CREATE INDEX objection_event_account ON control.objection_event (account_id, id);

CREATE FUNCTION control.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'objection events are append-only';
END $$;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON control.objection_event
    FOR EACH STATEMENT EXECUTE FUNCTION control.refuse_change();
