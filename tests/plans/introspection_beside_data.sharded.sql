-- wave 0, messenger
-- $1: bigint
SELECT '0:' AS k, ('␝' || a1.id || '␝{"__typename":"MessengerAccount"}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT
