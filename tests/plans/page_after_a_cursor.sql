-- wave 0, messenger
-- $1: text
-- $2: bigint
SELECT '0:' AS k, (SELECT ('{"edges":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.k0, page1.k1) FILTER (WHERE page1.n <= 4), '') || '],"pageInfo":{"hasNextPage":' || CAST(count(*) > 4 AS TEXT) || ',"hasPreviousPage":' || CAST((SELECT 1
FROM account AS a2
WHERE (a2.country_code, a2.id) <= ($1::VARCHAR, $2::BIGINT) ORDER BY a2.country_code DESC, a2.id DESC
 LIMIT 1) IS NOT NULL AS TEXT) || '}}') AS anon_1
FROM (SELECT ('{"cursor":␟1:[' || CAST(to_json(a1.country_code) AS TEXT) || ',' || a1.id || ']␟,"node":{"id":"ma_␙' || a1.id || '␙","countryCode":"' || a1.country_code || '"}}') AS c0, a1.country_code AS k0, a1.id AS k1, row_number() OVER (ORDER BY a1.country_code, a1.id) AS n
FROM account AS a1
WHERE (a1.country_code, a1.id) > ($1::VARCHAR, $2::BIGINT) ORDER BY a1.country_code, a1.id
 LIMIT 4 + 1) AS page1) AS b
