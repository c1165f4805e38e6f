-- wave 0, social
-- $1: bigint[]
-- $2: text
SELECT '0:' AS k, (SELECT ('{"edges":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.n), '') || ']}') AS anon_1
FROM (SELECT ('{"cursor":␟1:[' || a1.id || ']␟,"node":␝' || a1.id || '␝{"displayName":' || CAST(to_json(a1.display_name) AS TEXT) || ',"messengerLink":' || coalesce((SELECT ('␝@001' || m2.account_id || '␝{"since":' || CAST(to_json(m2.since) AS TEXT) || '}') AS anon_2
FROM messenger_link AS m2
WHERE m2.account_id = a1.id), 'null') || '}}') AS c0, anon_3.n AS n
FROM unnest(CAST($1::VARCHAR AS BIGINT[])) WITH ORDINALITY AS anon_3(id, n) JOIN account AS a1 ON a1.id = anon_3.id) AS page1) AS b UNION ALL SELECT '2:' AS k, (SELECT ('{"edges":[' || coalesce(string_agg(page3.c0, ',' ORDER BY page3.k0, page3.k1), '') || ']}') AS anon_4
FROM (SELECT ('{"cursor":␟3:[' || CAST(to_json(a3.display_name) AS TEXT) || ',' || a3.id || ']␟,"node":␝@002' || a3.id || '␝{"displayName":' || CAST(to_json(a3.display_name) AS TEXT) || '}}') AS c0, a3.display_name AS k0, a3.id AS k1
FROM account AS a3
WHERE starts_with(a3.display_name, $2::VARCHAR) ORDER BY a3.display_name, a3.id
 LIMIT 2) AS page3) AS b
