-- wave 0, messenger
-- $1: text[]
SELECT '0:' AS k, (SELECT ('{"nodes":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.k0 DESC, page1.k1 DESC) FILTER (WHERE page1.n <= 5), '') || '],"pageInfo":{"hasNextPage":' || CAST(count(*) > 5 AS TEXT) || ',"hasPreviousPage":' || CAST(false AS TEXT) || ',"startCursor":' || coalesce((array_agg(page1.cursor1 ORDER BY page1.k0 DESC, page1.k1 DESC) FILTER (WHERE page1.n <= 5))[1], 'null') || ',"endCursor":' || coalesce((array_agg(page1.cursor1 ORDER BY page1.k0, page1.k1) FILTER (WHERE page1.n <= 5))[1], 'null') || '},"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM account AS a2
WHERE a2.country_code = any($1::TEXT[])) || '}') AS anon_1
FROM (SELECT ('{"id":"ma_␙' || a1.id || '␙","countryCode":"' || a1.country_code || '"}') AS c0, a1.country_code AS k0, a1.id AS k1, row_number() OVER (ORDER BY a1.country_code DESC, a1.id DESC) AS n, ('␟1:[' || CAST(to_json(a1.country_code) AS TEXT) || ',' || a1.id || ']␟') AS cursor1
FROM account AS a1
WHERE a1.country_code = any($1::TEXT[]) ORDER BY a1.country_code DESC, a1.id DESC
 LIMIT 5 + 1) AS page1) AS b
