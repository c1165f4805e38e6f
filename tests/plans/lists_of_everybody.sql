-- wave 0, social
SELECT '0:' AS k, (SELECT ('{"nodes":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.k0) FILTER (WHERE page1.n <= 2), '') || '],"pageInfo":{"hasPreviousPage":' || CAST(count(*) > 2 AS TEXT) || '}}') AS anon_1
FROM (SELECT ('{"__typename":"CustomerList","audienceSizeBand":"' || c1.audience_size_band || '"}') AS c0, c1.id AS k0, row_number() OVER (ORDER BY c1.id DESC) AS n
FROM customer_list AS c1 ORDER BY c1.id DESC
 LIMIT 2 + 1) AS page1) AS b
