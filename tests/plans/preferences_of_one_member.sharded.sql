-- wave 0, messenger
-- $1: the token's own messenger_id
-- $2: bigint[]
SELECT CAST(a1_own.id AS TEXT) AS k, ('[' || a1_own.id || ']') AS b
FROM (SELECT a1.id AS id, a1.country_code AS country_code, a1.registered_at AS registered_at
FROM account AS a1
WHERE a1.id = $1::BIGINT) AS a1_own
WHERE a1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 0, messenger
-- $1: the token's own messenger_id
-- $2: bigint
SELECT '3:' AS k, ('{"id":"ma_␙@001' || a1_own.id || '␙"}') AS b
FROM (SELECT a1.id AS id, a1.country_code AS country_code, a1.registered_at AS registered_at
FROM account AS a1
WHERE a1.id = $1::BIGINT) AS a1_own
WHERE a1_own.id = $2::BIGINT

-- wave 1, messenger
-- $1: the token's own messenger_id
-- $2: the keys of 2
SELECT ('2:' || a1_own.id) AS k, ('{"id":"ma_␙' || a1_own.id || '␙","countryCode":"' || a1_own.country_code || '","registeredAt":"' || to_char(timezone('UTC', a1_own.registered_at), 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') || '"}') AS b
FROM (SELECT a1.id AS id, a1.country_code AS country_code, a1.registered_at AS registered_at
FROM account AS a1
WHERE a1.id = $1::BIGINT) AS a1_own
WHERE a1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))
