-- wave 0, messenger
-- $1: integer
SELECT '0:' AS k, (SELECT ('{"__typename":"MessengerAccountConnection","nodes":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.k0), '') || '],"edges":[' || coalesce(string_agg(page1.c2, ',' ORDER BY page1.k0), '') || ']}') AS anon_1
FROM (SELECT ('{"id":"ma_␙' || a1.id || '␙","socialAccount":␟2:' || a1.id || '␟,"countryCode":"' || a1.country_code || '"}') AS c0, a1.id AS k0, ('{"__typename":"MessengerAccountEdge","node":{"id":"ma_␙@002' || a1.id || '␙","socialAccount":␟3:' || a1.id || '␟,"number":"ma_␘' || a1.id || '␘"}}') AS c2
FROM account AS a1 ORDER BY a1.id
 LIMIT $1::INTEGER) AS page1) AS b

-- wave 1, social
-- $1: the keys of 2
-- $2: the keys of 3
SELECT string_agg(('2:' || m1.messenger_id), '␜') AS k, string_agg(('␝@001' || a2.id || '␝{"displayName":' || CAST(to_json(a2.display_name) AS TEXT) || '}'), '␜') AS b
FROM messenger_lookup AS m1 JOIN account AS a2 ON a2.id = m1.account_id
WHERE m1.messenger_id = any(CAST($1::VARCHAR AS BIGINT[])) UNION ALL SELECT string_agg(('3:' || m3.messenger_id), '␜') AS k, string_agg(('␝@003' || a4.id || '␝{"displayName":' || CAST(to_json(a4.display_name) AS TEXT) || '}'), '␜') AS b
FROM messenger_lookup AS m3 JOIN account AS a4 ON a4.id = m3.account_id
WHERE m3.messenger_id = any(CAST($2::VARCHAR AS BIGINT[]))
