-- wave 0, messenger
-- $1: text
SELECT '0:' AS k, ('␟1:' || p1.account_id || '␟') AS b
FROM phone_lookup AS p1
WHERE p1.phone = $1::VARCHAR

-- wave 1, messenger
-- $1: the keys of 1
SELECT ('1:' || a1.id) AS k, ('{"id":"ma_␙' || a1.id || '␙","countryCode":"' || a1.country_code || '","usage":' || (SELECT ('{"frequencyBand":"' || CASE WHEN (count(*) >= 12) THEN 'DAILY' WHEN (count(*) >= 4) THEN 'WEEKLY' WHEN (count(*) >= 1) THEN 'MONTHLY' ELSE 'INACTIVE' END || '"}') AS anon_1
FROM daily_usage AS d2
WHERE d2.account_id = a1.id AND d2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[])) AND d2.day > (SELECT u3.day
FROM usage_horizon AS u3) - 28 AND d2.day <= (SELECT u3.day
FROM usage_horizon AS u3)) || '}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
