-- wave 0, messenger
-- $1: bigint
-- $2: bigint
-- $3: text
-- $4: text
SELECT '0:' AS k, ('{"id":"ma_␙' || a1.id || '␙","usage":' || (SELECT ('{"activeDays28":' || count(*) || '}') AS anon_1
FROM daily_usage AS d2
WHERE d2.account_id = a1.id AND d2.day > (SELECT u3.day
FROM usage_horizon AS u3) - 28 AND d2.day <= (SELECT u3.day
FROM usage_horizon AS u3)) || ',"socialAccount":␟1:' || a1.id || '␟}') AS b
FROM account AS a1
WHERE a1.id = $1::BIGINT UNION ALL SELECT '2:' AS k, ('{"id":"ma_␙@002' || a4.id || '␙","usage":' || (SELECT ('{"activeDays28":' || count(*) || '}') AS anon_2
FROM daily_usage AS d5
WHERE d5.account_id = a4.id AND d5.day > (SELECT u6.day
FROM usage_horizon AS u6) - 28 AND d5.day <= (SELECT u6.day
FROM usage_horizon AS u6)) || ',"socialAccount":␟3:' || a4.id || '␟}') AS b
FROM account AS a4
WHERE a4.id = $2::BIGINT UNION ALL SELECT '4:' AS k, ('{"id":"ma_␙@004' || a8.id || '␙"}') AS b
FROM phone_lookup AS p7 JOIN account AS a8 ON a8.id = p7.account_id
WHERE p7.phone = $3::VARCHAR UNION ALL SELECT '5:' AS k, ('{"id":"ma_␙@005' || a10.id || '␙"}') AS b
FROM phone_lookup AS p9 JOIN account AS a10 ON a10.id = p9.account_id
WHERE p9.phone = $4::VARCHAR

-- wave 1, social
-- $1: the keys of 1
-- $2: the keys of 3
SELECT string_agg(('1:' || m1.messenger_id), '␜') AS k, string_agg(('{"id":"sa_␙@001' || a2.id || '␙"}'), '␜') AS b
FROM messenger_lookup AS m1 JOIN account AS a2 ON a2.id = m1.account_id
WHERE m1.messenger_id = any(CAST($1::VARCHAR AS BIGINT[])) UNION ALL SELECT string_agg(('3:' || m3.messenger_id), '␜') AS k, string_agg(('{"id":"sa_␙@003' || a4.id || '␙"}'), '␜') AS b
FROM messenger_lookup AS m3 JOIN account AS a4 ON a4.id = m3.account_id
WHERE m3.messenger_id = any(CAST($2::VARCHAR AS BIGINT[]))
