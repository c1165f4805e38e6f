-- wave 0, messenger
-- $1: bigint
-- $2: bigint
-- $3: bigint
SELECT '0:' AS k, (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM business AS b2) || ',"nodes":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.k0 DESC) FILTER (WHERE page1.n <= 2), '') || '],"pageInfo":{"hasNextPage":' || CAST(count(*) > 2 AS TEXT) || ',"endCursor":' || coalesce((array_agg(page1.cursor1 ORDER BY page1.k0) FILTER (WHERE page1.n <= 2))[1], 'null') || '}}') AS anon_1
FROM (SELECT ('{"id":"bu_␘' || b1.id || '␘","name":' || CAST(to_json(b1.name) AS TEXT) || ',"verified":' || CAST(b1.verified AS TEXT) || '}') AS c0, b1.id AS k0, row_number() OVER (ORDER BY b1.id DESC) AS n, ('␟1:[' || b1.id || ']␟') AS cursor1
FROM business AS b1 ORDER BY b1.id DESC
 LIMIT 2 + 1) AS page1) AS b UNION ALL SELECT '2:' AS k, ('{"name":' || CAST(to_json(b3.name) AS TEXT) || '}') AS b
FROM business AS b3
WHERE b3.id = $1::BIGINT UNION ALL SELECT '3:' AS k, ('{"id":"ma_␙' || a4.id || '␙"}') AS b
FROM account AS a4
WHERE a4.id = $2::BIGINT UNION ALL SELECT '5:' AS k, ('{"id":"bu_␘' || b5.id || '␘","verified":' || CAST(b5.verified AS TEXT) || '}') AS b
FROM business AS b5
WHERE b5.id = $3::BIGINT

-- wave 0, social
-- $1: bigint
SELECT '4:' AS k, ('{"id":"sa_␙@001' || a1.id || '␙"}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT
