WITH r AS (
  SELECT s2."policy" AS k0, s0."email" AS u FROM t0 AS s0, t1 AS s1, t2 AS s2 WHERE (s0."email" = s2."email") AND (s1."email" = s2."email")
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
