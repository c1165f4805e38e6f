-- wave 0, messenger
-- $1: bigint
SELECT CAST(a1.id AS TEXT) AS k, ('[' || a1.id || ']') AS b
FROM account AS a1
WHERE a1.id > $1::BIGINT ORDER BY a1.id
 LIMIT 2 + 1

-- wave 0, messenger
-- $1: bigint
SELECT '2:' AS k, 'true' AS b
FROM account AS a1
WHERE a1.id <= $1::BIGINT ORDER BY a1.id DESC
 LIMIT 1

-- wave 0, messenger
SELECT CAST(a1.id AS TEXT) AS k, ('[' || a1.id || ']') AS b, CAST(a1.id AS TEXT) AS w
FROM account AS a1 ORDER BY a1.id DESC
 LIMIT 2 + 1

-- wave 0, messenger
-- $1: bigint
SELECT CAST(a1.id AS TEXT) AS k, ('[' || a1.id || ']') AS b
FROM account AS a1
WHERE a1.id > $1::BIGINT ORDER BY a1.id DESC
 LIMIT 3 + 1

-- wave 0, messenger
-- $1: bigint
SELECT '7:' AS k, 'true' AS b
FROM account AS a1
WHERE a1.id <= $1::BIGINT ORDER BY a1.id DESC
 LIMIT 1
