-- wave 0, messenger
-- $1: the token's own business_id
SELECT CAST(b1_own.id AS TEXT) AS k, ('[' || b1_own.id || ']') AS b
FROM (SELECT b1.business_id AS business_id, b1.id AS id, b1.account_id AS account_id, b1.category AS category, b1.status AS status, b1.opened_on AS opened_on, b1.last_message_on AS last_message_on, b1.message_count AS message_count
FROM business_conversation AS b1
WHERE b1.business_id = $1::BIGINT) AS b1_own ORDER BY b1_own.id
 LIMIT 0

-- wave 0, messenger
-- $1: the token's own business_id
SELECT '4:' AS k, CAST(count(*) AS TEXT) AS b
FROM (SELECT b1.business_id AS business_id, b1.id AS id, b1.account_id AS account_id, b1.category AS category, b1.status AS status, b1.opened_on AS opened_on, b1.last_message_on AS last_message_on, b1.message_count AS message_count
FROM business_conversation AS b1
WHERE b1.business_id = $1::BIGINT) AS b1_own

-- wave 0, messenger
-- $1: the token's own business_id
SELECT ('"' || b1_own.category || '"') AS k, CAST(count(*) AS TEXT) AS b
FROM (SELECT b1.business_id AS business_id, b1.id AS id, b1.account_id AS account_id, b1.category AS category, b1.status AS status, b1.opened_on AS opened_on, b1.last_message_on AS last_message_on, b1.message_count AS message_count
FROM business_conversation AS b1
WHERE b1.business_id = $1::BIGINT) AS b1_own GROUP BY b1_own.category

-- wave 0, messenger
-- $1: the token's own business_id
SELECT ('"' || b1_own.status || '"') AS k, CAST(count(*) AS TEXT) AS b
FROM (SELECT b1.business_id AS business_id, b1.id AS id, b1.account_id AS account_id, b1.category AS category, b1.status AS status, b1.opened_on AS opened_on, b1.last_message_on AS last_message_on, b1.message_count AS message_count
FROM business_conversation AS b1
WHERE b1.business_id = $1::BIGINT) AS b1_own GROUP BY b1_own.status

-- wave 0, social
-- $1: the token's own business_id
SELECT CAST(b1_own.id AS TEXT) AS k, ('[' || b1_own.id || ']') AS b
FROM (SELECT b1.business_id AS business_id, b1.id AS id, b1.account_id AS account_id, b1.category AS category, b1.status AS status, b1.opened_on AS opened_on, b1.last_message_on AS last_message_on, b1.message_count AS message_count
FROM business_conversation AS b1
WHERE b1.business_id = $1::BIGINT) AS b1_own ORDER BY b1_own.id
 LIMIT 0

-- wave 0, social
-- $1: the token's own business_id
SELECT '8:' AS k, CAST(count(*) AS TEXT) AS b
FROM (SELECT b1.business_id AS business_id, b1.id AS id, b1.account_id AS account_id, b1.category AS category, b1.status AS status, b1.opened_on AS opened_on, b1.last_message_on AS last_message_on, b1.message_count AS message_count
FROM business_conversation AS b1
WHERE b1.business_id = $1::BIGINT) AS b1_own

-- wave 0, social
-- $1: the token's own business_id
SELECT ('"' || b1_own.status || '"') AS k, CAST(count(*) AS TEXT) AS b
FROM (SELECT b1.business_id AS business_id, b1.id AS id, b1.account_id AS account_id, b1.category AS category, b1.status AS status, b1.opened_on AS opened_on, b1.last_message_on AS last_message_on, b1.message_count AS message_count
FROM business_conversation AS b1
WHERE b1.business_id = $1::BIGINT) AS b1_own GROUP BY b1_own.status
