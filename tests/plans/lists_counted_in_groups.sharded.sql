-- wave 0, messenger
SELECT CAST(a1.id AS TEXT) AS k, ('[' || a1.id || ']') AS b
FROM account AS a1 ORDER BY a1.id
 LIMIT 1

-- wave 0, messenger
SELECT '3:' AS k, CAST(count(*) AS TEXT) AS b
FROM account AS a1

-- wave 0, messenger
SELECT ('"' || a1.country_code || '"') AS k, CAST(count(*) AS TEXT) AS b
FROM account AS a1 GROUP BY a1.country_code

-- wave 0, messenger
-- $1: text[]
SELECT CAST(a1.id AS TEXT) AS k, ('[' || a1.id || ']') AS b
FROM account AS a1
WHERE a1.country_code = any($1::TEXT[]) ORDER BY a1.id
 LIMIT 50

-- wave 0, messenger
-- $1: text[]
SELECT ('"' || a1.country_code || '"') AS k, CAST(count(*) AS TEXT) AS b
FROM account AS a1
WHERE a1.country_code = any($1::TEXT[]) GROUP BY a1.country_code
