-- wave 0, social
-- $1: bigint
SELECT '0:' AS k, ('␝' || a1.id || '␝{"friendSuggestions":␟1:' || a1.id || '/' || coalesce((SELECT CAST(m2.messenger_id AS TEXT) AS messenger_id
FROM messenger_link AS m2
WHERE m2.account_id = a1.id), '') || '␟}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT

-- wave 1, messenger
-- $1: the keys of their accounts in the other store
SELECT CAST(a1.id AS TEXT) AS k, (SELECT coalesce(string_agg(ends2.id, ','), '') AS coalesce_1
FROM (SELECT CAST(c2.contact_id AS TEXT) AS id
FROM contact AS c2
WHERE c2.account_id = a1.id ORDER BY c2.contact_id
 LIMIT 500) AS ends2) AS b
FROM account AS a1
WHERE a1.id = any(CAST($1::VARCHAR AS BIGINT[]))

-- wave 2, social
-- $1: the keys of the people
-- $2: the keys of their address books
SELECT CAST(people.id AS TEXT) AS k, (SELECT ('[' || coalesce(string_agg(('␝@001' || best.id || '␝' || CASE WHEN (best.contact > 0) THEN ('␝@00d' || best.id || '␝␝@00e' || people.id || '␝') ELSE '' END || '{"why":"' || best.basis || '","__typename":"FriendSuggestion","account":␝@002' || best.id || '␝{"friendSuggestions":␟2:' || best.id || '/' || coalesce((SELECT CAST(m5.messenger_id AS TEXT) AS messenger_id
FROM messenger_link AS m5
WHERE m5.account_id = best.id), '') || '␟,"few":␟3:' || best.id || '/' || coalesce((SELECT CAST(m6.messenger_id AS TEXT) AS messenger_id
FROM messenger_link AS m6
WHERE m6.account_id = best.id), '') || '␟,"friends":' || (SELECT ('{"nodes":[' || coalesce(string_agg(page7.c0, ',' ORDER BY page7.k0), '') || ']}') AS anon_2
FROM (SELECT ('{"id":"sa_␙@00c' || f7.friend_id || '␙"}') AS c0, f7.friend_id AS k0
FROM friendship AS f7
WHERE f7.account_id = best.id ORDER BY f7.friend_id
 LIMIT 1) AS page7) || '}}'), ',' ORDER BY best.contact DESC, best.mutual DESC, best.id), '') || ']') AS anon_1
FROM (SELECT found.id AS id, max(found.contact) AS contact, sum(found.mutual) AS mutual, CASE WHEN (max(found.contact) > 0) THEN 'MESSENGER_CONTACT' ELSE 'MUTUAL_FRIENDS' END AS basis
FROM (SELECT wider.id AS id, 0 AS contact, 1 AS mutual
FROM (SELECT f1.friend_id AS id
FROM friendship AS f1
WHERE f1.account_id = people.id ORDER BY f1.friend_id
 LIMIT 100) AS friends JOIN LATERAL (SELECT f2.friend_id AS id
FROM friendship AS f2
WHERE f2.account_id = friends.id ORDER BY f2.friend_id
 LIMIT 100) AS wider ON true UNION ALL SELECT m3.account_id AS id, 1 AS contact, 0 AS mutual
FROM messenger_lookup AS m3
WHERE m3.messenger_id = any(CAST(people.book AS BIGINT[]))) AS found
WHERE found.id != people.id AND NOT (EXISTS (SELECT 1
FROM friendship AS f4
WHERE f4.account_id = people.id AND f4.friend_id = found.id)) GROUP BY found.id ORDER BY max(found.contact) DESC, sum(found.mutual) DESC, found.id
 LIMIT 3) AS best) AS b
FROM unnest(CAST($1::VARCHAR AS BIGINT[]), $2::TEXT[]) AS people(id, book)

-- wave 3, messenger
-- $1: the keys of their accounts in the other store
SELECT CAST(a1.id AS TEXT) AS k, (SELECT coalesce(string_agg(ends2.id, ','), '') AS coalesce_1
FROM (SELECT CAST(c2.contact_id AS TEXT) AS id
FROM contact AS c2
WHERE c2.account_id = a1.id ORDER BY c2.contact_id
 LIMIT 500) AS ends2) AS b
FROM account AS a1
WHERE a1.id = any(CAST($1::VARCHAR AS BIGINT[]))

-- wave 3, messenger
-- $1: the keys of their accounts in the other store
SELECT CAST(a1.id AS TEXT) AS k, (SELECT coalesce(string_agg(ends2.id, ','), '') AS coalesce_1
FROM (SELECT CAST(c2.contact_id AS TEXT) AS id
FROM contact AS c2
WHERE c2.account_id = a1.id ORDER BY c2.contact_id
 LIMIT 500) AS ends2) AS b
FROM account AS a1
WHERE a1.id = any(CAST($1::VARCHAR AS BIGINT[]))

-- wave 4, social
-- $1: the keys of the people
-- $2: the keys of their address books
SELECT CAST(people.id AS TEXT) AS k, (SELECT ('[' || coalesce(string_agg(('␝@003' || best.id || '␝' || CASE WHEN (best.contact > 0) THEN ('␝@005' || best.id || '␝␝@006' || people.id || '␝') ELSE '' END || '{"account":{"id":"sa_␙@004' || best.id || '␙"},"mutualFriendCount":' || best.mutual || '}'), ',' ORDER BY best.contact DESC, best.mutual DESC, best.id), '') || ']') AS anon_1
FROM (SELECT found.id AS id, max(found.contact) AS contact, sum(found.mutual) AS mutual, CASE WHEN (max(found.contact) > 0) THEN 'MESSENGER_CONTACT' ELSE 'MUTUAL_FRIENDS' END AS basis
FROM (SELECT wider.id AS id, 0 AS contact, 1 AS mutual
FROM (SELECT f1.friend_id AS id
FROM friendship AS f1
WHERE f1.account_id = people.id ORDER BY f1.friend_id
 LIMIT 100) AS friends JOIN LATERAL (SELECT f2.friend_id AS id
FROM friendship AS f2
WHERE f2.account_id = friends.id ORDER BY f2.friend_id
 LIMIT 100) AS wider ON true UNION ALL SELECT m3.account_id AS id, 1 AS contact, 0 AS mutual
FROM messenger_lookup AS m3
WHERE m3.messenger_id = any(CAST(people.book AS BIGINT[]))) AS found
WHERE found.id != people.id AND NOT (EXISTS (SELECT 1
FROM friendship AS f4
WHERE f4.account_id = people.id AND f4.friend_id = found.id)) GROUP BY found.id ORDER BY max(found.contact) DESC, sum(found.mutual) DESC, found.id
 LIMIT 2) AS best) AS b
FROM unnest(CAST($1::VARCHAR AS BIGINT[]), $2::TEXT[]) AS people(id, book)

-- wave 4, social
-- $1: the keys of the people
-- $2: the keys of their address books
SELECT CAST(people.id AS TEXT) AS k, (SELECT ('[' || coalesce(string_agg(('␝@007' || best.id || '␝' || CASE WHEN (best.contact > 0) THEN ('␝@00a' || best.id || '␝␝@00b' || people.id || '␝') ELSE '' END || '{"account":␝@008' || best.id || '␝{"messengerLink":' || coalesce((SELECT ('␝@009' || m5.account_id || '␝{"since":' || CAST(to_json(m5.since) AS TEXT) || '}') AS anon_2
FROM messenger_link AS m5
WHERE m5.account_id = best.id), 'null') || '},"basis":"' || best.basis || '"}'), ',' ORDER BY best.contact DESC, best.mutual DESC, best.id), '') || ']') AS anon_1
FROM (SELECT found.id AS id, max(found.contact) AS contact, sum(found.mutual) AS mutual, CASE WHEN (max(found.contact) > 0) THEN 'MESSENGER_CONTACT' ELSE 'MUTUAL_FRIENDS' END AS basis
FROM (SELECT wider.id AS id, 0 AS contact, 1 AS mutual
FROM (SELECT f1.friend_id AS id
FROM friendship AS f1
WHERE f1.account_id = people.id ORDER BY f1.friend_id
 LIMIT 100) AS friends JOIN LATERAL (SELECT f2.friend_id AS id
FROM friendship AS f2
WHERE f2.account_id = friends.id ORDER BY f2.friend_id
 LIMIT 100) AS wider ON true UNION ALL SELECT m3.account_id AS id, 1 AS contact, 0 AS mutual
FROM messenger_lookup AS m3
WHERE m3.messenger_id = any(CAST(people.book AS BIGINT[]))) AS found
WHERE found.id != people.id AND NOT (EXISTS (SELECT 1
FROM friendship AS f4
WHERE f4.account_id = people.id AND f4.friend_id = found.id)) GROUP BY found.id ORDER BY max(found.contact) DESC, sum(found.mutual) DESC, found.id
 LIMIT 1) AS best) AS b
FROM unnest(CAST($1::VARCHAR AS BIGINT[]), $2::TEXT[]) AS people(id, book)
