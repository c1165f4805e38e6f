-- wave 0, messenger
-- $1: bigint
-- $2: bigint
SELECT '0:' AS k, (SELECT ('{"pageInfo":{"__typename":"PageInfo","hasPreviousPage":' || CAST((SELECT 1
FROM account AS a2
WHERE a2.id <= $1::BIGINT ORDER BY a2.id DESC
 LIMIT 1) IS NOT NULL AS TEXT) || ',"hasNextPage":' || CAST(count(*) > 2 AS TEXT) || '}}') AS anon_1
FROM (SELECT row_number() OVER (ORDER BY a1.id) AS n
FROM account AS a1
WHERE a1.id > $1::BIGINT ORDER BY a1.id
 LIMIT 2 + 1) AS page1) AS b UNION ALL SELECT '2:' AS k, (SELECT ('{"pageInfo":{"hasPreviousPage":' || CAST(count(*) > 2 AS TEXT) || ',"startCursor":' || coalesce((array_agg(page3.cursor3 ORDER BY page3.k0) FILTER (WHERE page3.n <= 2))[1], 'null') || '}}') AS anon_2
FROM (SELECT row_number() OVER (ORDER BY a3.id DESC) AS n, ('␝' || a3.id || '␝␟3:[' || a3.id || ']␟') AS cursor3, a3.id AS k0
FROM account AS a3 ORDER BY a3.id DESC
 LIMIT 2 + 1) AS page3) AS b UNION ALL SELECT '4:' AS k, (SELECT ('{"pageInfo":{"hasPreviousPage":' || CAST(count(*) > 3 OR (SELECT 1
FROM account AS a5
WHERE a5.id <= $2::BIGINT ORDER BY a5.id DESC
 LIMIT 1) IS NOT NULL AS TEXT) || ',"hasNextPage":' || CAST(false AS TEXT) || '}}') AS anon_3
FROM (SELECT row_number() OVER (ORDER BY a4.id DESC) AS n
FROM account AS a4
WHERE a4.id > $2::BIGINT ORDER BY a4.id DESC
 LIMIT 3 + 1) AS page4) AS b
