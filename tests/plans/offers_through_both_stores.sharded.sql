-- wave 0, messenger
-- $1: text
SELECT '0:' AS k, ('␟1:' || p1.account_id || '␟') AS b
FROM phone_lookup AS p1
WHERE p1.phone = $1::VARCHAR

-- wave 1, messenger
-- $1: the keys of 1
SELECT ('1:' || a1.id) AS k, ('␝' || a1.id || '␝{"socialAccount":␟2:' || a1.id || '␟}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 2, social
-- $1: the keys of 2
SELECT ('2:' || m1.messenger_id) AS k, ('␟3:' || m1.account_id || '␟') AS b
FROM messenger_lookup AS m1
WHERE m1.messenger_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 3, social
-- $1: the keys of 3
SELECT ('3:' || a1.id) AS k, ('␝@001' || a1.id || '␝{"offers":' || (SELECT ('[' || coalesce(string_agg((CASE WHEN (o2.source IN ('MESSENGER_SHARED')) THEN ('␝@002' || o2.account_id || '␝') ELSE '' END || '␟4:' || o2.offer_id || '␟'), ',' ORDER BY o2.offer_id), '') || ']') AS anon_1
FROM offer_audience AS o2
WHERE o2.account_id = a1.id AND o2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))) || '}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 4, social
-- $1: the keys of 4
SELECT ('4:' || o1.id) AS k, ('{"merchant":␟5:' || o1.merchant_id || '␟}') AS b
FROM offer AS o1
WHERE o1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 5, social
-- $1: the keys of 5
SELECT ('5:' || m1.id) AS k, ('{"id":"me_␘' || m1.id || '␘"}') AS b
FROM merchant AS m1
WHERE m1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
