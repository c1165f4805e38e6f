-- wave 0, social
-- $1: bigint[]
SELECT '0:' AS k, (SELECT ('{"nodes":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.n), '') || ']}') AS anon_1
FROM (SELECT ('{"id":"sa_␙' || a1.id || '␙","messengerLink":' || coalesce((SELECT ('␞␝@002' || m2.account_id || '␝{"since":' || CAST(to_json(m2.since) AS TEXT) || ',"account":␟2:' || m2.messenger_id || '␟}␞') AS anon_2
FROM messenger_link AS m2
WHERE m2.account_id = a1.id), 'null') || ',"phones":' || (SELECT ('[' || coalesce(string_agg((CASE WHEN (p3.source IN ('MESSENGER_SHARED')) THEN ('␝@003' || p3.account_id || '␝') ELSE '' END || '{"number":"' || p3.number || '","source":"' || p3.source || '"}'), ',' ORDER BY p3.source, p3.number), '') || ']') AS anon_3
FROM phone_binding AS p3
WHERE p3.account_id = a1.id) || '}') AS c0, anon_4.n AS n
FROM unnest(CAST($1::VARCHAR AS BIGINT[])) WITH ORDINALITY AS anon_4(id, n) JOIN account AS a1 ON a1.id = anon_4.id) AS page1) AS b

-- wave 1, messenger
-- $1: the keys of 2
SELECT string_agg(('2:' || a1.id), '␜') AS k, string_agg(('{"id":"ma_␙@001' || a1.id || '␙"}'), '␜') AS b
FROM account AS a1
WHERE a1.id = any(CAST($1::VARCHAR AS BIGINT[]))
