-- wave 0, messenger
-- $1: integer
-- $2: timestamptz
-- $3: bigint
-- $4: timestamptz
-- $5: bigint
SELECT '0:' AS k, (SELECT ('{"nodes":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.k0, page1.k1) FILTER (WHERE page1.n <= $1::INTEGER), '') || '],"pageInfo":{"hasNextPage":' || CAST(count(*) > $1::INTEGER OR (SELECT 1
FROM account AS a2
WHERE (a2.registered_at, a2.id) >= ($2::TIMESTAMP WITH TIME ZONE, $3::BIGINT) ORDER BY a2.registered_at, a2.id
 LIMIT 1) IS NOT NULL AS TEXT) || ',"hasPreviousPage":' || CAST((SELECT 1
FROM account AS a3
WHERE (a3.registered_at, a3.id) <= ($4::TIMESTAMP WITH TIME ZONE, $5::BIGINT) ORDER BY a3.registered_at DESC, a3.id DESC
 LIMIT 1) IS NOT NULL AS TEXT) || '},"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM account AS a4) || '}') AS anon_1
FROM (SELECT ('{"id":"ma_␙' || a1.id || '␙","registeredAt":"' || to_char(timezone('UTC', a1.registered_at), 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') || '"}') AS c0, a1.registered_at AS k0, a1.id AS k1, row_number() OVER (ORDER BY a1.registered_at, a1.id) AS n
FROM account AS a1
WHERE (a1.registered_at, a1.id) > ($4::TIMESTAMP WITH TIME ZONE, $5::BIGINT) AND (a1.registered_at, a1.id) < ($2::TIMESTAMP WITH TIME ZONE, $3::BIGINT) ORDER BY a1.registered_at, a1.id
 LIMIT $1::INTEGER + 1) AS page1) AS b
