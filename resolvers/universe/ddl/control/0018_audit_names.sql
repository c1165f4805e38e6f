-- The two names under which audit sees people: references in the ledger (pl_), pseudonyms in the history of
-- objections (pa_). No entry, time or order leads from one to the other.

-- Entries about the use of a person's rights, and those of audit itself, name no person here: they are written
-- at the moment of an objection, or because of one. Two parts, so that the index on people is used.
CREATE OR REPLACE VIEW control.disclosure AS
SELECT e.at, e.stream, e.number, e.request, e.client, e.outcome, e.counts, e.people,
       q.purpose, q.policy, q.fields, e.asked, q.chosen
FROM control.ledger_entry e JOIN control.ledger_question q ON q.key = e.question
WHERE q.purpose IN ('ADS_PERSONALIZATION', 'OFFER_MATCHING', 'FRIEND_SUGGESTIONS', 'INFRASTRUCTURE', 'SECURITY',
                    'BUSINESS_MESSAGING')
UNION ALL
SELECT e.at, e.stream, e.number, e.request, e.client, e.outcome, e.counts, '{}'::bigint[],
       q.purpose, q.policy, q.fields, e.asked, q.chosen
FROM control.ledger_entry e JOIN control.ledger_question q ON q.key = e.question
WHERE q.purpose NOT IN ('ADS_PERSONALIZATION', 'OFFER_MATCHING', 'FRIEND_SUGGESTIONS', 'INFRASTRUCTURE',
                        'SECURITY', 'BUSINESS_MESSAGING');

-- The history by days, and within a day by pseudonym: a portal that knows in which order people objected could
-- otherwise tell who each one is. An event is there once its day is over, because a reader who looks again and
-- again would see when each one comes; an hour later, because it may still be written or have no name yet.
CREATE VIEW control.audited_objection AS
SELECT (e.recorded_at AT TIME ZONE 'UTC')::date AS recorded_on, p.person,
       row_number() OVER (
           PARTITION BY (e.recorded_at AT TIME ZONE 'UTC')::date, p.person ORDER BY e.id
       ) AS place,
       e.kind, e.purposes, (e.effective_at AT TIME ZONE 'UTC')::date AS effective_on, e.channel, e.terms_version
FROM control.objection_event e JOIN control.pseudonym p ON p.account_id = e.account_id
WHERE e.recorded_at < date_trunc('day', now() - interval '1 hour', 'UTC');

-- How many objected and withdrew on a day, and by how many the number of objecting members grew. An event
-- changes that number only if the previous event of the same person and purpose was of the other kind.
CREATE VIEW control.objection_tally AS
SELECT day, purpose, count(*) FILTER (WHERE kind = 'OBJECT') AS objected,
       count(*) FILTER (WHERE kind = 'WITHDRAW') AS withdrawn,
       count(*) FILTER (WHERE kind = 'OBJECT' AND before = 'WITHDRAW')
       - count(*) FILTER (WHERE kind = 'WITHDRAW' AND before = 'OBJECT') AS more
FROM (
    SELECT purpose, e.kind, (e.effective_at AT TIME ZONE 'UTC')::date AS day,
           lag(e.kind, 1, 'WITHDRAW') OVER (PARTITION BY e.account_id, purpose ORDER BY e.id) AS before
    FROM control.objection_event e, unnest(e.purposes) AS purpose
) said
GROUP BY day, purpose;
