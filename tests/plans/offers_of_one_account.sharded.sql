-- wave 0, social
-- $1: bigint
SELECT '0:' AS k, ('␝' || a1.id || '␝{"offers":' || (SELECT ('[' || coalesce(string_agg((CASE WHEN (o2.source IN ('MESSENGER_SHARED')) THEN ('␝@001' || o2.account_id || '␝') ELSE '' END || '␟1:' || o2.offer_id || '␟'), ',' ORDER BY o2.offer_id), '') || ']') AS anon_1
FROM offer_audience AS o2
WHERE o2.account_id = a1.id AND o2.account_id = $1::BIGINT) || ',"again":' || (SELECT ('[' || coalesce(string_agg((CASE WHEN (o3.source IN ('MESSENGER_SHARED')) THEN ('␝@002' || o3.account_id || '␝') ELSE '' END || '␟3:' || o3.offer_id || '␟'), ',' ORDER BY o3.offer_id), '') || ']') AS anon_2
FROM offer_audience AS o3
WHERE o3.account_id = a1.id AND o3.account_id = $1::BIGINT) || '}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT

-- wave 1, social
-- $1: the keys of 1
SELECT ('1:' || o1.id) AS k, ('{"__typename":"Offer","id":"of_␘' || o1.id || '␘","title":' || CAST(to_json(o1.title) AS TEXT) || ',"validUntil":' || CAST(to_json(o1.valid_until) AS TEXT) || ',"merchant":␟2:' || o1.merchant_id || '␟}') AS b
FROM offer AS o1
WHERE o1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the keys of 3
SELECT ('3:' || o1.id) AS k, ('{"id":"of_␘' || o1.id || '␘"}') AS b
FROM offer AS o1
WHERE o1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 2, social
-- $1: the keys of 2
SELECT ('2:' || m1.id) AS k, ('{"name":' || CAST(to_json(m1.name) AS TEXT) || ',"id":"me_␘' || m1.id || '␘"}') AS b
FROM merchant AS m1
WHERE m1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
