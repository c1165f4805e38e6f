-- That businesses and customers talk, about what kind of thing, and how much; never what was said.
-- Who writes on this messenger has an account, and the account's number is who they are.
--
-- Each conversation stands here twice, because it is looked for both ways: by the business whose it is,
-- and by the customer. Triggers keep the second copy. Numbers of conversations come from one sequence,
-- so that a sharded store need not promise that they differ.

CREATE TABLE messenger.business_conversation (
    business_id     bigint NOT NULL,
    id              bigint NOT NULL CHECK (id >= 0),
    account_id      bigint NOT NULL,
    category        text COLLATE "C" NOT NULL CHECK (category IN ('AUTHENTICATION', 'MARKETING', 'SERVICE', 'UTILITY')),
    status          text COLLATE "C" NOT NULL CHECK (status IN ('ANSWERED', 'CLOSED', 'OPEN')),
    opened_on       date NOT NULL,
    last_message_on date NOT NULL CHECK (last_message_on >= opened_on),
    message_count   integer NOT NULL CHECK (message_count > 0),
    PRIMARY KEY (business_id, id),
    CONSTRAINT business_conversation_business FOREIGN KEY (business_id) REFERENCES messenger.business ON DELETE CASCADE,
    CONSTRAINT business_conversation_account FOREIGN KEY (account_id) REFERENCES messenger.account ON DELETE CASCADE
);
CREATE INDEX business_conversation_category ON messenger.business_conversation (business_id, category, id);
CREATE INDEX business_conversation_status ON messenger.business_conversation (business_id, status, id);
CREATE INDEX business_conversation_opened_on ON messenger.business_conversation (business_id, opened_on, id);
CREATE INDEX business_conversation_last_message_on ON messenger.business_conversation (business_id, last_message_on, id);
CREATE INDEX business_conversation_account_id ON messenger.business_conversation (account_id);

CREATE TABLE messenger.customer_conversation (
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
CREATE INDEX customer_conversation_business_id ON messenger.customer_conversation (business_id, account_id);

CREATE FUNCTION messenger.copy_conversation() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO messenger.customer_conversation
            (account_id, id, business_id, category, status, opened_on, last_message_on, message_count)
        SELECT account_id, id, business_id, category, status, opened_on, last_message_on, message_count
        FROM new_rows;
    ELSIF TG_OP = 'UPDATE' THEN
        UPDATE messenger.customer_conversation t
        SET category = n.category, status = n.status, opened_on = n.opened_on,
            last_message_on = n.last_message_on, message_count = n.message_count
        FROM new_rows n WHERE t.account_id = n.account_id AND t.id = n.id;
    ELSE
        DELETE FROM messenger.customer_conversation t
        USING old_rows o WHERE t.account_id = o.account_id AND t.id = o.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER copy_new_conversation AFTER INSERT ON messenger.business_conversation
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION messenger.copy_conversation();
CREATE TRIGGER copy_changed_conversation AFTER UPDATE ON messenger.business_conversation
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION messenger.copy_conversation();
CREATE TRIGGER copy_deleted_conversation AFTER DELETE ON messenger.business_conversation
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION messenger.copy_conversation();

-- A conversation never changes hands: the copy would stay with the first customer.
CREATE FUNCTION messenger.refuse_handover() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a conversation keeps its business and its customer';
END $$;
CREATE TRIGGER refuse_handover BEFORE UPDATE OF business_id, id, account_id ON messenger.business_conversation
    FOR EACH ROW EXECUTE FUNCTION messenger.refuse_handover();

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
