-- wave 0, messenger
-- $1: bigint[]
-- $2: the token's own messenger_id
-- $3: bigint
SELECT '0:' AS k, (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM unnest(CAST($1::VARCHAR AS BIGINT[])) WITH ORDINALITY AS anon_2(id, n) JOIN (SELECT a2.id AS id, a2.country_code AS country_code, a2.registered_at AS registered_at
FROM account AS a2
WHERE a2.id = $2::BIGINT) AS a2_own ON a2_own.id = anon_2.id) || ',"nodes":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.n), '') || ']}') AS anon_1
FROM (SELECT ('{"id":"ma_␙' || a1_own.id || '␙","countryCode":"' || a1_own.country_code || '","registeredAt":"' || to_char(timezone('UTC', a1_own.registered_at), 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') || '"}') AS c0, anon_3.n AS n
FROM unnest(CAST($1::VARCHAR AS BIGINT[])) WITH ORDINALITY AS anon_3(id, n) JOIN (SELECT a1.id AS id, a1.country_code AS country_code, a1.registered_at AS registered_at
FROM account AS a1
WHERE a1.id = $2::BIGINT) AS a1_own ON a1_own.id = anon_3.id) AS page1) AS b UNION ALL SELECT '2:' AS k, ('{"id":"ma_␙@001' || a3_own.id || '␙"}') AS b
FROM (SELECT a3.id AS id, a3.country_code AS country_code, a3.registered_at AS registered_at
FROM account AS a3
WHERE a3.id = $2::BIGINT) AS a3_own
WHERE a3_own.id = $3::BIGINT
