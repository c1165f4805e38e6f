-- wave 0, messenger
-- $1: text[]
SELECT '0:' AS k, (SELECT ('{"nodes":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.k0) FILTER (WHERE page1.n <= 0), '') || '],"pageInfo":{"hasNextPage":' || CAST(count(*) > 0 AS TEXT) || ',"endCursor":' || coalesce((array_agg(page1.cursor1 ORDER BY page1.k0 DESC) FILTER (WHERE page1.n <= 0))[1], 'null') || '},"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM account AS a2) || '}') AS anon_1
FROM (SELECT ('{"id":"ma_␙' || a1.id || '␙"}') AS c0, a1.id AS k0, row_number() OVER (ORDER BY a1.id) AS n, ('␟1:[' || a1.id || ']␟') AS cursor1
FROM account AS a1 ORDER BY a1.id
 LIMIT 0 + 1) AS page1) AS b UNION ALL SELECT '2:' AS k, (SELECT ('{"edges":[' || coalesce(string_agg(page3.c0, ',' ORDER BY page3.k0) FILTER (WHERE page3.n <= 50), '') || '],"pageInfo":{"hasNextPage":' || CAST(count(*) > 50 AS TEXT) || ',"startCursor":' || coalesce((array_agg(page3.cursor3 ORDER BY page3.k0) FILTER (WHERE page3.n <= 50))[1], 'null') || '},"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_2
FROM account AS a4
WHERE a4.country_code = any($1::TEXT[])) || '}') AS anon_2
FROM (SELECT ('␝@001' || a3.id || '␝{"cursor":␟3:[' || a3.id || ']␟}') AS c0, a3.id AS k0, row_number() OVER (ORDER BY a3.id) AS n, ('␝@001' || a3.id || '␝␟3:[' || a3.id || ']␟') AS cursor3
FROM account AS a3
WHERE a3.country_code = any($1::TEXT[]) ORDER BY a3.id
 LIMIT 50 + 1) AS page3) AS b
