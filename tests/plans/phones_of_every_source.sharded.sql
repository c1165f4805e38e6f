-- wave 0, social
-- $1: bigint[]
SELECT CAST(a1.id AS TEXT) AS k, ('[' || a1.id || ']') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the keys of 2
SELECT ('2:' || a1.id) AS k, ('␝' || a1.id || '␝{"displayName":' || CAST(to_json(a1.display_name) AS TEXT) || ',"phones":' || (SELECT ('[' || coalesce(string_agg(('{"source":"' || p2.source || '","number":"' || p2.number || '","__typename":"PhoneBinding"}'), ',' ORDER BY p2.source, p2.number), '') || ']') AS anon_1
FROM phone_binding AS p2
WHERE p2.account_id = a1.id AND p2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))) || '}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
