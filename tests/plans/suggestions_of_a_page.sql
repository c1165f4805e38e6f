-- wave 0, social
SELECT '0:' AS k, (SELECT ('{"nodes":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.k0), '') || ']}') AS anon_1
FROM (SELECT ('{"id":"sa_␙' || a1.id || '␙","friendSuggestions":␟2:' || a1.id || '/' || coalesce((SELECT CAST(m2.messenger_id AS TEXT) AS messenger_id
FROM messenger_link AS m2
WHERE m2.account_id = a1.id), '') || '␟}') AS c0, a1.id AS k0
FROM account AS a1 ORDER BY a1.id
 LIMIT 8) AS page1) AS b

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
-- $1: integer
-- $2: the keys of the people
-- $3: the keys of their address books
SELECT CAST(people.id AS TEXT) AS k, (SELECT ('[' || coalesce(string_agg(('␝@001' || best.id || '␝' || CASE WHEN (best.contact > 0) THEN ('␝@003' || best.id || '␝␝@004' || people.id || '␝') ELSE '' END || '{"account":{"id":"sa_␙@002' || a5.id || '␙","displayName":' || CAST(to_json(a5.display_name) AS TEXT) || '},"basis":"' || best.basis || '","mutualFriendCount":' || best.mutual || '}'), ',' ORDER BY best.contact DESC, best.mutual DESC, best.id), '') || ']') AS anon_1
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
 LIMIT $1::INTEGER) AS best JOIN account AS a5 ON a5.id = best.id) AS b
FROM unnest(CAST($2::VARCHAR AS BIGINT[]), $3::TEXT[]) AS people(id, book)
