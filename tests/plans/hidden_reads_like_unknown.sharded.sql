-- wave 0, messenger
-- $1: bigint
SELECT '0:' AS k, ('{"id":"ma_␙' || a1.id || '␙","usage":' || (SELECT ('{"activeDays28":' || count(*) || '}') AS anon_1
FROM daily_usage AS d2
WHERE d2.account_id = a1.id AND d2.account_id = $1::BIGINT AND d2.day > (SELECT u3.day
FROM usage_horizon AS u3) - 28 AND d2.day <= (SELECT u3.day
FROM usage_horizon AS u3)) || ',"socialAccount":␟1:' || a1.id || '␟}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT

-- wave 0, messenger
-- $1: bigint
SELECT '3:' AS k, ('{"id":"ma_␙@002' || a1.id || '␙","usage":' || (SELECT ('{"activeDays28":' || count(*) || '}') AS anon_1
FROM daily_usage AS d2
WHERE d2.account_id = a1.id AND d2.account_id = $1::BIGINT AND d2.day > (SELECT u3.day
FROM usage_horizon AS u3) - 28 AND d2.day <= (SELECT u3.day
FROM usage_horizon AS u3)) || ',"socialAccount":␟4:' || a1.id || '␟}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT

-- wave 0, messenger
-- $1: text
SELECT '6:' AS k, ('␟7:' || p1.account_id || '␟') AS b
FROM phone_lookup AS p1
WHERE p1.phone = $1::VARCHAR

-- wave 0, messenger
-- $1: text
SELECT '8:' AS k, ('␟9:' || p1.account_id || '␟') AS b
FROM phone_lookup AS p1
WHERE p1.phone = $1::VARCHAR

-- wave 1, social
-- $1: the keys of 1
SELECT ('1:' || m1.messenger_id) AS k, ('␟2:' || m1.account_id || '␟') AS b
FROM messenger_lookup AS m1
WHERE m1.messenger_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the keys of 4
SELECT ('4:' || m1.messenger_id) AS k, ('␟5:' || m1.account_id || '␟') AS b
FROM messenger_lookup AS m1
WHERE m1.messenger_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, messenger
-- $1: the keys of 7
SELECT ('7:' || a1.id) AS k, ('{"id":"ma_␙@004' || a1.id || '␙"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, messenger
-- $1: the keys of 9
SELECT ('9:' || a1.id) AS k, ('{"id":"ma_␙@005' || a1.id || '␙"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 2, social
-- $1: the keys of 2
SELECT ('2:' || a1.id) AS k, ('{"id":"sa_␙@001' || a1.id || '␙"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 2, social
-- $1: the keys of 5
SELECT ('5:' || a1.id) AS k, ('{"id":"sa_␙@003' || a1.id || '␙"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
