-- wave 0, messenger
SELECT '0:' AS k, (SELECT ('{"nodes":' || ('[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.k0) FILTER (WHERE page1.n <= 0), '') || ']') || ',"pageInfo":{"hasNextPage":' || CAST(count(*) > 0 AS TEXT) || ',"endCursor":' || coalesce((array_agg(page1.cursor1 ORDER BY page1.k0 DESC) FILTER (WHERE page1.n <= 0))[1], 'null') || '},"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM account AS a2) || '}') AS anon_1
FROM (SELECT ('␟2:' || a1.id || '␟') AS c0, a1.id AS k0, row_number() OVER (ORDER BY a1.id) AS n, ('␟1:[' || a1.id || ']␟') AS cursor1
FROM account AS a1 ORDER BY a1.id
 LIMIT 0 + 1) AS page1) AS b

-- wave 0, messenger
-- $1: text[]
SELECT '3:' AS k, (SELECT ('{"edges":' || ('[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.k0) FILTER (WHERE page1.n <= 50), '') || ']') || ',"pageInfo":{"hasNextPage":' || CAST(count(*) > 50 AS TEXT) || ',"startCursor":' || coalesce((array_agg(page1.cursor4 ORDER BY page1.k0) FILTER (WHERE page1.n <= 50))[1], 'null') || '},"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM account AS a2
WHERE a2.country_code = any($1::TEXT[])) || '}') AS anon_1
FROM (SELECT ('{"cursor":␟4:[' || a1.id || ']␟}') AS c0, a1.id AS k0, row_number() OVER (ORDER BY a1.id) AS n, ('␟4:[' || a1.id || ']␟') AS cursor4
FROM account AS a1
WHERE a1.country_code = any($1::TEXT[]) ORDER BY a1.id
 LIMIT 50 + 1) AS page1) AS b

-- wave 1, messenger
-- $1: the keys of 2
SELECT ('2:' || a1.id) AS k, ('{"id":"ma_' || a1.id || '"}') AS b
FROM account AS a1
WHERE a1.id = any($1::BIGINT[])
