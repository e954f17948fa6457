SELECT CAST(r.k0 AS VARCHAR) AS k0, count(DISTINCT u) AS n0
FROM (
  SELECT s2."policy" AS k0, s0."email" AS u FROM t0 AS s0, t1 AS s1, t2 AS s2 WHERE (s0."email" = s2."email") AND (s1."email" = s2."email")
) AS r
GROUP BY r.k0
