-- wave 0, messenger
-- $1: bigint
SELECT '0:' AS k, ('{"id":"ma_␙' || a1.id || '␙","phone":"' || a1.phone || '"}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT

-- wave 0, messenger
-- $1: text
SELECT '1:' AS k, ('␟2:' || p1.account_id || '␟') AS b
FROM phone_lookup AS p1
WHERE p1.phone = $1::VARCHAR

-- wave 0, messenger
SELECT CAST(a1.id AS TEXT) AS k, ('[' || a1.id || ']') AS b
FROM account AS a1 ORDER BY a1.id
 LIMIT 2

-- wave 0, social
-- $1: bigint
SELECT '6:' AS k, ('{"id":"sa_␙@003' || a1.id || '␙","phones":' || (SELECT ('[' || coalesce(string_agg((CASE WHEN (p2.source IN ('MESSENGER_SHARED')) THEN ('␝@004' || p2.account_id || '␝') ELSE '' END || '{"number":"' || p2.number || '"}'), ',' ORDER BY p2.source, p2.number), '') || ']') AS anon_1
FROM phone_binding AS p2
WHERE p2.account_id = a1.id AND p2.account_id = $1::BIGINT) || '}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT

-- wave 0, messenger
-- $1: bigint[]
SELECT CAST(a1.id AS TEXT) AS k, ('[' || a1.id || ']') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, messenger
-- $1: the keys of 2
SELECT ('2:' || a1.id) AS k, ('{"id":"ma_␙@001' || a1.id || '␙"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, messenger
-- $1: the keys of 5
SELECT ('5:' || a1.id) AS k, ('␝@002' || a1.id || '␝{"countryCode":"' || a1.country_code || '"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, messenger
-- $1: the keys of 9
SELECT ('9:' || a1.id) AS k, ('{"id":"ma_␙@005' || a1.id || '␙"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
