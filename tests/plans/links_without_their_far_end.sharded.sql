-- wave 0, social
SELECT CAST(a1.id AS TEXT) AS k, ('[' || a1.id || ']') AS b
FROM account AS a1 ORDER BY a1.id DESC
 LIMIT 8

-- wave 1, social
-- $1: the keys of 2
SELECT ('2:' || a1.id) AS k, ('{"id":"sa_␙' || a1.id || '␙","messengerLink":' || coalesce((SELECT ('␝@001' || m2.account_id || '␝{"since":' || CAST(to_json(m2.since) AS TEXT) || ',"__typename":"MessengerLink"}') AS anon_1
FROM messenger_link AS m2
WHERE m2.account_id = a1.id AND m2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))), 'null') || ',"phones":' || (SELECT ('[' || coalesce(string_agg((CASE WHEN (p3.source IN ('MESSENGER_SHARED')) THEN ('␝@002' || p3.account_id || '␝') ELSE '' END || '{"source":"' || p3.source || '"}'), ',' ORDER BY p3.source), '') || ']') AS anon_2
FROM phone_binding AS p3
WHERE p3.account_id = a1.id AND p3.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))) || '}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
