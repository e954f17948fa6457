SELECT CAST(r.k0 AS VARCHAR) AS k0, count(DISTINCT u) AS n0, count(DISTINCT u) FILTER (WHERE g = 0) AS n1, count(DISTINCT u) FILTER (WHERE g = 1) AS n2, count(DISTINCT u) FILTER (WHERE g = 2) AS n3
FROM (
  SELECT s0."sex" AS k0, s0."patient" AS u, 0 AS g FROM t0 AS s0 WHERE (s0."diagnosis" = 'E11')
  UNION ALL
  SELECT s0."sex" AS k0, s0."patient" AS u, 1 AS g FROM t1 AS s0 WHERE (s0."diagnosis" = 'E11')
  UNION ALL
  SELECT s0."sex" AS k0, s0."patient" AS u, 2 AS g FROM t2 AS s0 WHERE (s0."diagnosis" = 'E11')
) AS r
GROUP BY r.k0
