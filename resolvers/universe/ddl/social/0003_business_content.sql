-- Merchants, businesses; and, apart, the content of the second messenger (see messenger/0003).
CREATE TABLE social.merchant (
    id   bigint PRIMARY KEY CHECK (id >= 0),
    name text NOT NULL
);

CREATE TABLE social.business (
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
