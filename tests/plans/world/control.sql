-- Everybody but the first ten objected to ads and withdrew the day after; every fourth then objected to both.
INSERT INTO control.objection_event (account_id, kind, purposes, recorded_at, effective_at, channel, terms_version)
SELECT n, kind, purposes, day + n * interval '1 hour', day + n * interval '1 hour', 'client "privacy desk"', '2016-08-25'
FROM (VALUES ('OBJECT', ARRAY['ADS_PERSONALIZATION'], timestamptz '2016-09-01 00:00:00+00'),
             ('WITHDRAW', ARRAY['ADS_PERSONALIZATION'], timestamptz '2016-09-02 00:00:00+00'),
             ('OBJECT', ARRAY['ADS_PERSONALIZATION', 'FRIEND_SUGGESTIONS'], timestamptz '2016-09-03 00:00:00+00'))
     AS declared (kind, purposes, day),
     generate_series(10, 29) n
WHERE n % 4 = 0 OR cardinality(purposes) = 1
ORDER BY day, n;

INSERT INTO control.suspension (jurisdiction, countries, purposes, valid_from, valid_until, reason, author)
VALUES ('DE', ARRAY['DE'], ARRAY['ADS_PERSONALIZATION', 'FRIEND_SUGGESTIONS'], '2016-09-27', NULL, 'An order.', 'a regulator'),
       ('GB', ARRAY['GB'], ARRAY['ADS_PERSONALIZATION'], '2016-11-08', '2016-12-08', 'A pause.', 'a regulator');
