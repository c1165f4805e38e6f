-- wave 0, messenger
-- $1: integer
-- $2: bigint
SELECT '0:' AS k, ('␝' || a1.id || '␝{"contacts":' || (SELECT ('{"edges":[' || coalesce(string_agg(page2.c0, ',' ORDER BY page2.k0) FILTER (WHERE page2.n <= $1::INTEGER), '') || '],"pageInfo":{"hasNextPage":' || CAST(count(*) > $1::INTEGER AS TEXT) || ',"hasPreviousPage":' || CAST(false AS TEXT) || ',"endCursor":' || coalesce((array_agg(page2.cursor1 ORDER BY page2.k0 DESC) FILTER (WHERE page2.n <= $1::INTEGER))[1], 'null') || '},"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM contact AS c4
WHERE c4.account_id = a1.id) || '}') AS anon_1
FROM (SELECT ('{"cursor":␟1:[' || c2.contact_id || ']␟,"account":{"id":"ma_␙@001' || a3.id || '␙","countryCode":"' || a3.country_code || '"},"node":␝@002' || c2.contact_id || '␝{"socialAccount":␟2:' || c2.contact_id || '␟}}') AS c0, c2.contact_id AS k0, row_number() OVER (ORDER BY c2.contact_id) AS n, ('␟1:[' || c2.contact_id || ']␟') AS cursor1
FROM contact AS c2 JOIN account AS a3 ON a3.id = c2.contact_id
WHERE c2.account_id = a1.id ORDER BY c2.contact_id
 LIMIT $1::INTEGER + 1) AS page2) || '}') AS b
FROM account AS a1
WHERE a1.id = $2::BIGINT

-- wave 1, social
-- $1: the keys of 2
SELECT string_agg(('2:' || m1.messenger_id), '␜') AS k, string_agg(('␝@003' || a2.id || '␝{"displayName":' || CAST(to_json(a2.display_name) AS TEXT) || '}'), '␜') AS b
FROM messenger_lookup AS m1 JOIN account AS a2 ON a2.id = m1.account_id
WHERE m1.messenger_id = any(CAST($1::VARCHAR AS BIGINT[]))
