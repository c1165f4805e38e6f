-- wave 0, messenger
-- $1: bigint
-- $2: bigint
-- $3: bigint
SELECT '0:' AS k, ('{"__typename":"MessengerAccount","id":"ma_␙' || a1.id || '␙","countryCode":"' || a1.country_code || '"}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT UNION ALL SELECT '2:' AS k, ('{"__typename":"MessengerAccount","id":"ma_␙@002' || a2.id || '␙","countryCode":"' || a2.country_code || '"}') AS b
FROM account AS a2
WHERE a2.id = $2::BIGINT UNION ALL SELECT '4:' AS k, ('{"id":"ma_␙@004' || a3.id || '␙"}') AS b
FROM account AS a3
WHERE a3.id = $3::BIGINT

-- wave 0, social
-- $1: bigint
-- $2: bigint
-- $3: bigint
SELECT '1:' AS k, ('{"__typename":"SocialAccount","id":"sa_␙@001' || a1.id || '␙","displayName":' || CAST(to_json(a1.display_name) AS TEXT) || '}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT UNION ALL SELECT '3:' AS k, ('{"__typename":"SocialAccount","id":"sa_␙@003' || a2.id || '␙","displayName":' || CAST(to_json(a2.display_name) AS TEXT) || '}') AS b
FROM account AS a2
WHERE a2.id = $2::BIGINT UNION ALL SELECT '5:' AS k, ('{"id":"sa_␙@005' || a3.id || '␙"}') AS b
FROM account AS a3
WHERE a3.id = $3::BIGINT
