-- wave 0, messenger
-- $1: bigint[]
SELECT '0:' AS k, (SELECT ('{"nodes":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.n), '') || '],"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM unnest(CAST($1::VARCHAR AS BIGINT[])) WITH ORDINALITY AS anon_2(id, n) JOIN account AS a3 ON a3.id = anon_2.id) || '}') AS anon_1
FROM (SELECT ('{"id":"ma_␙' || a1.id || '␙","contactCountBand":"' || (SELECT CASE WHEN (count(*) >= 200) THEN 'HUNDREDS' WHEN (count(*) >= 50) THEN 'MANY' WHEN (count(*) >= 10) THEN 'TENS' WHEN (count(*) >= 1) THEN 'FEW' ELSE 'NONE' END AS anon_3
FROM contact AS c2
WHERE c2.account_id = a1.id) || '","registeredAt":"' || to_char(timezone('UTC', a1.registered_at), 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') || '"}') AS c0, anon_4.n AS n
FROM unnest(CAST($1::VARCHAR AS BIGINT[])) WITH ORDINALITY AS anon_4(id, n) JOIN account AS a1 ON a1.id = anon_4.id) AS page1) AS b
