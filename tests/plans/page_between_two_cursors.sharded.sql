-- wave 0, messenger
-- $1: timestamptz
-- $2: bigint
-- $3: timestamptz
-- $4: bigint
-- $5: integer
SELECT CAST(a1.id AS TEXT) AS k, ('["' || to_char(timezone('UTC', a1.registered_at), 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') || '",' || a1.id || ']') AS b
FROM account AS a1
WHERE (a1.registered_at, a1.id) > ($1::TIMESTAMP WITH TIME ZONE, $2::BIGINT) AND (a1.registered_at, a1.id) < ($3::TIMESTAMP WITH TIME ZONE, $4::BIGINT) ORDER BY a1.registered_at, a1.id
 LIMIT $5::INTEGER + 1

-- wave 0, messenger
SELECT '3:' AS k, CAST(count(*) AS TEXT) AS b
FROM account AS a1

-- wave 0, messenger
-- $1: timestamptz
-- $2: bigint
SELECT '4:' AS k, 'true' AS b
FROM account AS a1
WHERE (a1.registered_at, a1.id) >= ($1::TIMESTAMP WITH TIME ZONE, $2::BIGINT) ORDER BY a1.registered_at, a1.id
 LIMIT 1

-- wave 0, messenger
-- $1: timestamptz
-- $2: bigint
SELECT '5:' AS k, 'true' AS b
FROM account AS a1
WHERE (a1.registered_at, a1.id) <= ($1::TIMESTAMP WITH TIME ZONE, $2::BIGINT) ORDER BY a1.registered_at DESC, a1.id DESC
 LIMIT 1

-- wave 1, messenger
-- $1: the keys of 2
SELECT ('2:' || a1.id) AS k, ('{"id":"ma_␙' || a1.id || '␙","registeredAt":"' || to_char(timezone('UTC', a1.registered_at), 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') || '"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
