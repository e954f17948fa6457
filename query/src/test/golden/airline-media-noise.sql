WITH w0 AS MATERIALIZED (
  SELECT CAST(hash(s."email") % 65536 AS USMALLINT) AS w FROM t0 AS s WHERE true GROUP BY 1 HAVING count(*) > 1000
), h0 AS MATERIALIZED (
  SELECT s."email" AS u FROM t0 AS s WHERE CAST(hash(s."email") % 65536 AS USMALLINT) IN (SELECT w FROM w0)
  GROUP BY 1 HAVING count(*) > 1000
), f0 AS NOT MATERIALIZED (
  SELECT s."email" FROM t0 AS s WHERE NOT s."email" IN (SELECT u FROM h0)
  UNION ALL
  SELECT s."email" FROM t0 AS s WHERE s."email" IN (SELECT u FROM h0)
  QUALIFY row_number() OVER (PARTITION BY s."email"
    ORDER BY hash(s."email", '00'), s."email") <= 1000
), w1 AS MATERIALIZED (
  SELECT CAST(hash(s."email") % 65536 AS USMALLINT) AS w FROM t1 AS s WHERE true GROUP BY 1 HAVING count(*) > 1000
), h1 AS MATERIALIZED (
  SELECT s."email" AS u FROM t1 AS s WHERE CAST(hash(s."email") % 65536 AS USMALLINT) IN (SELECT w FROM w1)
  GROUP BY 1 HAVING count(*) > 1000
), f1 AS NOT MATERIALIZED (
  SELECT s."age_band", s."email" FROM t1 AS s WHERE NOT s."email" IN (SELECT u FROM h1)
  UNION ALL
  SELECT s."age_band", s."email" FROM t1 AS s WHERE s."email" IN (SELECT u FROM h1)
  QUALIFY row_number() OVER (PARTITION BY s."email"
    ORDER BY hash(s."age_band", s."email", '00'), s."age_band", s."email") <= 1000
), r AS (
  SELECT s1."age_band" AS k0, s0."email" AS u FROM f0 AS s0, f1 AS s1 WHERE (s0."email" = s1."email")
), p AS (
  SELECT r.u, r.k0
  FROM r
  GROUP BY r.u, r.k0
), b AS (
  SELECT * FROM p
  QUALIFY row_number() OVER (PARTITION BY p.u ORDER BY hash(p.k0, p.u, '00'), p.k0) <= 1
)
SELECT CAST(b.k0 AS VARCHAR) AS k0, count(*) AS n0
FROM b
GROUP BY b.k0
