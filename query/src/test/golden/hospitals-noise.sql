WITH r AS (
  SELECT s0."sex" AS k0, s0."patient" AS u, true AS p0, false AS p1, false AS p2 FROM t0 AS s0 WHERE (s0."diagnosis" = 'E11')
  UNION ALL
  SELECT s0."sex" AS k0, s0."patient" AS u, false AS p0, true AS p1, false AS p2 FROM t1 AS s0 WHERE (s0."diagnosis" = 'E11')
  UNION ALL
  SELECT s0."sex" AS k0, s0."patient" AS u, false AS p0, false AS p1, true AS p2 FROM t2 AS s0 WHERE (s0."diagnosis" = 'E11')
), p AS MATERIALIZED (
  SELECT r.u, r.k0, bool_or(p0) AS g1, bool_or(p1) AS g2, bool_or(p2) AS g3
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
SELECT CAST(b.k0 AS VARCHAR) AS k0, count(*) AS n0, count(*) FILTER (WHERE b.g1) AS n1, count(*) FILTER (WHERE b.g2) AS n2, count(*) FILTER (WHERE b.g3) AS n3
FROM b
GROUP BY b.k0
