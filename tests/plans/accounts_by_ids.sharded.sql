-- wave 0, messenger
-- $1: bigint[]
SELECT CAST(a1.id AS TEXT) AS k, ('[' || a1.id || ']') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, messenger
-- $1: the keys of 2
SELECT ('2:' || a1.id) AS k, ('{"id":"ma_␙' || a1.id || '␙","phone":"' || a1.phone || '","usage":' || (SELECT ('{"frequencyBand":"' || CASE WHEN (count(*) >= 12) THEN 'DAILY' WHEN (count(*) >= 4) THEN 'WEEKLY' WHEN (count(*) >= 1) THEN 'MONTHLY' ELSE 'INACTIVE' END || '","activeDays28":' || count(*) || ',"messagesSent28":' || coalesce(sum(d2.messages_sent), 0) || ',"lastActiveOn":' || coalesce(CAST(to_json(max(d2.day)) AS TEXT), 'null') || '}') AS anon_1
FROM daily_usage AS d2
WHERE d2.account_id = a1.id AND d2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[])) AND d2.day > (SELECT u3.day
FROM usage_horizon AS u3) - 28 AND d2.day <= (SELECT u3.day
FROM usage_horizon AS u3)) || '}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, messenger
-- $1: the keys of 3
SELECT ('3:' || a1.id) AS k, ('␝@001' || a1.id || '␝{"countryCode":"' || a1.country_code || '"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
