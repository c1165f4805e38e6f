-- wave 0, messenger
-- $1: bigint
SELECT '0:' AS k, ('{"id":"ma_' || a1.id || '","phone":"' || a1.phone || '"}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT

-- wave 0, messenger
-- $1: text
SELECT '1:' AS k, ('␟2:' || p1.account_id || '␟') AS b
FROM phone_lookup AS p1
WHERE p1.phone = $1::VARCHAR

-- wave 0, messenger
SELECT '3:' AS k, (SELECT ('{"nodes":' || ('[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.k0), '') || ']') || '}') AS anon_1
FROM (SELECT ('␟5:' || a1.id || '␟') AS c0, a1.id AS k0
FROM account AS a1 ORDER BY a1.id
 LIMIT 2) AS page1) AS b

-- wave 0, social
-- $1: bigint
SELECT '6:' AS k, ('{"id":"sa_' || a1.id || '","phones":' || (SELECT ('[' || coalesce(string_agg(('{"number":"' || p2.number || '"}'), ',' ORDER BY p2.source, p2.number), '') || ']') AS anon_1
FROM phone_binding AS p2
WHERE p2.account_id = a1.id) || '}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT

-- wave 0, messenger
-- $1: bigint[]
SELECT '7:' AS k, (SELECT ('{"nodes":' || ('[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.n), '') || ']') || '}') AS anon_1
FROM (SELECT ('␟9:' || a1.id || '␟') AS c0, anon_2.n AS n
FROM unnest($1::BIGINT[]) WITH ORDINALITY AS anon_2(id, n) JOIN account AS a1 ON a1.id = anon_2.id) AS page1) AS b

-- wave 1, messenger
-- $1: the keys of 2
SELECT ('2:' || a1.id) AS k, ('{"id":"ma_' || a1.id || '"}') AS b
FROM account AS a1
WHERE a1.id = any($1::BIGINT[])

-- wave 1, messenger
-- $1: the keys of 5
SELECT ('5:' || a1.id) AS k, ('{"countryCode":"' || a1.country_code || '"}') AS b
FROM account AS a1
WHERE a1.id = any($1::BIGINT[])

-- wave 1, messenger
-- $1: the keys of 9
SELECT ('9:' || a1.id) AS k, ('{"id":"ma_' || a1.id || '"}') AS b
FROM account AS a1
WHERE a1.id = any($1::BIGINT[])
