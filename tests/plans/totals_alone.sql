-- wave 0, messenger
-- $1: text
SELECT '0:' AS k, (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM account AS a2) || '}') AS anon_1) AS b UNION ALL SELECT '2:' AS k, (SELECT ('{"__typename":"MessengerAccountConnection","n":' || (SELECT CAST(count(*) AS TEXT) AS count_2
FROM account AS a4
WHERE a4.country_code = $1::VARCHAR) || '}') AS anon_2) AS b

-- wave 0, social
-- $1: bigint
SELECT '4:' AS k, ('␝' || a1.id || '␝{"friends":' || (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM friendship AS f3
WHERE f3.account_id = a1.id) || '}') AS anon_1) || '}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT
