-- wave 0, messenger
-- $1: text
-- $2: timestamptz
-- $3: timestamptz
SELECT CAST(a1.id AS TEXT) AS k, ('["' || to_char(timezone('UTC', a1.registered_at), 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') || '",' || a1.id || ']') AS b
FROM account AS a1
WHERE a1.country_code = $1::VARCHAR AND a1.registered_at >= $2::TIMESTAMP WITH TIME ZONE AND a1.registered_at < $3::TIMESTAMP WITH TIME ZONE ORDER BY a1.registered_at DESC, a1.id DESC
 LIMIT 6 + 1

-- wave 0, messenger
-- $1: text
-- $2: timestamptz
-- $3: timestamptz
SELECT '3:' AS k, CAST(count(*) AS TEXT) AS b
FROM account AS a1
WHERE a1.country_code = $1::VARCHAR AND a1.registered_at >= $2::TIMESTAMP WITH TIME ZONE AND a1.registered_at < $3::TIMESTAMP WITH TIME ZONE

-- wave 1, messenger
-- $1: the keys of 2
SELECT ('2:' || a1.id) AS k, ('{"id":"ma_␙' || a1.id || '␙","registeredAt":"' || to_char(timezone('UTC', a1.registered_at), 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') || '","contactCountBand":"' || (SELECT CASE WHEN (count(*) >= 200) THEN 'HUNDREDS' WHEN (count(*) >= 50) THEN 'MANY' WHEN (count(*) >= 10) THEN 'TENS' WHEN (count(*) >= 1) THEN 'FEW' ELSE 'NONE' END AS anon_1
FROM contact AS c2
WHERE c2.account_id = a1.id AND c2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))) || '"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
