-- Conversations of the second messenger (see messenger/0005). Its customers need no account of the
-- social network: account_id is then null, and the conversation is in nobody's copy.

CREATE TABLE social.business_conversation (
    business_id     bigint NOT NULL,
    id              bigint NOT NULL CHECK (id >= 0),
    account_id      bigint,
    category        text COLLATE "C" NOT NULL CHECK (category IN ('AUTHENTICATION', 'MARKETING', 'SERVICE', 'UTILITY')),
    status          text COLLATE "C" NOT NULL CHECK (status IN ('ANSWERED', 'CLOSED', 'OPEN')),
    opened_on       date NOT NULL,
    last_message_on date NOT NULL CHECK (last_message_on >= opened_on),
    message_count   integer NOT NULL CHECK (message_count > 0),
    PRIMARY KEY (business_id, id),
    CONSTRAINT business_conversation_business FOREIGN KEY (business_id) REFERENCES social.business ON DELETE CASCADE,
    CONSTRAINT business_conversation_account FOREIGN KEY (account_id) REFERENCES social.account ON DELETE CASCADE
);
CREATE INDEX business_conversation_category ON social.business_conversation (business_id, category, id);
CREATE INDEX business_conversation_status ON social.business_conversation (business_id, status, id);
CREATE INDEX business_conversation_opened_on ON social.business_conversation (business_id, opened_on, id);
CREATE INDEX business_conversation_last_message_on ON social.business_conversation (business_id, last_message_on, id);
CREATE INDEX business_conversation_account_id ON social.business_conversation (account_id);

CREATE TABLE social.customer_conversation (
    account_id      bigint NOT NULL,
    id              bigint NOT NULL,
    business_id     bigint NOT NULL,
    category        text COLLATE "C" NOT NULL CHECK (category IN ('AUTHENTICATION', 'MARKETING', 'SERVICE', 'UTILITY')),
    status          text COLLATE "C" NOT NULL CHECK (status IN ('ANSWERED', 'CLOSED', 'OPEN')),
    opened_on       date NOT NULL,
    last_message_on date NOT NULL,
    message_count   integer NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX customer_conversation_business_id ON social.customer_conversation (business_id, account_id);

CREATE FUNCTION social.copy_conversation() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO social.customer_conversation
            (account_id, id, business_id, category, status, opened_on, last_message_on, message_count)
        SELECT account_id, id, business_id, category, status, opened_on, last_message_on, message_count
        FROM new_rows WHERE account_id IS NOT NULL;
    ELSIF TG_OP = 'UPDATE' THEN
        UPDATE social.customer_conversation t
        SET category = n.category, status = n.status, opened_on = n.opened_on,
            last_message_on = n.last_message_on, message_count = n.message_count
        FROM new_rows n WHERE t.account_id = n.account_id AND t.id = n.id;
    ELSE
        DELETE FROM social.customer_conversation t
        USING old_rows o WHERE t.account_id = o.account_id AND t.id = o.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER copy_new_conversation AFTER INSERT ON social.business_conversation
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION social.copy_conversation();
CREATE TRIGGER copy_changed_conversation AFTER UPDATE ON social.business_conversation
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION social.copy_conversation();
CREATE TRIGGER copy_deleted_conversation AFTER DELETE ON social.business_conversation
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION social.copy_conversation();

-- A conversation never changes hands: the copy would stay with the first customer.
CREATE FUNCTION social.refuse_handover() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a conversation keeps its business and its customer';
END $$;
CREATE TRIGGER refuse_handover BEFORE UPDATE OF business_id, id, account_id ON social.business_conversation
    FOR EACH ROW EXECUTE FUNCTION social.refuse_handover();

-- What was said stands apart, as in 0003.
CREATE TABLE content.business_message (
    business_id     bigint NOT NULL,
    conversation_id bigint NOT NULL,
    id              bigint NOT NULL,
    from_customer   boolean NOT NULL,
    sent_at         timestamptz(0) NOT NULL,
    body            text NOT NULL,
    PRIMARY KEY (business_id, conversation_id, id)
);
