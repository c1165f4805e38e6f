-- wave 0, social
-- $1: the token's own merchant_id
SELECT CAST(c1_own.id AS TEXT) AS k, ('[' || c1_own.id || ']') AS b
FROM (SELECT c1.id AS id, c1.merchant_id AS merchant_id, c1.status AS status, c1.uploaded_at AS uploaded_at, c1.record_count_band AS record_count_band, c1.audience_size_band AS audience_size_band
FROM customer_list AS c1
WHERE c1.merchant_id = $1::BIGINT) AS c1_own ORDER BY c1_own.id
 LIMIT 50

-- wave 0, social
-- $1: the token's own merchant_id
SELECT '3:' AS k, CAST(count(*) AS TEXT) AS b
FROM (SELECT c1.id AS id, c1.merchant_id AS merchant_id, c1.status AS status, c1.uploaded_at AS uploaded_at, c1.record_count_band AS record_count_band, c1.audience_size_band AS audience_size_band
FROM customer_list AS c1
WHERE c1.merchant_id = $1::BIGINT) AS c1_own

-- wave 1, social
-- $1: the token's own merchant_id
-- $2: the keys of 2
SELECT ('2:' || c1_own.id) AS k, ('{"status":"' || c1_own.status || '","uploadedAt":"' || to_char(timezone('UTC', c1_own.uploaded_at), 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') || '","recordCountBand":"' || c1_own.record_count_band || '","audienceSizeBand":"' || c1_own.audience_size_band || '"}') AS b
FROM (SELECT c1.id AS id, c1.merchant_id AS merchant_id, c1.status AS status, c1.uploaded_at AS uploaded_at, c1.record_count_band AS record_count_band, c1.audience_size_band AS audience_size_band
FROM customer_list AS c1
WHERE c1.merchant_id = $1::BIGINT) AS c1_own
WHERE c1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))
