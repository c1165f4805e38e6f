-- wave 0, messenger
SELECT CAST(a1.id AS TEXT) AS k, ('[' || a1.id || ']') AS b
FROM account AS a1 ORDER BY a1.id
 LIMIT 50

-- wave 0, messenger
SELECT '2:' AS k, CAST(count(*) AS TEXT) AS b
FROM account AS a1

-- wave 0, messenger
-- $1: text
SELECT CAST(a1.id AS TEXT) AS k, ('[' || a1.id || ']') AS b
FROM account AS a1
WHERE a1.country_code = $1::VARCHAR ORDER BY a1.id
 LIMIT 50

-- wave 0, messenger
-- $1: text
SELECT '5:' AS k, CAST(count(*) AS TEXT) AS b
FROM account AS a1
WHERE a1.country_code = $1::VARCHAR

-- wave 0, social
-- $1: bigint
SELECT '6:' AS k, ('␝' || a1.id || '␝{"friends":' || (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM friendship AS f3
WHERE f3.account_id = a1.id AND f3.account_id = $1::BIGINT) || '}') AS anon_1) || '}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT
