WITH r AS (
  SELECT s0."sex" AS k0, s0."patient" AS u, 0 AS g FROM t0 AS s0 WHERE (s0."diagnosis" = 'E11')
  UNION ALL
  SELECT s0."sex" AS k0, s0."patient" AS u, 1 AS g FROM t1 AS s0 WHERE (s0."diagnosis" = 'E11')
  UNION ALL
  SELECT s0."sex" AS k0, s0."patient" AS u, 2 AS g FROM t2 AS s0 WHERE (s0."diagnosis" = 'E11')
), p AS MATERIALIZED (
  SELECT r.u, r.k0, bool_or(r.g = 0) AS g0, bool_or(r.g = 1) AS g1, bool_or(r.g = 2) AS g2
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
SELECT CAST(b.k0 AS VARCHAR) AS k0, count(*) AS n0, count(*) FILTER (WHERE b.g0) AS n1, count(*) FILTER (WHERE b.g1) AS n2, count(*) FILTER (WHERE b.g2) AS n3
FROM b
GROUP BY b.k0
