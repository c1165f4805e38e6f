-- wave 0, social
-- $1: text
SELECT '0:' AS k, ('␞' || CASE WHEN (n1.source IN ('MESSENGER_SHARED')) THEN ('␝@001' || n1.account_id || '␝') ELSE '' END || '␟1:' || n1.account_id || '␟␞') AS b
FROM number_lookup AS n1
WHERE n1.number = $1::VARCHAR ORDER BY n1.source, n1.account_id
 LIMIT 1

-- wave 0, social
-- $1: text
SELECT '2:' AS k, ('␞' || CASE WHEN (n1.source IN ('MESSENGER_SHARED')) THEN ('␝@004' || n1.account_id || '␝') ELSE '' END || '␟3:' || n1.account_id || '␟␞') AS b
FROM number_lookup AS n1
WHERE n1.number = $1::VARCHAR ORDER BY n1.source, n1.account_id
 LIMIT 1

-- wave 0, social
-- $1: text
SELECT '4:' AS k, ('␞' || CASE WHEN (n1.source IN ('MESSENGER_SHARED')) THEN ('␝@008' || n1.account_id || '␝') ELSE '' END || '␟5:' || n1.account_id || '␟␞') AS b
FROM number_lookup AS n1
WHERE n1.number = $1::VARCHAR ORDER BY n1.source, n1.account_id
 LIMIT 1

-- wave 0, social
-- $1: text
SELECT '6:' AS k, ('␞' || CASE WHEN (n1.source IN ('MESSENGER_SHARED')) THEN ('␝@00a' || n1.account_id || '␝') ELSE '' END || '␟7:' || n1.account_id || '␟␞') AS b
FROM number_lookup AS n1
WHERE n1.number = $1::VARCHAR ORDER BY n1.source, n1.account_id
 LIMIT 1

-- wave 0, social
-- $1: text
SELECT '8:' AS k, ('␞' || CASE WHEN (n1.source IN ('MESSENGER_SHARED')) THEN ('␝@00c' || n1.account_id || '␝') ELSE '' END || '␟9:' || n1.account_id || '␟␞') AS b
FROM number_lookup AS n1
WHERE n1.number = $1::VARCHAR ORDER BY n1.source, n1.account_id
 LIMIT 1

-- wave 0, social
-- $1: text
SELECT '10:' AS k, ('␞' || CASE WHEN (n1.source IN ('MESSENGER_SHARED')) THEN ('␝@00e' || n1.account_id || '␝') ELSE '' END || '␟11:' || n1.account_id || '␟␞') AS b
FROM number_lookup AS n1
WHERE n1.number = $1::VARCHAR ORDER BY n1.source, n1.account_id
 LIMIT 1

-- wave 1, social
-- $1: the keys of 1
SELECT ('1:' || a1.id) AS k, ('{"id":"sa_␙' || a1.id || '␙","displayName":' || CAST(to_json(a1.display_name) AS TEXT) || '}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the keys of 3
SELECT ('3:' || a1.id) AS k, ('{"id":"sa_␙@002' || a1.id || '␙","phones":' || (SELECT ('[' || coalesce(string_agg((CASE WHEN (p2.source IN ('MESSENGER_SHARED')) THEN ('␝@003' || p2.account_id || '␝') ELSE '' END || '{"source":"' || p2.source || '"}'), ',' ORDER BY p2.source), '') || ']') AS anon_1
FROM phone_binding AS p2
WHERE p2.account_id = a1.id AND p2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))) || '}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the keys of 5
SELECT ('5:' || a1.id) AS k, ('{"id":"sa_␙@005' || a1.id || '␙","phones":' || (SELECT ('[' || coalesce(string_agg((CASE WHEN (p2.source IN ('MESSENGER_SHARED')) THEN ('␝@006' || p2.account_id || '␝') ELSE '' END || '{"source":"' || p2.source || '"}'), ',' ORDER BY p2.source), '') || ']') AS anon_1
FROM phone_binding AS p2
WHERE p2.account_id = a1.id AND p2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))) || ',"messengerLink":' || coalesce((SELECT ('␝@007' || m3.account_id || '␝{"since":' || CAST(to_json(m3.since) AS TEXT) || '}') AS anon_2
FROM messenger_link AS m3
WHERE m3.account_id = a1.id AND m3.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))), 'null') || '}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the keys of 7
SELECT ('7:' || a1.id) AS k, ('{"id":"sa_␙@009' || a1.id || '␙"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the keys of 9
SELECT ('9:' || a1.id) AS k, ('{"id":"sa_␙@00b' || a1.id || '␙"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the keys of 11
SELECT ('11:' || a1.id) AS k, ('{"id":"sa_␙@00d' || a1.id || '␙"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
