-- wave 0, social
-- $1: text
SELECT '0:' AS k, ('␟1:' || n1.account_id || '␟') AS b
FROM number_lookup AS n1
WHERE n1.number = $1::VARCHAR ORDER BY n1.source, n1.account_id
 LIMIT 1

-- wave 0, social
-- $1: text
SELECT '2:' AS k, ('␟3:' || n1.account_id || '␟') AS b
FROM number_lookup AS n1
WHERE n1.number = $1::VARCHAR ORDER BY n1.source, n1.account_id
 LIMIT 1

-- wave 0, social
-- $1: text
SELECT '4:' AS k, ('␟5:' || n1.account_id || '␟') AS b
FROM number_lookup AS n1
WHERE n1.number = $1::VARCHAR ORDER BY n1.source, n1.account_id
 LIMIT 1

-- wave 0, social
-- $1: text
SELECT '6:' AS k, ('␟7:' || n1.account_id || '␟') AS b
FROM number_lookup AS n1
WHERE n1.number = $1::VARCHAR ORDER BY n1.source, n1.account_id
 LIMIT 1

-- wave 0, social
-- $1: text
SELECT '8:' AS k, ('␟9:' || n1.account_id || '␟') AS b
FROM number_lookup AS n1
WHERE n1.number = $1::VARCHAR ORDER BY n1.source, n1.account_id
 LIMIT 1

-- wave 0, social
-- $1: text
SELECT '10:' AS k, ('␟11:' || n1.account_id || '␟') AS b
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
SELECT ('3:' || a1.id) AS k, ('{"id":"sa_␙@001' || a1.id || '␙","phones":' || (SELECT ('[' || coalesce(string_agg(('{"source":"' || p2.source || '"}'), ',' ORDER BY p2.source), '') || ']') AS anon_1
FROM phone_binding AS p2
WHERE p2.account_id = a1.id AND p2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))) || '}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the keys of 5
SELECT ('5:' || a1.id) AS k, ('{"id":"sa_␙@002' || a1.id || '␙","phones":' || (SELECT ('[' || coalesce(string_agg(('{"source":"' || p2.source || '"}'), ',' ORDER BY p2.source), '') || ']') AS anon_1
FROM phone_binding AS p2
WHERE p2.account_id = a1.id AND p2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))) || ',"messengerLink":' || coalesce((SELECT ('{"since":' || CAST(to_json(m3.since) AS TEXT) || '}') AS anon_2
FROM messenger_link AS m3
WHERE m3.account_id = a1.id AND m3.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))), 'null') || '}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the keys of 7
SELECT ('7:' || a1.id) AS k, ('{"id":"sa_␙@003' || a1.id || '␙"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the keys of 9
SELECT ('9:' || a1.id) AS k, ('{"id":"sa_␙@004' || a1.id || '␙"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the keys of 11
SELECT ('11:' || a1.id) AS k, ('{"id":"sa_␙@005' || a1.id || '␙"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
