-- wave 0, social
-- $1: bigint
SELECT '0:' AS k, ('␝' || a1.id || '␝{"first":' || (SELECT ('{"nodes":[' || coalesce(string_agg(page2.c0, ',' ORDER BY page2.k0) FILTER (WHERE page2.n <= 2), '') || '],"pageInfo":{"hasNextPage":' || CAST(count(*) > 2 AS TEXT) || '}}') AS anon_1
FROM (SELECT ('␟2:' || f2.friend_id || '␟') AS c0, f2.friend_id AS k0, row_number() OVER (ORDER BY f2.friend_id) AS n
FROM friendship AS f2
WHERE f2.account_id = a1.id AND f2.account_id = $1::BIGINT ORDER BY f2.friend_id
 LIMIT 2 + 1) AS page2) || ',"last":' || (SELECT ('{"nodes":[' || coalesce(string_agg(page3.c0, ',' ORDER BY page3.k0) FILTER (WHERE page3.n <= 2), '') || '],"pageInfo":{"hasPreviousPage":' || CAST(count(*) > 2 AS TEXT) || '}}') AS anon_2
FROM (SELECT ('␟4:' || f3.friend_id || '␟') AS c0, f3.friend_id AS k0, row_number() OVER (ORDER BY f3.friend_id DESC) AS n
FROM friendship AS f3
WHERE f3.account_id = a1.id AND f3.account_id = $1::BIGINT ORDER BY f3.friend_id DESC
 LIMIT 2 + 1) AS page3) || ',"all":' || (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM friendship AS f5
WHERE f5.account_id = a1.id AND f5.account_id = $1::BIGINT) || '}') AS anon_3) || '}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT

-- wave 1, social
-- $1: the keys of 2
SELECT ('2:' || a1.id) AS k, ('␝@001' || a1.id || '␝{"displayName":' || CAST(to_json(a1.display_name) AS TEXT) || '}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the keys of 4
SELECT ('4:' || a1.id) AS k, ('␝@002' || a1.id || '␝{"displayName":' || CAST(to_json(a1.display_name) AS TEXT) || '}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
