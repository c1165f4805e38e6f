-- wave 0, social
-- $1: text
-- $2: text
-- $3: text
-- $4: text
-- $5: text
-- $6: text
(SELECT '0:' AS k, (CASE WHEN (n1.source IN ('MESSENGER_SHARED')) THEN ('␝@001' || a2.id || '␝') ELSE '' END || '{"id":"sa_␙' || a2.id || '␙","displayName":' || CAST(to_json(a2.display_name) AS TEXT) || '}') AS b
FROM number_lookup AS n1 JOIN account AS a2 ON a2.id = n1.account_id
WHERE n1.number = $1::VARCHAR ORDER BY n1.source, n1.account_id
 LIMIT 1) UNION ALL (SELECT '1:' AS k, (CASE WHEN (n3.source IN ('MESSENGER_SHARED')) THEN ('␝@004' || a4.id || '␝') ELSE '' END || '{"id":"sa_␙@002' || a4.id || '␙","phones":' || (SELECT ('[' || coalesce(string_agg((CASE WHEN (p5.source IN ('MESSENGER_SHARED')) THEN ('␝@003' || p5.account_id || '␝') ELSE '' END || '{"source":"' || p5.source || '"}'), ',' ORDER BY p5.source), '') || ']') AS anon_1
FROM phone_binding AS p5
WHERE p5.account_id = a4.id) || '}') AS b
FROM number_lookup AS n3 JOIN account AS a4 ON a4.id = n3.account_id
WHERE n3.number = $2::VARCHAR ORDER BY n3.source, n3.account_id
 LIMIT 1) UNION ALL (SELECT '2:' AS k, (CASE WHEN (n6.source IN ('MESSENGER_SHARED')) THEN ('␝@008' || a7.id || '␝') ELSE '' END || '{"id":"sa_␙@005' || a7.id || '␙","phones":' || (SELECT ('[' || coalesce(string_agg((CASE WHEN (p8.source IN ('MESSENGER_SHARED')) THEN ('␝@006' || p8.account_id || '␝') ELSE '' END || '{"source":"' || p8.source || '"}'), ',' ORDER BY p8.source), '') || ']') AS anon_2
FROM phone_binding AS p8
WHERE p8.account_id = a7.id) || ',"messengerLink":' || coalesce((SELECT ('␝@007' || m9.account_id || '␝{"since":' || CAST(to_json(m9.since) AS TEXT) || '}') AS anon_3
FROM messenger_link AS m9
WHERE m9.account_id = a7.id), 'null') || '}') AS b
FROM number_lookup AS n6 JOIN account AS a7 ON a7.id = n6.account_id
WHERE n6.number = $3::VARCHAR ORDER BY n6.source, n6.account_id
 LIMIT 1) UNION ALL (SELECT '3:' AS k, (CASE WHEN (n10.source IN ('MESSENGER_SHARED')) THEN ('␝@00a' || a11.id || '␝') ELSE '' END || '{"id":"sa_␙@009' || a11.id || '␙"}') AS b
FROM number_lookup AS n10 JOIN account AS a11 ON a11.id = n10.account_id
WHERE n10.number = $4::VARCHAR ORDER BY n10.source, n10.account_id
 LIMIT 1) UNION ALL (SELECT '4:' AS k, (CASE WHEN (n12.source IN ('MESSENGER_SHARED')) THEN ('␝@00c' || a13.id || '␝') ELSE '' END || '{"id":"sa_␙@00b' || a13.id || '␙"}') AS b
FROM number_lookup AS n12 JOIN account AS a13 ON a13.id = n12.account_id
WHERE n12.number = $5::VARCHAR ORDER BY n12.source, n12.account_id
 LIMIT 1) UNION ALL (SELECT '5:' AS k, (CASE WHEN (n14.source IN ('MESSENGER_SHARED')) THEN ('␝@00e' || a15.id || '␝') ELSE '' END || '{"id":"sa_␙@00d' || a15.id || '␙"}') AS b
FROM number_lookup AS n14 JOIN account AS a15 ON a15.id = n14.account_id
WHERE n14.number = $6::VARCHAR ORDER BY n14.source, n14.account_id
 LIMIT 1)
