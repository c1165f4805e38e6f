-- wave 0, messenger
-- $1: bigint[]
SELECT '0:' AS k, (SELECT ('{"nodes":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.n), '') || '],"pageInfo":{"hasNextPage":false,"endCursor":' || coalesce((array_agg(page1.cursor1 ORDER BY page1.n DESC))[1], 'null') || '},"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM unnest(CAST($1::VARCHAR AS BIGINT[])) WITH ORDINALITY AS anon_2(id, n) JOIN account AS a2 ON a2.id = anon_2.id) || '}') AS anon_1
FROM (SELECT ('{"id":"ma_␙' || a1.id || '␙"}') AS c0, anon_3.n AS n, ('␟1:[' || a1.id || ']␟') AS cursor1
FROM unnest(CAST($1::VARCHAR AS BIGINT[])) WITH ORDINALITY AS anon_3(id, n) JOIN account AS a1 ON a1.id = anon_3.id) AS page1) AS b
