-- wave 0, social
SELECT '0:' AS k, (SELECT ('{"nodes":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.k0), '') || ']}') AS anon_1
FROM (SELECT ('{"id":"sa_␙' || a1.id || '␙","messengerLink":' || coalesce((SELECT ('␝@001' || m2.account_id || '␝{"since":' || CAST(to_json(m2.since) AS TEXT) || ',"__typename":"MessengerLink"}') AS anon_2
FROM messenger_link AS m2
WHERE m2.account_id = a1.id), 'null') || ',"phones":' || (SELECT ('[' || coalesce(string_agg((CASE WHEN (p3.source IN ('MESSENGER_SHARED')) THEN ('␝@002' || p3.account_id || '␝') ELSE '' END || '{"source":"' || p3.source || '"}'), ',' ORDER BY p3.source), '') || ']') AS anon_3
FROM phone_binding AS p3
WHERE p3.account_id = a1.id) || '}') AS c0, a1.id AS k0
FROM account AS a1 ORDER BY a1.id DESC
 LIMIT 8) AS page1) AS b
