WITH p AS (
  SELECT k0, u, COALESCE(bool_or(p0), false) AS v0, COALESCE(bool_or(p1), false) AS v1, COALESCE(bool_or(p2), false) AS v2, CAST(COALESCE(bool_or(p0), false) AS BIGINT) AS v3, CAST(COALESCE(bool_or(p1), false) AS BIGINT) AS v4, CAST(COALESCE(bool_or(p2), false) AS BIGINT) AS v5
  FROM (
  SELECT s0."sex" AS k0, s0."patient" AS u, true AS p0, false AS p1, false AS p2 FROM t0 AS s0 WHERE (s0."diagnosis" = 'E11')
  UNION ALL
  SELECT s0."sex" AS k0, s0."patient" AS u, false AS p0, true AS p1, false AS p2 FROM t1 AS s0 WHERE (s0."diagnosis" = 'E11')
  UNION ALL
  SELECT s0."sex" AS k0, s0."patient" AS u, false AS p0, false AS p1, true AS p2 FROM t2 AS s0 WHERE (s0."diagnosis" = 'E11')
  ) AS r
  GROUP BY k0, u
), q AS (
  SELECT k0, h >> 57 AS b, count(*) AS n0, count(*) FILTER (WHERE v0) AS n1, count(*) FILTER (WHERE v1) AS n2, count(*) FILTER (WHERE v2) AS n3, count(*) FILTER (WHERE v3 <> 0) AS z0, 0 AS m0, 0 AS a0, (sum(CAST(v3 % 65521 AS BIGINT) * (CAST(h % 65520 AS BIGINT) + 1)) % 65521 + 65521) % 65521 AS s0, (sum(CAST(v3 % 2147483629 AS BIGINT) * (CAST(hash(h) % 2147483628 AS BIGINT) + 1)) % 2147483629 + 2147483629) % 2147483629 AS t0, count(*) FILTER (WHERE v4 <> 0) AS z1, 0 AS m1, 0 AS a1, (sum(CAST(v4 % 65521 AS BIGINT) * (CAST(h % 65520 AS BIGINT) + 1)) % 65521 + 65521) % 65521 AS s1, (sum(CAST(v4 % 2147483629 AS BIGINT) * (CAST(hash(h) % 2147483628 AS BIGINT) + 1)) % 2147483629 + 2147483629) % 2147483629 AS t1, count(*) FILTER (WHERE v5 <> 0) AS z2, 0 AS m2, 0 AS a2, (sum(CAST(v5 % 65521 AS BIGINT) * (CAST(h % 65520 AS BIGINT) + 1)) % 65521 + 65521) % 65521 AS s2, (sum(CAST(v5 % 2147483629 AS BIGINT) * (CAST(hash(h) % 2147483628 AS BIGINT) + 1)) % 2147483629 + 2147483629) % 2147483629 AS t2
  FROM (SELECT *, hash(hash(u, '00')) AS h FROM p)
  GROUP BY 1, 2
)
SELECT CAST(q.k0 AS VARCHAR) AS k0, CAST(COALESCE(sum(n0), 0) AS BIGINT) AS n0, CAST(COALESCE(sum(n1), 0) AS BIGINT) AS n1, CAST(COALESCE(sum(n2), 0) AS BIGINT) AS n2, CAST(COALESCE(sum(n3), 0) AS BIGINT) AS n3, COALESCE(list_concat([CAST(sum(z0) AS HUGEINT), CAST(max(m0) AS HUGEINT), CAST(sum(a0) AS HUGEINT), CAST(sum(t0) % 2147483629 AS HUGEINT)], list(CAST(b AS HUGEINT) * 4294967296 + s0)), [CAST(0 AS HUGEINT), 0, 0, 0]) AS l0, COALESCE(list_concat([CAST(sum(z1) AS HUGEINT), CAST(max(m1) AS HUGEINT), CAST(sum(a1) AS HUGEINT), CAST(sum(t1) % 2147483629 AS HUGEINT)], list(CAST(b AS HUGEINT) * 4294967296 + s1)), [CAST(0 AS HUGEINT), 0, 0, 0]) AS l1, COALESCE(list_concat([CAST(sum(z2) AS HUGEINT), CAST(max(m2) AS HUGEINT), CAST(sum(a2) AS HUGEINT), CAST(sum(t2) % 2147483629 AS HUGEINT)], list(CAST(b AS HUGEINT) * 4294967296 + s2)), [CAST(0 AS HUGEINT), 0, 0, 0]) AS l2
FROM q
GROUP BY q.k0
HAVING sum(q.n0) >= 10
