-- wave 0, social
-- $1: bigint[]
SELECT '0:' AS k, (SELECT ('{"nodes":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.n), '') || ']}') AS anon_1
FROM (SELECT ('␝' || a1.id || '␝{"displayName":' || CAST(to_json(a1.display_name) AS TEXT) || ',"phones":' || (SELECT ('[' || coalesce(string_agg(('{"source":"' || p2.source || '","number":"' || p2.number || '","__typename":"PhoneBinding"}'), ',' ORDER BY p2.source, p2.number), '') || ']') AS anon_2
FROM phone_binding AS p2
WHERE p2.account_id = a1.id) || '}') AS c0, anon_3.n AS n
FROM unnest(CAST($1::VARCHAR AS BIGINT[])) WITH ORDINALITY AS anon_3(id, n) JOIN account AS a1 ON a1.id = anon_3.id) AS page1) AS b
