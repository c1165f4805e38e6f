-- The social network's accounts, their phone numbers and friendships.
CREATE SCHEMA social;

CREATE TABLE social.account (
    id           bigint PRIMARY KEY CHECK (id >= 0),
    display_name text COLLATE "C" NOT NULL
);
CREATE INDEX account_display_name ON social.account (display_name, id);

-- Each friendship stands here twice, once for each end.
CREATE TABLE social.friendship (
    account_id bigint NOT NULL,
    friend_id  bigint NOT NULL CHECK (friend_id <> account_id),
    PRIMARY KEY (account_id, friend_id),
    CONSTRAINT friendship_account FOREIGN KEY (account_id) REFERENCES social.account ON DELETE CASCADE,
    CONSTRAINT friendship_friend FOREIGN KEY (friend_id) REFERENCES social.account ON DELETE CASCADE
);

-- What the messenger's members are restricted for: the fold of the objection events, keyed by the
-- messenger's account id, because it covers data that came from there.
CREATE TABLE social.restriction (
    messenger_id bigint PRIMARY KEY,
    purposes     integer NOT NULL CHECK (purposes >= 0)
);

-- A number and where it came from. messenger_id names the account that shared it, and only then;
-- restricted is a copy of that account's restriction.
CREATE TABLE social.phone_binding (
    account_id   bigint NOT NULL,
    source       text COLLATE "C" NOT NULL CHECK (source IN ('MESSENGER_SHARED', 'SECURITY_2FA', 'SELF_PROFILE')),
    number       text COLLATE "C" NOT NULL CHECK (number ~ '^\+[1-9][0-9]{6,14}$'),
    messenger_id bigint CHECK ((messenger_id IS NOT NULL) = (source = 'MESSENGER_SHARED')),
    restricted   integer NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, source, number),
    CONSTRAINT phone_binding_account FOREIGN KEY (account_id) REFERENCES social.account ON DELETE CASCADE
);
CREATE INDEX phone_binding_messenger_id ON social.phone_binding (messenger_id) WHERE messenger_id IS NOT NULL;

-- The same person on both: found by the number that the messenger shared.
CREATE TABLE social.messenger_link (
    account_id   bigint PRIMARY KEY,
    messenger_id bigint NOT NULL,
    since        date NOT NULL,
    restricted   integer NOT NULL DEFAULT 0,
    CONSTRAINT messenger_link_account FOREIGN KEY (account_id) REFERENCES social.account ON DELETE CASCADE
);

-- The same link keyed by the messenger's account, kept by triggers: the way back, and the promise
-- that a messenger account is linked once.
CREATE TABLE social.messenger_lookup (
    messenger_id bigint PRIMARY KEY,
    account_id   bigint NOT NULL UNIQUE REFERENCES social.messenger_link ON DELETE CASCADE,
    restricted   integer NOT NULL DEFAULT 0
);
