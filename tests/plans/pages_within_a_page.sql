-- wave 0, social
SELECT '0:' AS k, (SELECT ('{"nodes":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.k0, page1.k1) FILTER (WHERE page1.n <= 3), '') || '],"pageInfo":{"hasNextPage":' || CAST(count(*) > 3 AS TEXT) || '}}') AS anon_1
FROM (SELECT ('␝' || a1.id || '␝{"displayName":' || CAST(to_json(a1.display_name) AS TEXT) || ',"friends":' || (SELECT ('{"nodes":[' || coalesce(string_agg(page2.c0, ',' ORDER BY page2.k0) FILTER (WHERE page2.n <= 2), '') || '],"pageInfo":{"hasNextPage":' || CAST(count(*) > 2 AS TEXT) || '}}') AS anon_2
FROM (SELECT ('{"id":"sa_␙@001' || f2.friend_id || '␙","messengerLink":' || coalesce((SELECT ('␞␝@003' || m3.account_id || '␝{"since":' || CAST(to_json(m3.since) AS TEXT) || ',"account":␟3:' || m3.messenger_id || '␟}␞') AS anon_3
FROM messenger_link AS m3
WHERE m3.account_id = f2.friend_id), 'null') || '}') AS c0, f2.friend_id AS k0, row_number() OVER (ORDER BY f2.friend_id) AS n
FROM friendship AS f2
WHERE f2.account_id = a1.id ORDER BY f2.friend_id
 LIMIT 2 + 1) AS page2) || '}') AS c0, a1.display_name AS k0, a1.id AS k1, row_number() OVER (ORDER BY a1.display_name, a1.id) AS n
FROM account AS a1 ORDER BY a1.display_name, a1.id
 LIMIT 3 + 1) AS page1) AS b

-- wave 1, messenger
-- $1: the keys of 3
SELECT string_agg(('3:' || a1.id), '␜') AS k, string_agg(('␝@002' || a1.id || '␝{"countryCode":"' || a1.country_code || '"}'), '␜') AS b
FROM account AS a1
WHERE a1.id = any(CAST($1::VARCHAR AS BIGINT[]))
