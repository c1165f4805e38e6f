-- wave 0, messenger
-- $1: text[]
SELECT '0:' AS k, (SELECT ('{"nodes":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.n), '') || '],"edges":[' || coalesce(string_agg(page1.c2, ',' ORDER BY page1.n), '') || '],"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM unnest($1::TEXT[]) WITH ORDINALITY AS anon_2(id, n) JOIN phone_lookup AS p4 ON p4.phone = anon_2.id JOIN account AS a3 ON a3.id = p4.account_id) || '}') AS anon_1
FROM (SELECT ('{"id":"ma_␙' || a1.id || '␙","phone":"' || a1.phone || '","countryCode":"' || a1.country_code || '"}') AS c0, anon_3.n AS n, ('{"cursor":␟1:[' || a1.id || ']␟}') AS c2
FROM unnest($1::TEXT[]) WITH ORDINALITY AS anon_3(id, n) JOIN phone_lookup AS p2 ON p2.phone = anon_3.id JOIN account AS a1 ON a1.id = p2.account_id) AS page1) AS b
