-- wave 0, messenger
-- $1: date
-- $2: date
-- $3: bigint
SELECT '0:' AS k, ('␝' || a1.id || '␝{"now":' || (SELECT ('{"activeDays28":' || count(*) || ',"lastActiveOn":' || coalesce(CAST(to_json(max(d2.day)) AS TEXT), 'null') || '}') AS anon_1
FROM daily_usage AS d2
WHERE d2.account_id = a1.id AND d2.day > (SELECT u3.day
FROM usage_horizon AS u3) - 28 AND d2.day <= (SELECT u3.day
FROM usage_horizon AS u3)) || ',"then":' || (SELECT ('{"activeDays28":' || count(*) || ',"messagesSent28":' || coalesce(sum(d4.messages_sent), 0) || ',"lastActiveOn":' || coalesce(CAST(to_json(max(d4.day)) AS TEXT), 'null') || ',"frequencyBand":"' || CASE WHEN (count(*) >= 12) THEN 'DAILY' WHEN (count(*) >= 4) THEN 'WEEKLY' WHEN (count(*) >= 1) THEN 'MONTHLY' ELSE 'INACTIVE' END || '"}') AS anon_2
FROM daily_usage AS d4
WHERE d4.account_id = a1.id AND d4.day > $1::DATE - 28 AND d4.day <= $1::DATE) || ',"long":' || (SELECT ('{"__typename":"UsageStats","activeDays28":' || count(*) || ',"messagesSent28":' || coalesce(sum(d5.messages_sent), 0) || ',"lastActiveOn":' || coalesce(CAST(to_json(max(d5.day)) AS TEXT), 'null') || ',"frequencyBand":"' || CASE WHEN (count(*) >= 12) THEN 'DAILY' WHEN (count(*) >= 4) THEN 'WEEKLY' WHEN (count(*) >= 1) THEN 'MONTHLY' ELSE 'INACTIVE' END || '"}') AS anon_3
FROM daily_usage AS d5
WHERE d5.account_id = a1.id AND d5.day > $2::DATE - 28 AND d5.day <= $2::DATE) || ',"same":' || (SELECT ('{"activeDays28":' || count(*) || '}') AS anon_4
FROM daily_usage AS d6
WHERE d6.account_id = a1.id AND d6.day > (SELECT u7.day
FROM usage_horizon AS u7) - 28 AND d6.day <= (SELECT u7.day
FROM usage_horizon AS u7)) || '}') AS b
FROM account AS a1
WHERE a1.id = $3::BIGINT
