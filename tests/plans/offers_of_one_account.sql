-- wave 0, social
-- $1: bigint
SELECT '0:' AS k, ('␝' || a1.id || '␝{"offers":' || (SELECT ('[' || coalesce(string_agg((CASE WHEN (o2.source IN ('MESSENGER_SHARED')) THEN ('␝@001' || o2.account_id || '␝') ELSE '' END || '{"__typename":"Offer","id":"of_␘' || o3.id || '␘","title":' || CAST(to_json(o3.title) AS TEXT) || ',"validUntil":' || CAST(to_json(o3.valid_until) AS TEXT) || ',"merchant":{"name":' || CAST(to_json(m4.name) AS TEXT) || ',"id":"me_␘' || m4.id || '␘"}}'), ',' ORDER BY o2.offer_id), '') || ']') AS anon_1
FROM offer_audience AS o2 JOIN offer AS o3 ON o3.id = o2.offer_id JOIN merchant AS m4 ON m4.id = o3.merchant_id
WHERE o2.account_id = a1.id) || ',"again":' || (SELECT ('[' || coalesce(string_agg((CASE WHEN (o5.source IN ('MESSENGER_SHARED')) THEN ('␝@002' || o5.account_id || '␝') ELSE '' END || '{"id":"of_␘' || o5.offer_id || '␘"}'), ',' ORDER BY o5.offer_id), '') || ']') AS anon_2
FROM offer_audience AS o5
WHERE o5.account_id = a1.id) || '}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT
