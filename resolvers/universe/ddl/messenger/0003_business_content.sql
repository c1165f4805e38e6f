-- Businesses on the messenger; and, apart, what people wrote. No role of the gateway has any
-- privilege in the schema content: start-up refuses to serve if one has.
CREATE TABLE messenger.business (
    id       bigint PRIMARY KEY CHECK (id >= 0),
    name     text NOT NULL,
    verified boolean NOT NULL
);

CREATE SCHEMA content;
CREATE TABLE content.message (
    sender_id    bigint NOT NULL,
    id           bigint NOT NULL,
    recipient_id bigint NOT NULL,
    sent_at      timestamptz(0) NOT NULL,
    body         text NOT NULL,
    PRIMARY KEY (sender_id, id)
);
