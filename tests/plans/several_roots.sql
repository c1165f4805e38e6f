-- wave 0, messenger
-- $1: bigint
-- $2: text
-- $3: bigint[]
SELECT '0:' AS k, ('{"id":"ma_␙' || a1.id || '␙","phone":"' || a1.phone || '"}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT UNION ALL SELECT '1:' AS k, ('{"id":"ma_␙@001' || a3.id || '␙"}') AS b
FROM phone_lookup AS p2 JOIN account AS a3 ON a3.id = p2.account_id
WHERE p2.phone = $2::VARCHAR UNION ALL SELECT '2:' AS k, (SELECT ('{"nodes":[' || coalesce(string_agg(page4.c0, ',' ORDER BY page4.k0), '') || ']}') AS anon_1
FROM (SELECT ('␝@002' || a4.id || '␝{"countryCode":"' || a4.country_code || '"}') AS c0, a4.id AS k0
FROM account AS a4 ORDER BY a4.id
 LIMIT 2) AS page4) AS b UNION ALL SELECT '5:' AS k, (SELECT ('{"nodes":[' || coalesce(string_agg(page5.c0, ',' ORDER BY page5.n), '') || ']}') AS anon_2
FROM (SELECT ('{"id":"ma_␙@005' || a5.id || '␙"}') AS c0, anon_3.n AS n
FROM unnest(CAST($3::VARCHAR AS BIGINT[])) WITH ORDINALITY AS anon_3(id, n) JOIN account AS a5 ON a5.id = anon_3.id) AS page5) AS b

-- wave 0, social
-- $1: bigint
SELECT '4:' AS k, ('{"id":"sa_␙@003' || a1.id || '␙","phones":' || (SELECT ('[' || coalesce(string_agg((CASE WHEN (p2.source IN ('MESSENGER_SHARED')) THEN ('␝@004' || p2.account_id || '␝') ELSE '' END || '{"number":"' || p2.number || '"}'), ',' ORDER BY p2.source, p2.number), '') || ']') AS anon_1
FROM phone_binding AS p2
WHERE p2.account_id = a1.id) || '}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT
