-- wave 0, messenger
SELECT CAST(a1.id AS TEXT) AS k, ('[' || a1.id || ']') AS b
FROM account AS a1 ORDER BY a1.id
 LIMIT 0 + 1

-- wave 0, messenger
SELECT '3:' AS k, CAST(count(*) AS TEXT) AS b
FROM account AS a1

-- wave 0, messenger
-- $1: text[]
SELECT CAST(a1.id AS TEXT) AS k, ('[' || a1.id || ']') AS b, CAST(a1.id AS TEXT) AS w
FROM account AS a1
WHERE a1.country_code = any($1::TEXT[]) ORDER BY a1.id
 LIMIT 50 + 1

-- wave 0, messenger
-- $1: text[]
SELECT '6:' AS k, CAST(count(*) AS TEXT) AS b
FROM account AS a1
WHERE a1.country_code = any($1::TEXT[])

-- wave 1, messenger
-- $1: the keys of 2
SELECT ('2:' || a1.id) AS k, ('{"id":"ma_␙' || a1.id || '␙"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
