-- wave 0, social
-- $1: bigint[]
SELECT '0:' AS k, (SELECT ('{"nodes":' || ('[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.n), '') || ']') || '}') AS anon_1
FROM (SELECT ('␟2:' || a1.id || '␟') AS c0, anon_2.n AS n
FROM unnest($1::BIGINT[]) WITH ORDINALITY AS anon_2(id, n) JOIN account AS a1 ON a1.id = anon_2.id) AS page1) AS b

-- wave 1, social
-- $1: the keys of 2
SELECT ('2:' || a1.id) AS k, ('{"id":"sa_' || a1.id || '","messengerLink":' || coalesce((SELECT ('␞{"since":' || CAST(to_json(m2.since) AS TEXT) || ',"account":␟3:' || m2.messenger_id || '␟}␞') AS anon_1
FROM messenger_link AS m2
WHERE m2.account_id = a1.id), 'null') || ',"phones":' || (SELECT ('[' || coalesce(string_agg(('{"number":"' || p3.number || '","source":"' || p3.source || '"}'), ',' ORDER BY p3.source, p3.number), '') || ']') AS anon_2
FROM phone_binding AS p3
WHERE p3.account_id = a1.id) || '}') AS b
FROM account AS a1
WHERE a1.id = any($1::BIGINT[])

-- wave 2, messenger
-- $1: the keys of 3
SELECT ('3:' || a1.id) AS k, ('{"id":"ma_' || a1.id || '"}') AS b
FROM account AS a1
WHERE a1.id = any($1::BIGINT[])
