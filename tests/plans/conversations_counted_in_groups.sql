-- wave 0, messenger
-- $1: the token's own business_id
SELECT '0:' AS k, (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM (SELECT b2.business_id AS business_id, b2.id AS id, b2.account_id AS account_id, b2.category AS category, b2.status AS status, b2.opened_on AS opened_on, b2.last_message_on AS last_message_on, b2.message_count AS message_count
FROM business_conversation AS b2
WHERE b2.business_id = $1::BIGINT) AS b2_own) || ',"byCategory":' || (SELECT ('[' || coalesce(string_agg(('{"value":"' || groups3.v || '","count":' || groups3.n || '}'), ',' ORDER BY groups3.n DESC, groups3.v), '') || ']') AS anon_2
FROM (SELECT b3_own.category AS v, count(*) AS n
FROM (SELECT b3.business_id AS business_id, b3.id AS id, b3.account_id AS account_id, b3.category AS category, b3.status AS status, b3.opened_on AS opened_on, b3.last_message_on AS last_message_on, b3.message_count AS message_count
FROM business_conversation AS b3
WHERE b3.business_id = $1::BIGINT) AS b3_own GROUP BY b3_own.category
HAVING count(*) >= 2) AS groups3) || ',"byStatus":' || (SELECT ('[' || coalesce(string_agg(('{"value":"' || groups4.v || '","count":' || groups4.n || '}'), ',' ORDER BY groups4.n DESC, groups4.v), '') || ']') AS anon_3
FROM (SELECT b4_own.status AS v, count(*) AS n
FROM (SELECT b4.business_id AS business_id, b4.id AS id, b4.account_id AS account_id, b4.category AS category, b4.status AS status, b4.opened_on AS opened_on, b4.last_message_on AS last_message_on, b4.message_count AS message_count
FROM business_conversation AS b4
WHERE b4.business_id = $1::BIGINT) AS b4_own GROUP BY b4_own.status
HAVING count(*) >= 2) AS groups4) || '}') AS anon_1) AS b

-- wave 0, social
-- $1: the token's own business_id
SELECT '2:' AS k, (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM (SELECT b2.business_id AS business_id, b2.id AS id, b2.account_id AS account_id, b2.category AS category, b2.status AS status, b2.opened_on AS opened_on, b2.last_message_on AS last_message_on, b2.message_count AS message_count
FROM business_conversation AS b2
WHERE b2.business_id = $1::BIGINT) AS b2_own) || ',"byStatus":' || (SELECT ('[' || coalesce(string_agg(('{"count":' || groups3.n || ',"value":"' || groups3.v || '"}'), ',' ORDER BY groups3.n DESC, groups3.v), '') || ']') AS anon_2
FROM (SELECT b3_own.status AS v, count(*) AS n
FROM (SELECT b3.business_id AS business_id, b3.id AS id, b3.account_id AS account_id, b3.category AS category, b3.status AS status, b3.opened_on AS opened_on, b3.last_message_on AS last_message_on, b3.message_count AS message_count
FROM business_conversation AS b3
WHERE b3.business_id = $1::BIGINT) AS b3_own GROUP BY b3_own.status
HAVING count(*) >= 2) AS groups3) || '}') AS anon_1) AS b
