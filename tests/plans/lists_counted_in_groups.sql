-- wave 0, messenger
-- $1: text[]
SELECT '0:' AS k, (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM account AS a2) || ',"byCountryCode":' || (SELECT ('[' || coalesce(string_agg(('{"value":"' || groups3.v || '","count":' || groups3.n || ',"__typename":"Group"}'), ',' ORDER BY groups3.n DESC, groups3.v), '') || ']') AS anon_2
FROM (SELECT a3.country_code AS v, count(*) AS n
FROM account AS a3 GROUP BY a3.country_code
HAVING count(*) >= 2) AS groups3) || '}') AS anon_1) AS b UNION ALL SELECT '2:' AS k, (SELECT ('{"counted":' || (SELECT ('[' || coalesce(string_agg(('{"count":' || groups5.n || ',"what":"' || groups5.v || '"}'), ',' ORDER BY groups5.n DESC, groups5.v), '') || ']') AS anon_4
FROM (SELECT a5.country_code AS v, count(*) AS n
FROM account AS a5
WHERE a5.country_code = any($1::TEXT[]) GROUP BY a5.country_code
HAVING count(*) >= 2) AS groups5) || '}') AS anon_3) AS b
