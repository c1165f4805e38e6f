-- wave 0, social
-- $1: bigint[]
SELECT '0:' AS k, (SELECT ('{"edges":' || ('[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.n), '') || ']') || '}') AS anon_1
FROM (SELECT ('{"cursor":␟1:[' || a1.id || ']␟,"node":␟2:' || a1.id || '␟}') AS c0, anon_2.n AS n
FROM unnest($1::BIGINT[]) WITH ORDINALITY AS anon_2(id, n) JOIN account AS a1 ON a1.id = anon_2.id) AS page1) AS b

-- wave 0, social
-- $1: text
SELECT '3:' AS k, (SELECT ('{"edges":' || ('[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.k0, page1.k1), '') || ']') || '}') AS anon_1
FROM (SELECT ('{"cursor":␟4:[' || CAST(to_json(a1.display_name) AS TEXT) || ',' || a1.id || ']␟,"node":␟5:' || a1.id || '␟}') AS c0, a1.display_name AS k0, a1.id AS k1
FROM account AS a1
WHERE starts_with(a1.display_name, $1::VARCHAR) ORDER BY a1.display_name, a1.id
 LIMIT 2) AS page1) AS b

-- wave 1, social
-- $1: the keys of 2
SELECT ('2:' || a1.id) AS k, ('{"displayName":' || CAST(to_json(a1.display_name) AS TEXT) || ',"messengerLink":' || coalesce((SELECT ('{"since":' || CAST(to_json(m2.since) AS TEXT) || '}') AS anon_1
FROM messenger_link AS m2
WHERE m2.account_id = a1.id), 'null') || '}') AS b
FROM account AS a1
WHERE a1.id = any($1::BIGINT[])

-- wave 1, social
-- $1: the keys of 5
SELECT ('5:' || a1.id) AS k, ('{"displayName":' || CAST(to_json(a1.display_name) AS TEXT) || '}') AS b
FROM account AS a1
WHERE a1.id = any($1::BIGINT[])
