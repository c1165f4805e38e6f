-- wave 0, messenger
-- $1: text
-- $2: bigint
SELECT CAST(a1.id AS TEXT) AS k, ('[' || CAST(to_json(a1.country_code) AS TEXT) || ',' || a1.id || ']') AS b
FROM account AS a1
WHERE (a1.country_code, a1.id) > ($1::VARCHAR, $2::BIGINT) ORDER BY a1.country_code, a1.id
 LIMIT 4 + 1

-- wave 0, messenger
-- $1: text
-- $2: bigint
SELECT '3:' AS k, 'true' AS b
FROM account AS a1
WHERE (a1.country_code, a1.id) <= ($1::VARCHAR, $2::BIGINT) ORDER BY a1.country_code DESC, a1.id DESC
 LIMIT 1

-- wave 1, messenger
-- $1: the keys of 2
SELECT ('2:' || a1.id) AS k, ('{"id":"ma_␙' || a1.id || '␙","countryCode":"' || a1.country_code || '"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
