-- wave 0, messenger
-- $1: bigint
SELECT '0:' AS k, ('{"id":"ma_␙' || a1.id || '␙","phone":"' || a1.phone || '","countryCode":"' || a1.country_code || '"}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT
