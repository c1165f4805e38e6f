-- What a token is bound to. Under some purposes it sees what belongs to that, and nothing else; which
-- purposes need which binding is said in schema/purposes.py.
ALTER TABLE control.token
    ADD COLUMN messenger_id bigint CHECK (messenger_id >= 0),
    ADD COLUMN social_id    bigint CHECK (social_id >= 0),
    ADD COLUMN merchant_id  bigint CHECK (merchant_id >= 0),
    ADD COLUMN business_id  bigint CHECK (business_id >= 0);
