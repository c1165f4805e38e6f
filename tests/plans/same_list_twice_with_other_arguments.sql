-- wave 0, social
-- $1: bigint
SELECT '0:' AS k, ('␝' || a1.id || '␝{"first":' || (SELECT ('{"nodes":[' || coalesce(string_agg(page2.c0, ',' ORDER BY page2.k0) FILTER (WHERE page2.n <= 2), '') || '],"pageInfo":{"hasNextPage":' || CAST(count(*) > 2 AS TEXT) || '}}') AS anon_1
FROM (SELECT ('␝@001' || a3.id || '␝{"displayName":' || CAST(to_json(a3.display_name) AS TEXT) || '}') AS c0, f2.friend_id AS k0, row_number() OVER (ORDER BY f2.friend_id) AS n
FROM friendship AS f2 JOIN account AS a3 ON a3.id = f2.friend_id
WHERE f2.account_id = a1.id ORDER BY f2.friend_id
 LIMIT 2 + 1) AS page2) || ',"last":' || (SELECT ('{"nodes":[' || coalesce(string_agg(page4.c0, ',' ORDER BY page4.k0) FILTER (WHERE page4.n <= 2), '') || '],"pageInfo":{"hasPreviousPage":' || CAST(count(*) > 2 AS TEXT) || '}}') AS anon_2
FROM (SELECT ('␝@002' || a5.id || '␝{"displayName":' || CAST(to_json(a5.display_name) AS TEXT) || '}') AS c0, f4.friend_id AS k0, row_number() OVER (ORDER BY f4.friend_id DESC) AS n
FROM friendship AS f4 JOIN account AS a5 ON a5.id = f4.friend_id
WHERE f4.account_id = a1.id ORDER BY f4.friend_id DESC
 LIMIT 2 + 1) AS page4) || ',"all":' || (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM friendship AS f7
WHERE f7.account_id = a1.id) || '}') AS anon_3) || '}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT
