-- wave 0, messenger
-- $1: bigint
SELECT '0:' AS k, ('{"id":"ma_␙' || a1.id || '␙","socialAccount":␟1:' || a1.id || '␟}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT

-- wave 1, social
-- $1: the keys of 1
SELECT string_agg(('1:' || m1.messenger_id), '␜') AS k, string_agg(('{"id":"sa_␙@001' || a2.id || '␙","messengerLink":' || coalesce((SELECT ('␞␝@004' || m3.account_id || '␝{"since":' || CAST(to_json(m3.since) AS TEXT) || ',"account":␟2:' || m3.messenger_id || '␟}␞') AS anon_1
FROM messenger_link AS m3
WHERE m3.account_id = a2.id), 'null') || ',"phones":' || (SELECT ('[' || coalesce(string_agg((CASE WHEN (p4.source IN ('MESSENGER_SHARED')) THEN ('␝@005' || p4.account_id || '␝') ELSE '' END || '{"number":"' || p4.number || '","source":"' || p4.source || '"}'), ',' ORDER BY p4.source, p4.number), '') || ']') AS anon_2
FROM phone_binding AS p4
WHERE p4.account_id = a2.id) || '}'), '␜') AS b
FROM messenger_lookup AS m1 JOIN account AS a2 ON a2.id = m1.account_id
WHERE m1.messenger_id = any(CAST($1::VARCHAR AS BIGINT[]))

-- wave 2, messenger
-- $1: the keys of 2
SELECT string_agg(('2:' || a1.id), '␜') AS k, string_agg(('{"id":"ma_␙@002' || a1.id || '␙","phone":"' || a1.phone || '","socialAccount":␟3:' || a1.id || '␟}'), '␜') AS b
FROM account AS a1
WHERE a1.id = any(CAST($1::VARCHAR AS BIGINT[]))

-- wave 3, social
-- $1: the keys of 3
SELECT string_agg(('3:' || m1.messenger_id), '␜') AS k, string_agg(('{"id":"sa_␙@003' || a2.id || '␙"}'), '␜') AS b
FROM messenger_lookup AS m1 JOIN account AS a2 ON a2.id = m1.account_id
WHERE m1.messenger_id = any(CAST($1::VARCHAR AS BIGINT[]))
