-- wave 0, messenger
-- $1: bigint[]
SELECT CAST(a1.id AS TEXT) AS k, ('[' || a1.id || ']') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, messenger
-- $1: the keys of 2
SELECT ('2:' || a1.id) AS k, ('{"id":"ma_␙' || a1.id || '␙","contactCountBand":"' || (SELECT CASE WHEN (count(*) >= 200) THEN 'HUNDREDS' WHEN (count(*) >= 50) THEN 'MANY' WHEN (count(*) >= 10) THEN 'TENS' WHEN (count(*) >= 1) THEN 'FEW' ELSE 'NONE' END AS anon_1
FROM contact AS c2
WHERE c2.account_id = a1.id AND c2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))) || '","registeredAt":"' || to_char(timezone('UTC', a1.registered_at), 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') || '"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
