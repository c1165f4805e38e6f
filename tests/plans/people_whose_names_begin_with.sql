-- wave 0, social
-- $1: text
SELECT '0:' AS k, (SELECT ('{"nodes":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.k0 DESC, page1.k1 DESC) FILTER (WHERE page1.n <= 4), '') || '],"pageInfo":{"hasNextPage":' || CAST(count(*) > 4 AS TEXT) || ',"endCursor":' || coalesce((array_agg(page1.cursor1 ORDER BY page1.k0, page1.k1) FILTER (WHERE page1.n <= 4))[1], 'null') || '},"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM account AS a2
WHERE starts_with(a2.display_name, $1::VARCHAR)) || '}') AS anon_1
FROM (SELECT ('{"id":"sa_␙' || a1.id || '␙","displayName":' || CAST(to_json(a1.display_name) AS TEXT) || '}') AS c0, a1.display_name AS k0, a1.id AS k1, row_number() OVER (ORDER BY a1.display_name DESC, a1.id DESC) AS n, ('␟1:[' || CAST(to_json(a1.display_name) AS TEXT) || ',' || a1.id || ']␟') AS cursor1
FROM account AS a1
WHERE starts_with(a1.display_name, $1::VARCHAR) ORDER BY a1.display_name DESC, a1.id DESC
 LIMIT 4 + 1) AS page1) AS b
