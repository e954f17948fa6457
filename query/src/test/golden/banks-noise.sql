WITH w0 AS MATERIALIZED (
  SELECT CAST(hash(s."email") % 65536 AS USMALLINT) AS w FROM t0 AS s WHERE true GROUP BY 1 HAVING count(*) > 100
), h0 AS MATERIALIZED (
  SELECT s."email" AS u FROM t0 AS s WHERE CAST(hash(s."email") % 65536 AS USMALLINT) IN (SELECT w FROM w0)
  GROUP BY 1 HAVING count(*) > 100
), f0 AS NOT MATERIALIZED (
  SELECT s."email" FROM t0 AS s WHERE NOT s."email" IN (SELECT u FROM h0)
  UNION ALL
  SELECT s."email" FROM t0 AS s WHERE s."email" IN (SELECT u FROM h0)
  QUALIFY row_number() OVER (PARTITION BY s."email"
    ORDER BY hash(s."email", '00'), s."email") <= 100
), w1 AS MATERIALIZED (
  SELECT CAST(hash(s."email") % 65536 AS USMALLINT) AS w FROM t1 AS s WHERE true GROUP BY 1 HAVING count(*) > 100
), h1 AS MATERIALIZED (
  SELECT s."email" AS u FROM t1 AS s WHERE CAST(hash(s."email") % 65536 AS USMALLINT) IN (SELECT w FROM w1)
  GROUP BY 1 HAVING count(*) > 100
), f1 AS NOT MATERIALIZED (
  SELECT s."email" FROM t1 AS s WHERE NOT s."email" IN (SELECT u FROM h1)
  UNION ALL
  SELECT s."email" FROM t1 AS s WHERE s."email" IN (SELECT u FROM h1)
  QUALIFY row_number() OVER (PARTITION BY s."email"
    ORDER BY hash(s."email", '00'), s."email") <= 100
), w2 AS MATERIALIZED (
  SELECT CAST(hash(s."email") % 65536 AS USMALLINT) AS w FROM t2 AS s WHERE true GROUP BY 1 HAVING count(*) > 100
), h2 AS MATERIALIZED (
  SELECT s."email" AS u FROM t2 AS s WHERE CAST(hash(s."email") % 65536 AS USMALLINT) IN (SELECT w FROM w2)
  GROUP BY 1 HAVING count(*) > 100
), f2 AS NOT MATERIALIZED (
  SELECT s."email", s."policy" FROM t2 AS s WHERE NOT s."email" IN (SELECT u FROM h2)
  UNION ALL
  SELECT s."email", s."policy" FROM t2 AS s WHERE s."email" IN (SELECT u FROM h2)
  QUALIFY row_number() OVER (PARTITION BY s."email"
    ORDER BY hash(s."email", s."policy", '00'), s."email", s."policy") <= 100
), r AS (
  SELECT s2."policy" AS k0, s0."email" AS u FROM f0 AS s0, f1 AS s1, f2 AS s2 WHERE (s0."email" = s2."email") AND (s1."email" = s2."email")
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
