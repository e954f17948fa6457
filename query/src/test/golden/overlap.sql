SELECT CAST(r.k0 AS VARCHAR) AS k0, count(DISTINCT u) AS n0
FROM (
  SELECT s1."age_band" AS k0, s1."email" AS u FROM t1 AS s1 WHERE s1."email" IN (SELECT s0."email" FROM t0 AS s0)
) AS r
GROUP BY r.k0
