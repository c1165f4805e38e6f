-- wave 0, social
-- $1: text
SELECT CAST(a1.id AS TEXT) AS k, ('[' || CAST(to_json(a1.display_name) AS TEXT) || ',' || a1.id || ']') AS b
FROM account AS a1
WHERE starts_with(a1.display_name, $1::VARCHAR) ORDER BY a1.display_name DESC, a1.id DESC
 LIMIT 4 + 1

-- wave 0, social
-- $1: text
SELECT '3:' AS k, CAST(count(*) AS TEXT) AS b
FROM account AS a1
WHERE starts_with(a1.display_name, $1::VARCHAR)

-- wave 1, social
-- $1: the keys of 2
SELECT ('2:' || a1.id) AS k, ('{"id":"sa_␙' || a1.id || '␙","displayName":' || CAST(to_json(a1.display_name) AS TEXT) || '}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
