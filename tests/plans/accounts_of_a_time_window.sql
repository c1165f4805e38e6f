-- wave 0, messenger
-- $1: text
-- $2: timestamptz
-- $3: timestamptz
SELECT '0:' AS k, (SELECT ('{"nodes":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.k0, page1.k1) FILTER (WHERE page1.n <= 6), '') || '],"pageInfo":{"hasPreviousPage":' || CAST(count(*) > 6 AS TEXT) || '},"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM account AS a3
WHERE a3.country_code = $1::VARCHAR AND a3.registered_at >= $2::TIMESTAMP WITH TIME ZONE AND a3.registered_at < $3::TIMESTAMP WITH TIME ZONE) || '}') AS anon_1
FROM (SELECT ('{"id":"ma_␙' || a1.id || '␙","registeredAt":"' || to_char(timezone('UTC', a1.registered_at), 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') || '","contactCountBand":"' || (SELECT CASE WHEN (count(*) >= 200) THEN 'HUNDREDS' WHEN (count(*) >= 50) THEN 'MANY' WHEN (count(*) >= 10) THEN 'TENS' WHEN (count(*) >= 1) THEN 'FEW' ELSE 'NONE' END AS anon_2
FROM contact AS c2
WHERE c2.account_id = a1.id) || '"}') AS c0, a1.registered_at AS k0, a1.id AS k1, row_number() OVER (ORDER BY a1.registered_at DESC, a1.id DESC) AS n
FROM account AS a1
WHERE a1.country_code = $1::VARCHAR AND a1.registered_at >= $2::TIMESTAMP WITH TIME ZONE AND a1.registered_at < $3::TIMESTAMP WITH TIME ZONE ORDER BY a1.registered_at DESC, a1.id DESC
 LIMIT 6 + 1) AS page1) AS b
