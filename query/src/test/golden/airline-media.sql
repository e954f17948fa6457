WITH p AS (
  SELECT k0, u
  FROM (
  SELECT s1."age_band" AS k0, s1."email" AS u FROM t1 AS s1 WHERE s1."email" IN (SELECT s0."email" FROM t0 AS s0)
  ) AS r
  GROUP BY k0, u
), q AS (
  SELECT k0, h >> 57 AS b, count(*) AS n0, count(*) AS z0, 0 AS m0, 0 AS a0, sum(CAST(h % 65520 AS BIGINT) + 1) % 65521 AS s0, sum(CAST(hash(h) % 2147483628 AS BIGINT) + 1) % 2147483629 AS t0
  FROM (SELECT *, hash(hash(u, '00')) AS h FROM p)
  GROUP BY 1, 2
)
SELECT CAST(q.k0 AS VARCHAR) AS k0, CAST(COALESCE(sum(n0), 0) AS BIGINT) AS n0, COALESCE(list_concat([CAST(sum(z0) AS HUGEINT), CAST(max(m0) AS HUGEINT), CAST(sum(a0) AS HUGEINT), CAST(sum(t0) % 2147483629 AS HUGEINT)], list(CAST(b AS HUGEINT) * 4294967296 + s0)), [CAST(0 AS HUGEINT), 0, 0, 0]) AS l0
FROM q
GROUP BY q.k0
HAVING sum(q.n0) >= 10
