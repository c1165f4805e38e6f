-- wave 0, messenger
-- $1: integer
-- $2: bigint
SELECT '0:' AS k, ('␝' || a1.id || '␝{"contacts":' || (SELECT ('{"edges":[' || coalesce(string_agg(page2.c0, ',' ORDER BY page2.k0) FILTER (WHERE page2.n <= $1::INTEGER), '') || '],"pageInfo":{"hasNextPage":' || CAST(count(*) > $1::INTEGER AS TEXT) || ',"hasPreviousPage":' || CAST(false AS TEXT) || ',"endCursor":' || coalesce((array_agg(page2.cursor1 ORDER BY page2.k0 DESC) FILTER (WHERE page2.n <= $1::INTEGER))[1], 'null') || '},"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM contact AS c3
WHERE c3.account_id = a1.id AND c3.account_id = $2::BIGINT) || '}') AS anon_1
FROM (SELECT ('{"cursor":␟1:[' || c2.contact_id || ']␟,"account":␟2:' || c2.contact_id || '␟,"node":␟3:' || c2.contact_id || '␟}') AS c0, c2.contact_id AS k0, row_number() OVER (ORDER BY c2.contact_id) AS n, ('␟1:[' || c2.contact_id || ']␟') AS cursor1
FROM contact AS c2
WHERE c2.account_id = a1.id AND c2.account_id = $2::BIGINT ORDER BY c2.contact_id
 LIMIT $1::INTEGER + 1) AS page2) || '}') AS b
FROM account AS a1
WHERE a1.id = $2::BIGINT

-- wave 1, messenger
-- $1: the keys of 2
SELECT ('2:' || a1.id) AS k, ('{"id":"ma_␙@001' || a1.id || '␙","countryCode":"' || a1.country_code || '"}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, messenger
-- $1: the keys of 3
SELECT ('3:' || a1.id) AS k, ('␝@002' || a1.id || '␝{"socialAccount":␟4:' || a1.id || '␟}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 2, social
-- $1: the keys of 4
SELECT ('4:' || m1.messenger_id) AS k, ('␟5:' || m1.account_id || '␟') AS b
FROM messenger_lookup AS m1
WHERE m1.messenger_id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 3, social
-- $1: the keys of 5
SELECT ('5:' || a1.id) AS k, ('␝@003' || a1.id || '␝{"displayName":' || CAST(to_json(a1.display_name) AS TEXT) || '}') AS b
FROM account AS a1
WHERE a1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
