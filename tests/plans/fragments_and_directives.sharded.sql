-- wave 0, messenger
-- $1: integer
SELECT CAST(a1.id AS TEXT) AS k, ('[' || a1.id || ']') AS b
FROM account AS a1 ORDER BY a1.id
 LIMIT $1::INTEGER

-- wave 1, messenger
-- $1: the keys of 2
SELECT ('2:' || a1.id) AS k, ('{"id":"ma_␙' || a1.id || '␙","socialAccount":␟3:' || a1.id || '␟,"countryCode":"' || a1.country_code || '"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, messenger
-- $1: the keys of 5
SELECT ('5:' || a1.id) AS k, ('{"id":"ma_␙@002' || a1.id || '␙","socialAccount":␟6:' || a1.id || '␟,"number":"ma_␘' || a1.id || '␘"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 2, social
-- $1: the keys of 3
SELECT ('3:' || m1.messenger_id) AS k, ('␟4:' || m1.account_id || '␟') AS b
FROM messenger_lookup AS m1
WHERE m1.messenger_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 2, social
-- $1: the keys of 6
SELECT ('6:' || m1.messenger_id) AS k, ('␟7:' || m1.account_id || '␟') AS b
FROM messenger_lookup AS m1
WHERE m1.messenger_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 3, social
-- $1: the keys of 4
SELECT ('4:' || a1.id) AS k, ('␝@001' || a1.id || '␝{"displayName":' || CAST(to_json(a1.display_name) AS TEXT) || '}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 3, social
-- $1: the keys of 7
SELECT ('7:' || a1.id) AS k, ('␝@003' || a1.id || '␝{"displayName":' || CAST(to_json(a1.display_name) AS TEXT) || '}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
