-- wave 0, messenger
-- $1: the token's own messenger_id
-- $2: bigint
-- $3: bigint
SELECT '0:' AS k, ('{"id":"ma_␙' || a1_own.id || '␙","registeredAt":"' || to_char(timezone('UTC', a1_own.registered_at), 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') || '"}') AS b
FROM (SELECT a1.id AS id, a1.country_code AS country_code, a1.registered_at AS registered_at
FROM account AS a1
WHERE a1.id = $1::BIGINT) AS a1_own
WHERE a1_own.id = $2::BIGINT UNION ALL SELECT '2:' AS k, ('[' || coalesce(string_agg(('␝@002' || t2_own.account_id || '␝{"version":' || CAST(to_json(t2_own.version) AS TEXT) || '}'), ',' ORDER BY t2_own.accepted_at, t2_own.version), '') || ']') AS b
FROM (SELECT t2.account_id AS account_id, t2.version AS version, t2.accepted_at AS accepted_at
FROM terms_acceptance AS t2
WHERE t2.account_id = $1::BIGINT) AS t2_own
WHERE t2_own.account_id = $3::BIGINT GROUP BY t2_own.account_id

-- wave 0, control
-- $1: the token's own messenger_id
-- $2: bigint
SELECT '1:' AS k, ('[' || coalesce(string_agg(('␝@001' || o1_own.account_id || '␝{"kind":"' || o1_own.kind || '","purposes":' || CAST(to_json(o1_own.purposes) AS TEXT) || '}'), ',' ORDER BY o1_own.id), '') || ']') AS b
FROM (SELECT o1.id AS id, o1.account_id AS account_id, o1.kind AS kind, o1.purposes AS purposes, o1.recorded_at AS recorded_at, o1.effective_at AS effective_at, o1.channel AS channel, o1.terms_version AS terms_version
FROM objection_event AS o1
WHERE o1.account_id = $1::BIGINT) AS o1_own
WHERE o1_own.account_id = $2::BIGINT GROUP BY o1_own.account_id
