-- wave 0, messenger
-- $1: text
SELECT '0:' AS k, ('{"id":"ma_␙' || a2.id || '␙","countryCode":"' || a2.country_code || '","usage":' || (SELECT ('{"frequencyBand":"' || CASE WHEN (count(*) >= 12) THEN 'DAILY' WHEN (count(*) >= 4) THEN 'WEEKLY' WHEN (count(*) >= 1) THEN 'MONTHLY' ELSE 'INACTIVE' END || '"}') AS anon_1
FROM daily_usage AS d3
WHERE d3.account_id = a2.id AND d3.day > (SELECT u4.day
FROM usage_horizon AS u4) - 28 AND d3.day <= (SELECT u4.day
FROM usage_horizon AS u4)) || '}') AS b
FROM phone_lookup AS p1 JOIN account AS a2 ON a2.id = p1.account_id
WHERE p1.phone = $1::VARCHAR
