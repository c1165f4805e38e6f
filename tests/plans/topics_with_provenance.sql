-- wave 0, social
-- $1: bigint[]
SELECT '0:' AS k, (SELECT ('{"nodes":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.n), '') || ']}') AS anon_1
FROM (SELECT ('{"id":"sa_␙' || a1.id || '␙","adTopics":' || (SELECT ('[' || coalesce(string_agg((CASE WHEN (a2.source IN ('MESSENGER')) THEN ('␝@001' || a2.account_id || '␝') ELSE '' END || '{"source":"' || a2.source || '","topic":' || CAST(to_json(a2.topic) AS TEXT) || ',"__typename":"AdTopic"}'), ',' ORDER BY a2.source, a2.topic), '') || ']') AS anon_2
FROM ad_topic AS a2
WHERE a2.account_id = a1.id) || '}') AS c0, anon_3.n AS n
FROM unnest(CAST($1::VARCHAR AS BIGINT[])) WITH ORDINALITY AS anon_3(id, n) JOIN account AS a1 ON a1.id = anon_3.id) AS page1) AS b
