SELECT CAST(r.k0 AS VARCHAR) AS k0, count(DISTINCT u) AS n0, count(DISTINCT u) FILTER (WHERE p0) AS n1, count(DISTINCT u) FILTER (WHERE p1) AS n2, count(DISTINCT u) FILTER (WHERE p2) AS n3
FROM (
  SELECT s0."sex" AS k0, s0."patient" AS u, true AS p0, false AS p1, false AS p2 FROM t0 AS s0 WHERE (s0."diagnosis" = 'E11')
  UNION ALL
  SELECT s0."sex" AS k0, s0."patient" AS u, false AS p0, true AS p1, false AS p2 FROM t1 AS s0 WHERE (s0."diagnosis" = 'E11')
  UNION ALL
  SELECT s0."sex" AS k0, s0."patient" AS u, false AS p0, false AS p1, true AS p2 FROM t2 AS s0 WHERE (s0."diagnosis" = 'E11')
) AS r
GROUP BY r.k0
