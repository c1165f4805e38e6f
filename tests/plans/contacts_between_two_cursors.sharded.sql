-- wave 0, messenger
-- $1: bigint
-- $2: bigint
-- $3: bigint
SELECT '0:' AS k, ('␝' || a1.id || '␝{"contacts":' || (SELECT ('{"nodes":[' || coalesce(string_agg(page2.c0, ',' ORDER BY page2.k0) FILTER (WHERE page2.n <= 1), '') || '],"pageInfo":{"hasNextPage":' || CAST((SELECT 1
FROM contact AS c3
WHERE c3.account_id = a1.id AND c3.account_id = $1::BIGINT AND c3.contact_id >= $2::BIGINT ORDER BY c3.contact_id
 LIMIT 1) IS NOT NULL AS TEXT) || ',"hasPreviousPage":' || CAST(count(*) > 1 OR (SELECT 1
FROM contact AS c4
WHERE c4.account_id = a1.id AND c4.account_id = $1::BIGINT AND c4.contact_id <= $3::BIGINT ORDER BY c4.contact_id DESC
 LIMIT 1) IS NOT NULL AS TEXT) || ',"startCursor":' || coalesce((array_agg(page2.cursor1 ORDER BY page2.k0) FILTER (WHERE page2.n <= 1))[1], 'null') || '}}') AS anon_1
FROM (SELECT ('␟2:' || c2.contact_id || '␟') AS c0, c2.contact_id AS k0, row_number() OVER (ORDER BY c2.contact_id DESC) AS n, ('␟1:[' || c2.contact_id || ']␟') AS cursor1
FROM contact AS c2
WHERE c2.account_id = a1.id AND c2.account_id = $1::BIGINT AND c2.contact_id > $3::BIGINT AND c2.contact_id < $2::BIGINT ORDER BY c2.contact_id DESC
 LIMIT 1 + 1) AS page2) || '}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT

-- wave 1, messenger
-- $1: the keys of 2
SELECT ('2:' || a1.id) AS k, ('{"id":"ma_␙@001' || a1.id || '␙","countryCode":"' || a1.country_code || '"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
