-- wave 0, social
SELECT CAST(a1.id AS TEXT) AS k, ('[' || CAST(to_json(a1.display_name) AS TEXT) || ',' || a1.id || ']') AS b
FROM account AS a1 ORDER BY a1.display_name, a1.id
 LIMIT 3 + 1

-- wave 1, social
-- $1: the keys of 2
SELECT ('2:' || a1.id) AS k, ('␝' || a1.id || '␝{"displayName":' || CAST(to_json(a1.display_name) AS TEXT) || ',"friends":' || (SELECT ('{"nodes":[' || coalesce(string_agg(page2.c0, ',' ORDER BY page2.k0) FILTER (WHERE page2.n <= 2), '') || '],"pageInfo":{"hasNextPage":' || CAST(count(*) > 2 AS TEXT) || '}}') AS anon_1
FROM (SELECT ('␟4:' || f2.friend_id || '␟') AS c0, f2.friend_id AS k0, row_number() OVER (ORDER BY f2.friend_id) AS n
FROM friendship AS f2
WHERE f2.account_id = a1.id AND f2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[])) ORDER BY f2.friend_id
 LIMIT 2 + 1) AS page2) || '}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 2, social
-- $1: the keys of 4
SELECT ('4:' || a1.id) AS k, ('{"id":"sa_␙@001' || a1.id || '␙","messengerLink":' || coalesce((SELECT ('␞␝@003' || m2.account_id || '␝{"since":' || CAST(to_json(m2.since) AS TEXT) || ',"account":␟5:' || m2.messenger_id || '␟}␞') AS anon_1
FROM messenger_link AS m2
WHERE m2.account_id = a1.id AND m2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))), 'null') || '}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 3, messenger
-- $1: the keys of 5
SELECT ('5:' || a1.id) AS k, ('␝@002' || a1.id || '␝{"countryCode":"' || a1.country_code || '"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
