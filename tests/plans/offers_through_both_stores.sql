-- wave 0, messenger
-- $1: text
SELECT '0:' AS k, ('␝' || a2.id || '␝{"socialAccount":␟1:' || a2.id || '␟}') AS b
FROM phone_lookup AS p1 JOIN account AS a2 ON a2.id = p1.account_id
WHERE p1.phone = $1::VARCHAR

-- wave 1, social
-- $1: the keys of 1
SELECT string_agg(('1:' || m1.messenger_id), '␜') AS k, string_agg(('␝@001' || a2.id || '␝{"offers":' || (SELECT ('[' || coalesce(string_agg((CASE WHEN (o3.source IN ('MESSENGER_SHARED')) THEN ('␝@002' || o3.account_id || '␝') ELSE '' END || '{"merchant":{"id":"me_␘' || o4.merchant_id || '␘"}}'), ',' ORDER BY o3.offer_id), '') || ']') AS anon_1
FROM offer_audience AS o3 JOIN offer AS o4 ON o4.id = o3.offer_id
WHERE o3.account_id = a2.id) || '}'), '␜') AS b
FROM messenger_lookup AS m1 JOIN account AS a2 ON a2.id = m1.account_id
WHERE m1.messenger_id = any(CAST($1::VARCHAR AS BIGINT[]))
