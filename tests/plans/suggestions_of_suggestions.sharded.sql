-- wave 0, social
-- $1: bigint
SELECT '0:' AS k, ('␝' || a1.id || '␝{"friendSuggestions":␟1:' || a1.id || '/' || coalesce((SELECT CAST(m2.messenger_id AS TEXT) AS messenger_id
FROM messenger_link AS m2
WHERE m2.account_id = a1.id AND m2.account_id = $1::BIGINT), '') || '␟}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT

-- wave 1, social
-- $1: the keys of the people
SELECT CAST(a1.id AS TEXT) AS k, (SELECT coalesce(string_agg(ends2.id, ','), '') AS coalesce_1
FROM (SELECT CAST(f2.friend_id AS TEXT) AS id
FROM friendship AS f2
WHERE f2.account_id = a1.id AND f2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[])) ORDER BY f2.friend_id
 LIMIT 100) AS ends2) AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, messenger
-- $1: the keys of their accounts in the other store
SELECT CAST(a1.id AS TEXT) AS k, (SELECT coalesce(string_agg(ends2.id, ','), '') AS coalesce_1
FROM (SELECT CAST(c2.contact_id AS TEXT) AS id
FROM contact AS c2
WHERE c2.account_id = a1.id AND c2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[])) ORDER BY c2.contact_id
 LIMIT 500) AS ends2) AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 2, social
-- $1: the keys of their friends
SELECT CAST(a1.id AS TEXT) AS k, (SELECT coalesce(string_agg(ends2.id, ','), '') AS coalesce_1
FROM (SELECT CAST(f2.friend_id AS TEXT) AS id
FROM friendship AS f2
WHERE f2.account_id = a1.id AND f2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[])) ORDER BY f2.friend_id
 LIMIT 100) AS ends2) AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 2, social
-- $1: the keys of all their contacts
SELECT CAST(m1.messenger_id AS TEXT) AS k, CAST(m1.account_id AS TEXT) AS b
FROM messenger_lookup AS m1
WHERE m1.messenger_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 3, social
-- $1: the keys of the people
-- $2: the keys of all candidates
SELECT CAST(f1.account_id AS TEXT) AS k, CAST(f1.friend_id AS TEXT) AS b
FROM friendship AS f1
WHERE f1.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[])) AND f1.friend_id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 4, social
-- $1: the keys of 2
SELECT ('2:' || a1.id) AS k, ('␝@002' || a1.id || '␝{"friendSuggestions":␟3:' || a1.id || '/' || coalesce((SELECT CAST(m2.messenger_id AS TEXT) AS messenger_id
FROM messenger_link AS m2
WHERE m2.account_id = a1.id AND m2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))), '') || '␟,"few":␟5:' || a1.id || '/' || coalesce((SELECT CAST(m3.messenger_id AS TEXT) AS messenger_id
FROM messenger_link AS m3
WHERE m3.account_id = a1.id AND m3.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))), '') || '␟,"friends":' || (SELECT ('{"nodes":[' || coalesce(string_agg(page4.c0, ',' ORDER BY page4.k0), '') || ']}') AS anon_1
FROM (SELECT ('␟8:' || f4.friend_id || '␟') AS c0, f4.friend_id AS k0
FROM friendship AS f4
WHERE f4.account_id = a1.id AND f4.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[])) ORDER BY f4.friend_id
 LIMIT 1) AS page4) || '}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 5, social
-- $1: the keys of the people
SELECT CAST(a1.id AS TEXT) AS k, (SELECT coalesce(string_agg(ends2.id, ','), '') AS coalesce_1
FROM (SELECT CAST(f2.friend_id AS TEXT) AS id
FROM friendship AS f2
WHERE f2.account_id = a1.id AND f2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[])) ORDER BY f2.friend_id
 LIMIT 100) AS ends2) AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 5, messenger
-- $1: the keys of their accounts in the other store
SELECT CAST(a1.id AS TEXT) AS k, (SELECT coalesce(string_agg(ends2.id, ','), '') AS coalesce_1
FROM (SELECT CAST(c2.contact_id AS TEXT) AS id
FROM contact AS c2
WHERE c2.account_id = a1.id AND c2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[])) ORDER BY c2.contact_id
 LIMIT 500) AS ends2) AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 5, social
-- $1: the keys of the people
SELECT CAST(a1.id AS TEXT) AS k, (SELECT coalesce(string_agg(ends2.id, ','), '') AS coalesce_1
FROM (SELECT CAST(f2.friend_id AS TEXT) AS id
FROM friendship AS f2
WHERE f2.account_id = a1.id AND f2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[])) ORDER BY f2.friend_id
 LIMIT 100) AS ends2) AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 5, messenger
-- $1: the keys of their accounts in the other store
SELECT CAST(a1.id AS TEXT) AS k, (SELECT coalesce(string_agg(ends2.id, ','), '') AS coalesce_1
FROM (SELECT CAST(c2.contact_id AS TEXT) AS id
FROM contact AS c2
WHERE c2.account_id = a1.id AND c2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[])) ORDER BY c2.contact_id
 LIMIT 500) AS ends2) AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 5, social
-- $1: the keys of 8
SELECT ('8:' || a1.id) AS k, ('{"id":"sa_␙@00c' || a1.id || '␙"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 6, social
-- $1: the keys of their friends
SELECT CAST(a1.id AS TEXT) AS k, (SELECT coalesce(string_agg(ends2.id, ','), '') AS coalesce_1
FROM (SELECT CAST(f2.friend_id AS TEXT) AS id
FROM friendship AS f2
WHERE f2.account_id = a1.id AND f2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[])) ORDER BY f2.friend_id
 LIMIT 100) AS ends2) AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 6, social
-- $1: the keys of all their contacts
SELECT CAST(m1.messenger_id AS TEXT) AS k, CAST(m1.account_id AS TEXT) AS b
FROM messenger_lookup AS m1
WHERE m1.messenger_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 6, social
-- $1: the keys of their friends
SELECT CAST(a1.id AS TEXT) AS k, (SELECT coalesce(string_agg(ends2.id, ','), '') AS coalesce_1
FROM (SELECT CAST(f2.friend_id AS TEXT) AS id
FROM friendship AS f2
WHERE f2.account_id = a1.id AND f2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[])) ORDER BY f2.friend_id
 LIMIT 100) AS ends2) AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 6, social
-- $1: the keys of all their contacts
SELECT CAST(m1.messenger_id AS TEXT) AS k, CAST(m1.account_id AS TEXT) AS b
FROM messenger_lookup AS m1
WHERE m1.messenger_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 7, social
-- $1: the keys of the people
-- $2: the keys of all candidates
SELECT CAST(f1.account_id AS TEXT) AS k, CAST(f1.friend_id AS TEXT) AS b
FROM friendship AS f1
WHERE f1.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[])) AND f1.friend_id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 7, social
-- $1: the keys of the people
-- $2: the keys of all candidates
SELECT CAST(f1.account_id AS TEXT) AS k, CAST(f1.friend_id AS TEXT) AS b
FROM friendship AS f1
WHERE f1.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[])) AND f1.friend_id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 8, social
-- $1: the keys of 4
SELECT ('4:' || a1.id) AS k, ('{"id":"sa_␙@004' || a1.id || '␙"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 8, social
-- $1: the keys of 6
SELECT ('6:' || a1.id) AS k, ('␝@008' || a1.id || '␝{"messengerLink":' || coalesce((SELECT ('␝@009' || m2.account_id || '␝{"since":' || CAST(to_json(m2.since) AS TEXT) || '}') AS anon_1
FROM messenger_link AS m2
WHERE m2.account_id = a1.id AND m2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))), 'null') || '}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
