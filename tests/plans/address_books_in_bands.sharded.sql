-- wave 0, messenger
-- $1: bigint[]
SELECT '0:' AS k, (SELECT ('{"nodes":' || ('[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.n), '') || ']') || ',"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM unnest($1::BIGINT[]) WITH ORDINALITY AS anon_2(id, n) JOIN account AS a2 ON a2.id = anon_2.id) || '}') AS anon_1
FROM (SELECT ('␟2:' || a1.id || '␟') AS c0, anon_3.n AS n
FROM unnest($1::BIGINT[]) WITH ORDINALITY AS anon_3(id, n) JOIN account AS a1 ON a1.id = anon_3.id) AS page1) AS b

-- wave 1, messenger
-- $1: the keys of 2
SELECT ('2:' || a1.id) AS k, ('{"id":"ma_' || a1.id || '","contactCountBand":"' || (SELECT CASE WHEN (count(*) >= 200) THEN 'HUNDREDS' WHEN (count(*) >= 50) THEN 'MANY' WHEN (count(*) >= 10) THEN 'TENS' WHEN (count(*) >= 1) THEN 'FEW' ELSE 'NONE' END AS anon_1
FROM contact AS c2
WHERE c2.account_id = a1.id) || '","registeredAt":"' || to_char(timezone('UTC', a1.registered_at), 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') || '"}') AS b
FROM account AS a1
WHERE a1.id = any($1::BIGINT[])
