-- wave 0, social
-- $1: the token's own merchant_id
SELECT CAST(o1_own.id AS TEXT) AS k, ('[' || o1_own.id || ']') AS b
FROM (SELECT o1.id AS id, o1.merchant_id AS merchant_id, o1.title AS title, o1.valid_until AS valid_until
FROM offer AS o1
WHERE o1.merchant_id = $1::BIGINT) AS o1_own ORDER BY o1_own.id
 LIMIT 2 + 1

-- wave 0, social
-- $1: the token's own merchant_id
SELECT '4:' AS k, CAST(count(*) AS TEXT) AS b
FROM (SELECT o1.id AS id, o1.merchant_id AS merchant_id, o1.title AS title, o1.valid_until AS valid_until
FROM offer AS o1
WHERE o1.merchant_id = $1::BIGINT) AS o1_own

-- wave 1, social
-- $1: the token's own merchant_id
-- $2: the keys of 2
SELECT ('2:' || o1_own.id) AS k, ('{"id":"of_␘' || o1_own.id || '␘","title":' || CAST(to_json(o1_own.title) AS TEXT) || ',"validUntil":' || CAST(to_json(o1_own.valid_until) AS TEXT) || ',"merchant":␟3:' || o1_own.merchant_id || '␟}') AS b
FROM (SELECT o1.id AS id, o1.merchant_id AS merchant_id, o1.title AS title, o1.valid_until AS valid_until
FROM offer AS o1
WHERE o1.merchant_id = $1::BIGINT) AS o1_own
WHERE o1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 2, social
-- $1: the token's own merchant_id
-- $2: the keys of 3
SELECT ('3:' || m1_own.id) AS k, ('{"name":' || CAST(to_json(m1_own.name) AS TEXT) || '}') AS b
FROM (SELECT m1.id AS id, m1.name AS name
FROM merchant AS m1
WHERE m1.id = $1::BIGINT) AS m1_own
WHERE m1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))
