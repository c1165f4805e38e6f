-- ANALYZE kept the commonest values of every column in pg_statistic, message bodies too: one GRANT SELECT on
-- it, by mistake, opened them. Content has no statistics from now on. ALTER TYPE to the same type rewrites
-- nothing, and removes the statistics that are there.
ALTER TABLE content.message
    ALTER COLUMN body SET STATISTICS 0, ALTER COLUMN sent_at SET STATISTICS 0,
    ALTER COLUMN recipient_id SET STATISTICS 0, ALTER COLUMN sender_id SET STATISTICS 0,
    ALTER COLUMN id SET STATISTICS 0;
ALTER TABLE content.message ALTER COLUMN body TYPE text, ALTER COLUMN sent_at TYPE timestamptz(0),
    ALTER COLUMN recipient_id TYPE bigint, ALTER COLUMN sender_id TYPE bigint, ALTER COLUMN id TYPE bigint;
ALTER TABLE content.business_message
    ALTER COLUMN body SET STATISTICS 0, ALTER COLUMN sent_at SET STATISTICS 0,
    ALTER COLUMN from_customer SET STATISTICS 0, ALTER COLUMN business_id SET STATISTICS 0,
    ALTER COLUMN conversation_id SET STATISTICS 0, ALTER COLUMN id SET STATISTICS 0;
ALTER TABLE content.business_message ALTER COLUMN body TYPE text, ALTER COLUMN sent_at TYPE timestamptz(0),
    ALTER COLUMN from_customer TYPE boolean, ALTER COLUMN business_id TYPE bigint,
    ALTER COLUMN conversation_id TYPE bigint, ALTER COLUMN id TYPE bigint;
