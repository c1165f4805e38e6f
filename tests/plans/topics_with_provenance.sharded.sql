-- wave 0, social
-- $1: bigint[]
SELECT CAST(a1.id AS TEXT) AS k, ('[' || a1.id || ']') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the keys of 2
SELECT ('2:' || a1.id) AS k, ('{"id":"sa_␙' || a1.id || '␙","adTopics":' || (SELECT ('[' || coalesce(string_agg((CASE WHEN (a2.source IN ('MESSENGER')) THEN ('␝@001' || a2.account_id || '␝') ELSE '' END || '{"source":"' || a2.source || '","topic":' || CAST(to_json(a2.topic) AS TEXT) || ',"__typename":"AdTopic"}'), ',' ORDER BY a2.source, a2.topic), '') || ']') AS anon_1
FROM ad_topic AS a2
WHERE a2.account_id = a1.id AND a2.account_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))) || '}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
