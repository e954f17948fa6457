SELECT CAST(r.k0 AS VARCHAR) AS k0, count(DISTINCT u) AS n0
FROM (
  SELECT s2."policy" AS k0, s2."email" AS u FROM t2 AS s2 WHERE s2."email" IN (SELECT s0."email" FROM t0 AS s0) AND s2."email" IN (SELECT s1."email" FROM t1 AS s1)
) AS r
GROUP BY r.k0
