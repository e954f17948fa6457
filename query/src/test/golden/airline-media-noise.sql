WITH r AS (
  SELECT s1."age_band" AS k0, s1."email" AS u FROM t1 AS s1 WHERE s1."email" IN (SELECT s0."email" FROM t0 AS s0)
), p AS MATERIALIZED (
  SELECT r.u, r.k0
  FROM r
  GROUP BY r.u, r.k0
), m AS MATERIALIZED (
  SELECT u FROM p GROUP BY u HAVING count(*) > 1
), b AS (
  SELECT * FROM p WHERE NOT p.u IN (SELECT u FROM m)
  UNION ALL
  SELECT * FROM p WHERE p.u IN (SELECT u FROM m)
  QUALIFY row_number() OVER (PARTITION BY p.u
    ORDER BY hash(p.k0, p.u, '00'), p.k0) <= 1
)
SELECT CAST(b.k0 AS VARCHAR) AS k0, count(*) AS n0
FROM b
GROUP BY b.k0
