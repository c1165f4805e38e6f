-- wave 0, social
SELECT CAST(c1.id AS TEXT) AS k, ('[' || c1.id || ']') AS b
FROM customer_list AS c1 ORDER BY c1.id DESC
 LIMIT 2 + 1

-- wave 1, social
-- $1: the keys of 2
SELECT ('2:' || c1.id) AS k, ('{"__typename":"CustomerList","audienceSizeBand":"' || c1.audience_size_band || '"}') AS b
FROM customer_list AS c1
WHERE c1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))
