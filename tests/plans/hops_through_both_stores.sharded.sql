-- wave 0, social
-- $1: bigint
SELECT '0:' AS k, ('␝' || a1.id || '␝{"messengerLink":' || coalesce((SELECT ('␞␝@005' || m2.account_id || '␝{"since":' || CAST(to_json(m2.since) AS TEXT) || ',"account":␟1:' || m2.messenger_id || '␟}␞') AS anon_1
FROM messenger_link AS m2
WHERE m2.account_id = a1.id AND m2.account_id = $1::BIGINT), 'null') || '}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT

-- wave 1, messenger
-- $1: the keys of 1
SELECT ('1:' || a1.id) AS k, ('{"id":"ma_␙@001' || a1.id || '␙","contacts":' || (SELECT ('{"nodes":[' || coalesce(string_agg(page2.c0, ',' ORDER BY page2.k0), '') || ']}') AS anon_1
FROM (SELECT ('␟3:' || c2.contact_id || '␟') AS c0, c2.contact_id AS k0
FROM contact AS c2
WHERE c2.account_id = a1.id AND c2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[])) ORDER BY c2.contact_id
 LIMIT 2) AS page2) || '}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 2, messenger
-- $1: the keys of 3
SELECT ('3:' || a1.id) AS k, ('{"id":"ma_␙@002' || a1.id || '␙","socialAccount":␟4:' || a1.id || '␟}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 3, social
-- $1: the keys of 4
SELECT ('4:' || m1.messenger_id) AS k, ('␟5:' || m1.account_id || '␟') AS b
FROM messenger_lookup AS m1
WHERE m1.messenger_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 4, social
-- $1: the keys of 5
SELECT ('5:' || a1.id) AS k, ('{"id":"sa_␙@003' || a1.id || '␙","displayName":' || CAST(to_json(a1.display_name) AS TEXT) || ',"friends":' || (SELECT ('{"nodes":[' || coalesce(string_agg(page2.c0, ',' ORDER BY page2.k0), '') || ']}') AS anon_1
FROM (SELECT ('␟7:' || f2.friend_id || '␟') AS c0, f2.friend_id AS k0
FROM friendship AS f2
WHERE f2.account_id = a1.id AND f2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[])) ORDER BY f2.friend_id
 LIMIT 1) AS page2) || '}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 5, social
-- $1: the keys of 7
SELECT ('7:' || a1.id) AS k, ('␝@004' || a1.id || '␝{"displayName":' || CAST(to_json(a1.display_name) AS TEXT) || '}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
