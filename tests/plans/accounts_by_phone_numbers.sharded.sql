-- wave 0, messenger
-- $1: text[]
SELECT p2.phone AS k, CAST(p2.account_id AS TEXT) AS b
FROM phone_lookup AS p2
WHERE p2.phone = any($1::TEXT[])

-- wave 1, messenger
-- $1: the keys of 2
SELECT ('2:' || a1.id) AS k, ('{"id":"ma_␙' || a1.id || '␙","phone":"' || a1.phone || '","countryCode":"' || a1.country_code || '"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
