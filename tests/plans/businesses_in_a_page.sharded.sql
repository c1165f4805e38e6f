-- wave 0, messenger
SELECT CAST(b1.id AS TEXT) AS k, ('[' || b1.id || ']') AS b
FROM business AS b1 ORDER BY b1.id DESC
 LIMIT 2 + 1

-- wave 0, messenger
SELECT '3:' AS k, CAST(count(*) AS TEXT) AS b
FROM business AS b1

-- wave 0, messenger
-- $1: bigint
SELECT '4:' AS k, ('{"name":' || CAST(to_json(b1.name) AS TEXT) || '}') AS b
FROM business AS b1
WHERE b1.id = $1::BIGINT

-- wave 0, messenger
-- $1: bigint
SELECT '5:' AS k, ('{"id":"ma_␙' || a1.id || '␙"}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT

-- wave 0, social
-- $1: bigint
SELECT '6:' AS k, ('{"id":"sa_␙@001' || a1.id || '␙"}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT

-- wave 0, messenger
-- $1: bigint
SELECT '7:' AS k, ('{"id":"bu_␘' || b1.id || '␘","verified":' || CAST(b1.verified AS TEXT) || '}') AS b
FROM business AS b1
WHERE b1.id = $1::BIGINT

-- wave 1, messenger
-- $1: the keys of 2
SELECT ('2:' || b1.id) AS k, ('{"id":"bu_␘' || b1.id || '␘","name":' || CAST(to_json(b1.name) AS TEXT) || ',"verified":' || CAST(b1.verified AS TEXT) || '}') AS b
FROM business AS b1
WHERE b1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
