-- wave 0, messenger
-- $1: bigint[]
SELECT '0:' AS k, (SELECT ('{"nodes":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.n), '') || '],"edges":[' || coalesce(string_agg(page1.c2, ',' ORDER BY page1.n), '') || '],"pageInfo":{"hasNextPage":false,"hasPreviousPage":false,"startCursor":' || coalesce((array_agg(page1.cursor1 ORDER BY page1.n))[1], 'null') || ',"endCursor":' || coalesce((array_agg(page1.cursor1 ORDER BY page1.n DESC))[1], 'null') || '},"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM unnest(CAST($1::VARCHAR AS BIGINT[])) WITH ORDINALITY AS anon_2(id, n) JOIN account AS a4 ON a4.id = anon_2.id) || '}') AS anon_1
FROM (SELECT ('{"id":"ma_␙' || a1.id || '␙","phone":"' || a1.phone || '","usage":' || (SELECT ('{"frequencyBand":"' || CASE WHEN (count(*) >= 12) THEN 'DAILY' WHEN (count(*) >= 4) THEN 'WEEKLY' WHEN (count(*) >= 1) THEN 'MONTHLY' ELSE 'INACTIVE' END || '","activeDays28":' || count(*) || ',"messagesSent28":' || coalesce(sum(d2.messages_sent), 0) || ',"lastActiveOn":' || coalesce(CAST(to_json(max(d2.day)) AS TEXT), 'null') || '}') AS anon_3
FROM daily_usage AS d2
WHERE d2.account_id = a1.id AND d2.day > (SELECT u3.day
FROM usage_horizon AS u3) - 28 AND d2.day <= (SELECT u3.day
FROM usage_horizon AS u3)) || '}') AS c0, anon_4.n AS n, ('{"cursor":␟1:[' || a1.id || ']␟,"node":␝@001' || a1.id || '␝{"countryCode":"' || a1.country_code || '"}}') AS c2, ('␟1:[' || a1.id || ']␟') AS cursor1
FROM unnest(CAST($1::VARCHAR AS BIGINT[])) WITH ORDINALITY AS anon_4(id, n) JOIN account AS a1 ON a1.id = anon_4.id) AS page1) AS b
