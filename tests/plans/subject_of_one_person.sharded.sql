-- wave 0, messenger
-- $1: the token's own messenger_id
-- $2: bigint
SELECT '0:' AS k, ('{"id":"ma_␙' || a1_own.id || '␙","phone":"' || a1_own.phone || '","countryCode":"' || a1_own.country_code || '"}') AS b
FROM (SELECT a1.id AS id, a1.phone AS phone, a1.country_code AS country_code, a1.registered_at AS registered_at
FROM account AS a1
WHERE a1.id = $1::BIGINT) AS a1_own
WHERE a1_own.id = $2::BIGINT

-- wave 0, social
-- $1: the token's own social_id
-- $2: bigint
SELECT '1:' AS k, ('{"id":"sa_␙@001' || a1_own.id || '␙","displayName":' || CAST(to_json(a1_own.display_name) AS TEXT) || ',"phones":' || (SELECT ('[' || coalesce(string_agg(('{"number":"' || p2_own.number || '","source":"' || p2_own.source || '"}'), ',' ORDER BY p2_own.source, p2_own.number), '') || ']') AS anon_1
FROM (SELECT p2.account_id AS account_id, p2.source AS source, p2.number AS number
FROM phone_binding AS p2
WHERE p2.account_id = $1::BIGINT) AS p2_own
WHERE p2_own.account_id = a1_own.id AND p2_own.account_id = $2::BIGINT) || '}') AS b
FROM (SELECT a1.id AS id, a1.display_name AS display_name
FROM account AS a1
WHERE a1.id = $1::BIGINT) AS a1_own
WHERE a1_own.id = $2::BIGINT

-- wave 0, control
-- $1: the token's own messenger_id
-- $2: bigint
SELECT '2:' AS k, ('[' || coalesce(string_agg(('␝@002' || o1_own.account_id || '␝{"kind":"' || o1_own.kind || '","purposes":' || CAST(to_json(o1_own.purposes) AS TEXT) || ',"recordedAt":"' || to_char(timezone('UTC', o1_own.recorded_at), 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') || '","effectiveAt":"' || to_char(timezone('UTC', o1_own.effective_at), 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') || '","channel":' || CAST(to_json(o1_own.channel) AS TEXT) || ',"termsVersion":' || CAST(to_json(o1_own.terms_version) AS TEXT) || '}'), ',' ORDER BY o1_own.id), '') || ']') AS b
FROM (SELECT o1.id AS id, o1.account_id AS account_id, o1.kind AS kind, o1.purposes AS purposes, o1.recorded_at AS recorded_at, o1.effective_at AS effective_at, o1.channel AS channel, o1.terms_version AS terms_version
FROM objection_event AS o1
WHERE o1.account_id = $1::BIGINT) AS o1_own
WHERE o1_own.account_id = $2::BIGINT GROUP BY o1_own.account_id

-- wave 0, messenger
-- $1: the token's own messenger_id
-- $2: bigint
SELECT '3:' AS k, ('[' || coalesce(string_agg(('␝@003' || t1_own.account_id || '␝{"__typename":"TermsAcceptance","version":' || CAST(to_json(t1_own.version) AS TEXT) || ',"acceptedAt":"' || to_char(timezone('UTC', t1_own.accepted_at), 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') || '"}'), ',' ORDER BY t1_own.accepted_at, t1_own.version), '') || ']') AS b
FROM (SELECT t1.account_id AS account_id, t1.version AS version, t1.accepted_at AS accepted_at
FROM terms_acceptance AS t1
WHERE t1.account_id = $1::BIGINT) AS t1_own
WHERE t1_own.account_id = $2::BIGINT GROUP BY t1_own.account_id

-- wave 0, control
SELECT '4:' AS k, ('[' || coalesce(string_agg(('{"jurisdiction":' || CAST(to_json(s1.jurisdiction) AS TEXT) || ',"countries":' || CAST(to_json(s1.countries) AS TEXT) || ',"purposes":' || CAST(to_json(s1.purposes) AS TEXT) || ',"validFrom":"' || to_char(timezone('UTC', s1.valid_from), 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') || '","validUntil":' || coalesce(('"' || to_char(timezone('UTC', s1.valid_until), 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') || '"'), 'null') || ',"reason":' || CAST(to_json(s1.reason) AS TEXT) || '}'), ',' ORDER BY s1.id), '') || ']') AS b
FROM suspension AS s1
