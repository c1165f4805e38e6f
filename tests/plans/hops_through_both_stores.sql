-- wave 0, social
-- $1: bigint
SELECT '0:' AS k, ('␝' || a1.id || '␝{"messengerLink":' || coalesce((SELECT ('␞␝@005' || m2.account_id || '␝{"since":' || CAST(to_json(m2.since) AS TEXT) || ',"account":␟1:' || m2.messenger_id || '␟}␞') AS anon_1
FROM messenger_link AS m2
WHERE m2.account_id = a1.id), 'null') || '}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT

-- wave 1, messenger
-- $1: the keys of 1
SELECT string_agg(('1:' || a1.id), '␜') AS k, string_agg(('{"id":"ma_␙@001' || a1.id || '␙","contacts":' || (SELECT ('{"nodes":[' || coalesce(string_agg(page2.c0, ',' ORDER BY page2.k0), '') || ']}') AS anon_1
FROM (SELECT ('{"id":"ma_␙@002' || c2.contact_id || '␙","socialAccount":␟3:' || c2.contact_id || '␟}') AS c0, c2.contact_id AS k0
FROM contact AS c2
WHERE c2.account_id = a1.id ORDER BY c2.contact_id
 LIMIT 2) AS page2) || '}'), '␜') AS b
FROM account AS a1
WHERE a1.id = any(CAST($1::VARCHAR AS BIGINT[]))

-- wave 2, social
-- $1: the keys of 3
SELECT string_agg(('3:' || m1.messenger_id), '␜') AS k, string_agg(('{"id":"sa_␙@003' || a2.id || '␙","displayName":' || CAST(to_json(a2.display_name) AS TEXT) || ',"friends":' || (SELECT ('{"nodes":[' || coalesce(string_agg(page3.c0, ',' ORDER BY page3.k0), '') || ']}') AS anon_1
FROM (SELECT ('␝@004' || a4.id || '␝{"displayName":' || CAST(to_json(a4.display_name) AS TEXT) || '}') AS c0, f3.friend_id AS k0
FROM friendship AS f3 JOIN account AS a4 ON a4.id = f3.friend_id
WHERE f3.account_id = a2.id ORDER BY f3.friend_id
 LIMIT 1) AS page3) || '}'), '␜') AS b
FROM messenger_lookup AS m1 JOIN account AS a2 ON a2.id = m1.account_id
WHERE m1.messenger_id = any(CAST($1::VARCHAR AS BIGINT[]))
