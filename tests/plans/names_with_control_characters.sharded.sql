-- wave 0, social
-- $1: bigint[]
SELECT CAST(a1.id AS TEXT) AS k, ('[' || a1.id || ']') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 0, social
-- $1: text
SELECT CAST(a1.id AS TEXT) AS k, ('[' || CAST(to_json(a1.display_name) AS TEXT) || ',' || a1.id || ']') AS b
FROM account AS a1
WHERE starts_with(a1.display_name, $1::VARCHAR) ORDER BY a1.display_name, a1.id
 LIMIT 2

-- wave 1, social
-- $1: the keys of 2
SELECT ('2:' || a1.id) AS k, ('␝' || a1.id || '␝{"displayName":' || CAST(to_json(a1.display_name) AS TEXT) || ',"messengerLink":' || coalesce((SELECT ('␝@001' || m2.account_id || '␝{"since":' || CAST(to_json(m2.since) AS TEXT) || '}') AS anon_1
FROM messenger_link AS m2
WHERE m2.account_id = a1.id AND m2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))), 'null') || '}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the keys of 5
SELECT ('5:' || a1.id) AS k, ('␝@002' || a1.id || '␝{"displayName":' || CAST(to_json(a1.display_name) AS TEXT) || '}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
