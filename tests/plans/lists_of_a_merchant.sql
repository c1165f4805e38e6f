-- wave 0, social
-- $1: the token's own merchant_id
SELECT '0:' AS k, (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM (SELECT c2.id AS id, c2.merchant_id AS merchant_id, c2.status AS status, c2.uploaded_at AS uploaded_at, c2.record_count_band AS record_count_band, c2.audience_size_band AS audience_size_band
FROM customer_list AS c2
WHERE c2.merchant_id = $1::BIGINT) AS c2_own) || ',"edges":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.k0), '') || ']}') AS anon_1
FROM (SELECT ('{"node":{"status":"' || c1_own.status || '","uploadedAt":"' || to_char(timezone('UTC', c1_own.uploaded_at), 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') || '","recordCountBand":"' || c1_own.record_count_band || '","audienceSizeBand":"' || c1_own.audience_size_band || '"}}') AS c0, c1_own.id AS k0
FROM (SELECT c1.id AS id, c1.merchant_id AS merchant_id, c1.status AS status, c1.uploaded_at AS uploaded_at, c1.record_count_band AS record_count_band, c1.audience_size_band AS audience_size_band
FROM customer_list AS c1
WHERE c1.merchant_id = $1::BIGINT) AS c1_own ORDER BY c1_own.id
 LIMIT 50) AS page1) AS b
