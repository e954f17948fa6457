What an analyst tries who wants to know about one person. A statement follows `-- expect:` and the kind of its
refusal, `use` (the terms lend no column for that), or `harmless`; with `each NAME` it is one for every line of the list
NAME, in the place of the at sign.

-- expect: SYNTAX
DROP TABLE hospital.patients
-- expect: SYNTAX
CREATE TABLE x AS SELECT * FROM hospital.patients
-- expect: SYNTAX
CREATE VIEW v AS SELECT email FROM hospital.patients
-- expect: SYNTAX
ALTER TABLE hospital.patients ADD COLUMN x INTEGER
-- expect: SYNTAX
TRUNCATE TABLE hospital.patients
-- expect: UNSUPPORTED
INSERT INTO hospital.patients SELECT * FROM hospital.patients
-- expect: UNSUPPORTED
UPDATE hospital.patients SET zip = 'x'
-- expect: UNSUPPORTED
DELETE FROM hospital.patients WHERE email = 'bob@x'
-- expect: UNSUPPORTED
MERGE INTO hospital.patients p USING hospital.stays s ON p.email = s.email WHEN MATCHED THEN UPDATE SET zip = 'x'
-- expect: UNSUPPORTED
EXPLAIN PLAN FOR SELECT COUNT(*) FROM hospital.patients
-- expect: UNSUPPORTED
DESCRIBE hospital.patients
-- expect: SYNTAX
SHOW TABLES
-- expect: SYNTAX
PRAGMA database_list
-- expect: SYNTAX
PRAGMA enable_profiling; SELECT COUNT(*) FROM hospital.patients
-- expect: UNSUPPORTED
SET threads = 1
-- expect: SYNTAX
ATTACH 'x.db' AS x
-- expect: SYNTAX
COPY hospital.patients TO 'x.csv'
-- expect: SYNTAX
INSTALL httpfs
-- expect: SYNTAX
LOAD httpfs
-- expect: UNSUPPORTED
CALL pragma_version()
-- expect: SYNTAX
EXECUTE x
-- expect: SYNTAX
BEGIN TRANSACTION
-- expect: SYNTAX
SELECT COUNT(*) FROM hospital.patients; SELECT COUNT(*) FROM hospital.stays
-- expect: SYNTAX
SELECT COUNT(*) FROM hospital.patients; DROP TABLE hospital.patients; --
-- expect: SYNTAX
SELECT COUNT(*) FROM hospital.patients;; 
-- expect: SYNTAX
; SELECT COUNT(*) FROM hospital.patients
-- expect: SYNTAX
SELECT COUNT(*) FROM hospital.patients /* open
-- expect: SYNTAX
SELECT COUNT(*) FROM hospital.patients */ WHERE 1 = 1
-- expect: harmless
SELECT COUNT(*) FROM hospital.patients /* ; DROP TABLE t0; */
-- expect: harmless
SELECT COUNT(*) FROM hospital.patients -- ; DROP TABLE t0
-- expect: harmless
SELECT /* a /* b */ COUNT(*) FROM hospital.patients
-- expect: harmless
SELECT COUNT(*) FROM hospital.patients WHERE notes = '''; DROP TABLE t0; --'
-- expect: SYNTAX
SELECT COUNT(*) FROM hospital.patients WHERE notes = '\''
-- expect: harmless
SELECT COUNT(*) FROM hospital.patients WHERE notes = '\'' OR 1=1 --'
-- expect: harmless
SELECT COUNT(*) FROM hospital.patients WHERE notes LIKE '%\' OR notes LIKE '_%\%'
-- expect: harmless
SELECT COUNT(*) AS "x FROM t0 -- " FROM hospital.patients
-- expect: UNSUPPORTED
SELECT COUNT(*) AS "x; DROP TABLE t0" FROM hospital.patients
-- expect: UNSUPPORTED
SELECT COUNT(*) AS "x""y" FROM hospital.patients
-- expect: UNKNOWN_TABLE
SELECT COUNT(*) FROM "hospital.patients"
-- expect: UNKNOWN_TABLE
SELECT COUNT(*) FROM "hospital"."patients""; DROP"
-- expect: UNKNOWN_TABLE
SELECT COUNT(*) FROM t0
-- expect: UNKNOWN_TABLE
SELECT COUNT(*) FROM "#0"
-- expect: UNKNOWN_TABLE
SELECT COUNT(*) FROM hospital.patients, "#0"
-- expect: UNSUPPORTED
WITH "#0" AS (SELECT email FROM hospital.patients) SELECT COUNT(*) FROM "#0"
-- expect: harmless
WITH t0 AS (SELECT email FROM hospital.patients) SELECT COUNT(*) FROM t0
-- expect: harmless
SELECT COUNT(*) FROM (SELECT email AS "t0" FROM hospital.patients) "s0"
-- expect: harmless
SELECT COUNT(*) FROM "HOSPITAL"."PATIENTS"
-- expect: UNKNOWN_TABLE
SELECT COUNT(*) FROM information_schema.tables
-- expect: UNKNOWN_TABLE
SELECT COUNT(*) FROM sqlite_master
-- expect: UNKNOWN_TABLE
SELECT COUNT(*) FROM "/etc/passwd"
-- expect: UNKNOWN_TABLE
SELECT COUNT(*) FROM "s3://bucket/x.parquet"
-- expect: UNKNOWN_TABLE
SELECT COUNT(*) FROM hospital.dataset.nothing
-- expect: UNKNOWN_TABLE
SELECT COUNT(*) FROM a.b.c.d
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM TABLE(read_csv('x.csv'))
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM TABLE(query('SELECT 1'))
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM read_csv('x.csv')
-- expect: SYNTAX
SELECT COUNT(*) FROM 'x.parquet'
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients TABLESAMPLE BERNOULLI(10)
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients TABLESAMPLE SYSTEM(10) REPEATABLE(1)
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients p, LATERAL (SELECT ward FROM hospital.stays s WHERE s.email = p.email) x
-- expect: JOIN
SELECT COUNT(*) FROM hospital.patients CROSS APPLY hospital.stays
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients, UNNEST(ARRAY[1, 2]) x
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM (VALUES ('bob@x'), ('u1@x')) x(email)
-- expect: UNSUPPORTED
VALUES (1)
-- expect: UNSUPPORTED
TABLE hospital.patients
-- expect: UNSUPPORTED
WITH RECURSIVE r AS (SELECT email FROM hospital.patients UNION ALL SELECT email FROM r) SELECT COUNT(*) FROM r
-- expect: UNKNOWN_TABLE
WITH r AS (SELECT email FROM r) SELECT COUNT(*) FROM r
-- expect: CYCLE
SELECT COUNT(*) FROM left_loop
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM answer
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients p JOIN answer a ON p.zip = a.zip
-- expect: harmless
SELECT zip, COUNT(*), SUM(cost) FROM "rows" GROUP BY zip
-- expect: FUNCTION
SELECT zip, COUNT(*) FROM hospital.patients GROUP BY ROLLUP(zip)
-- expect: FUNCTION
SELECT zip, COUNT(*) FROM hospital.patients GROUP BY CUBE(zip, vip)
-- expect: FUNCTION
SELECT zip, COUNT(*) FROM hospital.patients GROUP BY GROUPING SETS ((zip), ())
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM (SELECT email FROM hospital.patients ORDER BY cost LIMIT 1) x
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM (SELECT email FROM hospital.patients LIMIT 1) x
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM (SELECT email FROM hospital.patients OFFSET 1 ROW) x
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM (SELECT email FROM hospital.patients FETCH FIRST 1 ROW ONLY) x
-- expect: harmless
WITH x AS (SELECT email FROM hospital.patients ORDER BY email) SELECT COUNT(*) FROM x
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients WHERE email IN (SELECT email FROM hospital.stays ORDER BY days LIMIT 1)
-- expect: SYNTAX
SELECT COUNT(*) FROM hospital.patients LIMIT (SELECT COUNT(*) FROM hospital.stays)
-- expect: UNSUPPORTED
SELECT zip, ROW_NUMBER() OVER (ORDER BY COUNT(*)) FROM hospital.patients GROUP BY zip
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM (SELECT email, ROW_NUMBER() OVER (ORDER BY cost) AS r FROM hospital.patients) x WHERE r = 1
-- expect: UNSUPPORTED
SELECT SUM(s) FROM (SELECT email, SUM(cost) OVER (PARTITION BY zip) AS s FROM hospital.patients) x
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients QUALIFY ROW_NUMBER() OVER (ORDER BY cost) = 1
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients PIVOT (COUNT(*) FOR zip IN ('z0', 'z1'))
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM (SELECT email FROM hospital.patients INTERSECT SELECT email FROM hospital.stays) x
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM (SELECT email FROM hospital.patients EXCEPT SELECT email FROM hospital.stays) x
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM (SELECT email FROM hospital.patients EXCEPT ALL SELECT email FROM hospital.stays) x
-- expect: ROW_LEVEL
SELECT COUNT(*) FROM hospital.patients UNION ALL SELECT COUNT(*) FROM hospital.stays
-- expect: ROW_LEVEL
SELECT email FROM hospital.patients
-- expect: ROW_LEVEL
SELECT * FROM hospital.patients
-- expect: ROW_LEVEL
SELECT * FROM research.codes
-- expect: harmless
SELECT DISTINCT zip FROM hospital.patients
-- expect: ROW_LEVEL
SELECT zip FROM hospital.patients UNION SELECT ward FROM hospital.stays
-- expect: UNSUPPORTED
SELECT COUNT(*)
-- expect: UNSUPPORTED
SELECT 1
-- expect: UNSUPPORTED
SELECT STREAM COUNT(*) FROM hospital.patients
-- expect: UNSUPPORTED
SELECT /*+ resource(mem='1TB') */ COUNT(*) FROM hospital.patients
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients FOR SYSTEM_TIME AS OF TIMESTAMP '2024-01-01 00:00:00'
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients MATCH_RECOGNIZE (PATTERN (a) DEFINE a AS a.age > 1) x
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients NATURAL JOIN hospital.stays
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients JOIN hospital.stays USING (email)
-- expect: JOIN
SELECT COUNT(*) FROM hospital.patients CROSS JOIN hospital.stays
-- expect: JOIN
SELECT COUNT(*) FROM hospital.patients, hospital.stays
-- expect: SYNTAX
SELECT COUNT(*) FROM hospital.patients p LEFT SEMI JOIN hospital.stays s ON p.email = s.email
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients p ASOF JOIN hospital.stays s MATCH_CONDITION p.age > s.days ON p.email = s.email

Functions that are not on the list: volatile, with side effects, that fail, that cost, and that show single rows.
-- list: functions
random()
RAND()
RAND_INTEGER(3)
setseed(0.5)
uuid()
now()
CURRENT_TIMESTAMP
CURRENT_DATE
LOCALTIME
CURRENT_USER
SESSION_USER
nextval('s')
getvariable('x')
error(notes)
sleep_ms(1000)
pg_sleep(10)
repeat(notes, 1000000000)
LPAD(notes, 1000000, 'x')
REGEXP_REPLACE(notes, '(a+)+', 'x')
notes SIMILAR TO '(a+)+b'
notes RLIKE '(a+)+b'
notes || notes
CONCAT(notes, notes)
hash(notes)
MD5(notes)
CHR(age)
ASCII(notes)
POSITION('x' IN notes)
OVERLAY(notes PLACING 'x' FROM 1)
TRANSLATE(notes, 'a', 'b')
JSON_VALUE(notes, '$.x')
JSON_QUERY(notes, '$')
XMLTRANSFORM(notes, notes)
EXTRACT_VALUE(notes, '/x')
SQRT(age)
LN(age)
LOG10(age)
POWER(age, 1000)
EXP(age)
FACTORIAL(age)
ASIN(age)
COT(age)
MOD(age, 0)
age % 0
RADIANS(age)
ROUND(age, 1)
TRUNCATE(age, 1)
SIGN(age)
TIMESTAMPADD(DAY, age, born)
born + INTERVAL '1' DAY
born - INTERVAL '9999' YEAR
DATE_TRUNC('day', born)
STRPTIME(notes, '%Y')
ROW(1, 2)
ARRAY[1, 2]
MAP['a', 1]
MULTISET[1]
query('SELECT 1')
read_text('x')
list(notes)
struct_pack(a := 1)
GROUPING(zip)
my_udf(age)
hospital.f(age)
"pg_catalog"."version"()
CARDINALITY(ARRAY[1])
CASE WHEN age = 42 THEN random() END
-- expect: refused each functions
SELECT COUNT(*) FROM hospital.patients WHERE @ IS NULL

-- list: aggregates
ANY_VALUE(cost)
FIRST_VALUE(cost)
LAST_VALUE(cost)
LISTAGG(notes)
COLLECT(notes)
ARRAY_AGG(notes)
STRING_AGG(notes, ',')
MODE(zip)
MIN(cost)
MAX(cost)
SINGLE_VALUE(cost)
BIT_AND(age)
BIT_XOR(age)
EVERY(vip)
SOME(vip)
APPROX_COUNT_DISTINCT(zip)
COVAR_POP(age, cost)
CORR(age, cost)
REGR_SLOPE(age, cost)
SUM(DISTINCT cost)
AVG(DISTINCT cost)
COUNT(DISTINCT zip, vip)
COUNT(zip, vip)
COUNT(*) FILTER (WHERE vip)
SUM(cost) FILTER (WHERE email = 'bob@x')
PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY cost)
PERCENTILE_CONT(age) WITHIN GROUP (ORDER BY cost)
PERCENTILE_CONT(1.5) WITHIN GROUP (ORDER BY cost)
PERCENTILE_CONT(-1) WITHIN GROUP (ORDER BY cost)
PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY cost, age)
PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY SUM(cost))
LISTAGG(notes) WITHIN GROUP (ORDER BY cost)
SUM(SUM(cost))
SUM(COUNT(*))
MEDIAN(MEDIAN(cost))
SUM(*)
AVG(*)
SUM(cost) OVER ()
COUNT(*) OVER (PARTITION BY email)
-- expect: refused each aggregates
SELECT @ FROM hospital.patients
-- expect: refused each aggregates
SELECT SUM(n) FROM (SELECT email, AVG(x) AS n FROM (SELECT email, @ AS x FROM hospital.patients) x GROUP BY email) y

Error gadgets, which fail or not by what a row holds, once and so that common parts matter.
-- list: numbers
1 / (age - 42)
1 / (big - 42) + 1 / (big - 42)
age / 0
(1 / (cost - cost)) * (1 / (cost - cost))
1e308 * score * 1e308
1e308 * 1e308 * big
big * big
big * big * big * big * big
big + 9223372036854775807
- big
-(-(big))
ABS(big)
ABS(big) + ABS(big)
big - big - big - big
cost * cost * cost * cost
99999999999999999999999999999999999999 * big
0.00000000000000000000000000000000000001 * big
CAST(notes AS INTEGER)
CAST(notes AS INTEGER) + CAST(notes AS INTEGER)
CAST(notes AS DOUBLE)
CAST(notes AS DECIMAL(3,2))
CAST(big AS DECIMAL(2,0))
CAST(score AS INTEGER)
CAST(score AS INTEGER) * CAST(score AS INTEGER)
CAST(score AS DECIMAL(38,10))
CAST(CAST(score AS VARCHAR) AS INTEGER)
CAST(CAST(big AS DOUBLE) AS INTEGER)
CAST(CAST(cost AS DECIMAL(3,1)) AS INTEGER)
FLOOR(score)
FLOOR(score) + FLOOR(score)
CEIL(cost * cost)
CAST(CEIL(score * 1e300) AS INTEGER)
YEAR(born)
YEAR(CAST(notes AS DATE))
YEAR(CAST(notes AS DATE)) + YEAR(CAST(notes AS DATE))
MONTH(CAST(CAST(seen AS VARCHAR) AS TIMESTAMP))
EXTRACT(DAY FROM CAST(notes AS TIMESTAMP))
YEAR(FLOOR(born TO WEEK))
YEAR(FLOOR(seen TO QUARTER))
YEAR(FLOOR(FLOOR(born TO WEEK) TO YEAR))
LEAST(score, 1 / (age - 42), CAST(notes AS DOUBLE))
GREATEST(big, CAST(notes AS INTEGER), -big)
GREATEST(score, score / score)
LEAST(big, NULL)
NULLIF(big, 42) / NULLIF(age, 42)
COALESCE(1 / (age - 42), CAST(notes AS DOUBLE), score)
CASE WHEN age = 42 THEN 1 / (age - 42) ELSE 1 END
CASE WHEN notes = 'KANARI' THEN CAST(notes AS INTEGER) ELSE 1 END
CASE WHEN 1 / (age - 42) > 0 THEN 1 END
CASE WHEN 1 / (age - 42) > 0 AND 1 / (age - 42) < 9 THEN 1 / (age - 42) END
CASE WHEN zip = 'KANARI' THEN big * big * big ELSE 0 END
score * 0
score - score
score / score
(score + 1e308) * (score + 1e308)
CAST(SUBSTRING(notes FROM 1 FOR 1000000) AS INTEGER)
CAST(TRIM(notes) AS DECIMAL(38,38))
CAST(vip AS INTEGER)
-- expect: harmless* each numbers
SELECT COUNT(@), COUNT(*) FROM hospital.patients
-- expect: harmless* each numbers
SELECT COUNT(*) FROM hospital.patients WHERE @ > 0 AND (@) < 100
-- expect: harmless* each numbers
SELECT @, COUNT(*) FROM hospital.patients GROUP BY @
-- expect: harmless* each numbers
SELECT SUM(LEAST(GREATEST(@, 0), 9)), AVG(CASE WHEN (@) < 3 THEN 3 WHEN (@) > 5 THEN 5 ELSE (@) END) FROM hospital.patients
-- expect: harmless* each numbers
SELECT COUNT(DISTINCT @), MEDIAN(LEAST(GREATEST(@, 0), 9)), VARIANCE(LEAST(GREATEST(@, 0), 9)) FROM hospital.patients
-- expect: harmless* each numbers
SELECT COUNT(*) FROM hospital.patients p LEFT JOIN hospital.stays s ON p.email = s.email AND @ > s.days AND (@) <> 3
-- expect: harmless* each numbers
SELECT s.ward, COUNT(*) FROM hospital.stays s WHERE NOT EXISTS (SELECT 1 FROM hospital.patients p WHERE p.email = s.email AND @ > s.days) GROUP BY s.ward
-- expect: harmless* each numbers
SELECT s.ward, COUNT(*) FROM hospital.stays s JOIN research.codes c ON s.days > c.w WHERE EXISTS (SELECT 1 FROM hospital.patients p WHERE p.email = s.email AND @ > c.w) GROUP BY s.ward
-- expect: harmless* each numbers
SELECT n, COUNT(*), SUM(LEAST(GREATEST(m, 0), 5)) FROM (SELECT email, COUNT(DISTINCT @) AS n, MIN(@) AS a, MAX(@) AS b, SUM(@) AS m FROM hospital.patients GROUP BY email HAVING SUM(@) > -1e30 OR AVG(@) IS NULL) x WHERE a <= b GROUP BY n
-- expect: harmless* each numbers
SELECT k, COUNT(*) FROM (SELECT email, @ AS k FROM hospital.patients UNION SELECT email, days FROM hospital.stays) x GROUP BY k

Arithmetic over what is released.
-- list: released
COUNT(*) / 0
COUNT(*) / (COUNT(*) - COUNT(*))
SUM(cost) / (AVG(cost) - AVG(cost))
COUNT(*) * COUNT(*) * COUNT(*) * COUNT(*) * COUNT(*) * COUNT(*) * COUNT(*) * COUNT(*)
CAST(COUNT(*) AS DECIMAL(1,0))
CAST(CAST(COUNT(*) AS VARCHAR) AS DATE)
CAST(AVG(score) AS INTEGER)
CASE WHEN COUNT(*) > 42 THEN 1 / 0 ELSE SUM(cost) END
CASE WHEN SUM(cost) > COUNT(*) THEN 'a' ELSE CAST(STDDEV(cost) AS VARCHAR) END
GREATEST(COUNT(*), SUM(cost), NULL)
LEAST(MEDIAN(cost), AVG(cost) / 0)
NULLIF(COUNT(*), COUNT(*))
COALESCE(1 / NULLIF(COUNT(*), COUNT(*)), 3)
FLOOR(SUM(cost) / COUNT(*))
ABS(- COUNT(*))
1e308 * SUM(cost) * 1e308
COUNT(*) = 40
VARIANCE(age) - STDDEV(age) * STDDEV(age)
PERCENTILE_CONT(0) WITHIN GROUP (ORDER BY cost) - PERCENTILE_CONT(1) WITHIN GROUP (ORDER BY cost)
-- expect: harmless* each released
SELECT zip, @ AS x FROM hospital.patients GROUP BY zip HAVING @ IS NOT NULL ORDER BY @ DESC LIMIT 3
-- expect: harmless* each released
SELECT CASE WHEN @ IS NULL THEN zip ELSE 'x' END FROM hospital.patients GROUP BY zip ORDER BY @ OFFSET 1 ROW

Spoofed units.
-- list: spoofs
SELECT zip AS email FROM hospital.patients
SELECT zip AS email, email AS zip FROM hospital.patients
SELECT LOWER(email) AS email FROM hospital.patients
SELECT TRIM(email) AS email FROM hospital.patients
SELECT SUBSTRING(email, 1, 3) AS email FROM hospital.patients
SELECT COALESCE(email, zip) AS email FROM hospital.patients
SELECT COALESCE(zip, email) AS email FROM hospital.patients
SELECT NULLIF(email, zip) AS email FROM hospital.patients
SELECT CASE WHEN vip THEN email ELSE zip END AS email FROM hospital.patients
SELECT CASE WHEN vip THEN email END AS email FROM hospital.patients
SELECT GREATEST(email, zip) AS email FROM hospital.patients
SELECT LEAST(email, email) AS email FROM hospital.patients
SELECT CAST(age AS VARCHAR) AS email FROM hospital.patients
SELECT 'bob@x' AS email FROM hospital.patients
SELECT NULL AS email FROM hospital.patients
SELECT code AS email FROM research.codes
SELECT c.code AS email FROM hospital.patients p JOIN research.codes c ON p.code = c.code
SELECT s.email FROM hospital.patients p LEFT JOIN hospital.stays s ON p.email = s.email
SELECT p.email FROM hospital.patients p RIGHT JOIN hospital.stays s ON p.email = s.email
SELECT p.email FROM hospital.patients p FULL JOIN hospital.stays s ON p.email = s.email
SELECT s.ward AS email FROM hospital.patients p LEFT JOIN hospital.stays s ON p.email = s.email
SELECT email FROM hospital.patients UNION ALL SELECT code FROM research.codes
SELECT email FROM hospital.patients UNION ALL SELECT zip FROM hospital.patients
SELECT email FROM hospital.patients UNION SELECT zip FROM hospital.patients
SELECT zip AS email FROM hospital.patients GROUP BY zip
SELECT MIN(email) AS email FROM hospital.patients GROUP BY zip
SELECT MAX(email) AS email FROM hospital.patients
SELECT DISTINCT zip AS email FROM hospital.patients
SELECT MIN(zip) AS email FROM hospital.patients GROUP BY email
SELECT LOWER(email) AS email FROM hospital.patients GROUP BY email, LOWER(email)
-- expect: refused each spoofs
SELECT COUNT(*), COUNT(DISTINCT x.email) FROM (@) x JOIN hospital.stays s ON x.email = s.email
-- expect: refused each spoofs
SELECT COUNT(*) FROM hospital.stays s LEFT JOIN (@) x ON x.email = s.email
-- expect: refused each spoofs
SELECT COUNT(*) FROM hospital.stays s WHERE s.email IN (@)
-- expect: refused each spoofs
SELECT n, COUNT(*) FROM (SELECT email, COUNT(*) AS n FROM (@) x GROUP BY email) y GROUP BY n
-- expect: harmless
SELECT COUNT(*), COUNT(DISTINCT x.email) FROM (SELECT COALESCE(p.email, s.email) AS email FROM hospital.patients p FULL JOIN hospital.stays s ON p.email = s.email) x
-- expect: harmless
SELECT COUNT(*) FROM (SELECT zip AS email, email AS zip FROM hospital.patients) x JOIN hospital.stays s ON x.zip = s.email
-- expect: harmless
SELECT COUNT(*) FROM (SELECT CAST(email AS VARCHAR(3)) AS email FROM hospital.patients) x JOIN hospital.stays s ON x.email = s.email
-- expect: harmless
SELECT n, COUNT(*) FROM (SELECT email AS zip, COUNT(*) AS n FROM hospital.patients GROUP BY email) x GROUP BY n
-- expect: harmless
SELECT COUNT(*) FROM (SELECT email, email AS e FROM hospital.patients) x JOIN hospital.stays s ON x.e = s.email
-- expect: use
SELECT COUNT(*) FROM (SELECT email, MIN(email) AS e FROM hospital.patients GROUP BY email) x JOIN research.codes c ON x.e = c.code
-- expect: use
SELECT COUNT(*) FROM (SELECT email, MAX(LOWER(email)) AS e FROM hospital.patients GROUP BY email) x WHERE EXISTS (SELECT 1 FROM research.codes c WHERE x.e = c.code)
-- expect: use
SELECT COUNT(*) FROM (SELECT email, MIN(diagnosis) AS d FROM hospital.patients GROUP BY email) x JOIN research.panel c ON x.d = c.tag AND x.email = c.email
-- expect: use
SELECT COUNT(*) FROM (SELECT email, LOWER(email) AS e FROM hospital.patients GROUP BY email, LOWER(email)) x JOIN research.codes c ON x.e = c.code
-- expect: JOIN
SELECT COUNT(*) FROM hospital.patients p JOIN research.codes c ON p.email = c.code
-- expect: JOIN
SELECT COUNT(*) FROM hospital.patients p JOIN research.panel c ON p.email = c.tag
-- expect: JOIN
SELECT COUNT(*) FROM hospital.patients p JOIN hospital.patients q ON p.zip = q.zip
-- expect: JOIN
SELECT COUNT(*) FROM hospital.patients p JOIN hospital.patients q ON p.email <> q.email
-- expect: JOIN
SELECT COUNT(*) FROM hospital.patients p JOIN hospital.patients q ON p.email >= q.email AND p.email <= q.email
-- expect: JOIN
SELECT COUNT(*) FROM hospital.patients p JOIN hospital.stays s ON p.email = s.email OR 1 = 1
-- expect: JOIN
SELECT COUNT(*) FROM hospital.patients p JOIN hospital.stays s ON NOT (p.email <> s.email)
-- expect: JOIN
SELECT COUNT(*) FROM hospital.patients p JOIN hospital.stays s ON COALESCE(p.email, 'x') = s.email
-- expect: JOIN
SELECT COUNT(*) FROM hospital.patients p JOIN research.codes c ON p.code = c.code JOIN hospital.stays s ON s.ward = c.code
-- expect: JOIN
SELECT COUNT(*) FROM research.codes c LEFT JOIN hospital.patients p ON p.code = c.code
-- expect: JOIN
SELECT c.chapter, COUNT(*) FROM hospital.patients p RIGHT JOIN research.codes c ON p.code = c.code GROUP BY c.chapter
-- expect: JOIN
SELECT c.chapter, COUNT(*) FROM hospital.patients p FULL JOIN research.codes c ON p.code = c.code GROUP BY c.chapter
-- expect: JOIN
SELECT COUNT(*) FROM research.codes c WHERE EXISTS (SELECT 1 FROM hospital.patients p WHERE p.code = c.code)
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM research.codes c WHERE c.code NOT IN (SELECT code FROM hospital.patients)
-- expect: JOIN
SELECT chapter, COUNT(*) FROM research.codes GROUP BY chapter

Memberships over another's data.
-- expect: JOIN
SELECT COUNT(*) FROM hospital.patients p WHERE EXISTS (SELECT 1 FROM hospital.stays s WHERE s.ward = 'KANARI')
-- expect: JOIN
SELECT COUNT(*) FROM hospital.patients p WHERE EXISTS (SELECT 1 FROM hospital.stays)
-- expect: JOIN
SELECT COUNT(*) FROM hospital.patients p WHERE NOT EXISTS (SELECT 1 FROM hospital.stays s WHERE s.days = p.age)
-- expect: JOIN
SELECT COUNT(*) FROM hospital.patients p WHERE p.zip IN (SELECT ward FROM hospital.stays)
-- expect: JOIN
SELECT COUNT(*) FROM hospital.patients p WHERE (p.zip, p.age) IN (SELECT ward, days FROM hospital.stays)
-- expect: JOIN
SELECT COUNT(*) FROM hospital.patients p WHERE EXISTS (SELECT 1 FROM hospital.stays s JOIN insurer.claims c ON s.email = c.email WHERE s.ward = p.zip)
-- expect: JOIN
SELECT COUNT(*) FROM hospital.patients p WHERE EXISTS (SELECT 1 FROM hospital.stays s, insurer.claims c WHERE s.email = p.email)
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients p WHERE p.age NOT IN (SELECT days FROM hospital.stays WHERE email = p.email)
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients p WHERE EXISTS (SELECT 1 FROM hospital.stays s WHERE s.email = p.email) OR p.vip
-- expect: UNSUPPORTED
SELECT COUNT(CASE WHEN EXISTS (SELECT 1 FROM hospital.stays s WHERE s.email = p.email) THEN 1 END) FROM hospital.patients p
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients p HAVING EXISTS (SELECT 1 FROM hospital.stays)
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients p WHERE p.age > (SELECT AVG(age) FROM hospital.patients)
-- expect: FUNCTION
SELECT COUNT(*) FROM hospital.patients p WHERE p.age > ANY (SELECT age FROM hospital.patients)
-- expect: FUNCTION
SELECT COUNT(*) FROM hospital.patients p WHERE p.age = ALL (SELECT age FROM hospital.patients)
-- expect: UNSUPPORTED
SELECT (SELECT COUNT(*) FROM hospital.stays), COUNT(*) FROM hospital.patients
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients GROUP BY (SELECT MAX(cost) FROM hospital.patients)
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients p JOIN hospital.stays s ON p.email = s.email AND EXISTS (SELECT 1 FROM insurer.claims)
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients p WHERE EXISTS (SELECT 1 FROM hospital.stays s WHERE s.email = p.email AND EXISTS (SELECT 1 FROM insurer.claims c WHERE c.email = p.email))
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients p WHERE EXISTS (SELECT email FROM hospital.stays s WHERE s.email = p.email GROUP BY email HAVING COUNT(*) > 2)
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients p WHERE EXISTS (SELECT s.email, COUNT(*) FROM hospital.stays s WHERE s.email = p.email AND s.days > p.age GROUP BY s.email)
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients p WHERE EXISTS (SELECT DISTINCT email FROM hospital.stays s WHERE s.email = p.email)
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients p WHERE EXISTS (SELECT COUNT(*) FROM hospital.stays s WHERE s.email = p.email)
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients p WHERE NOT EXISTS (SELECT 1 FROM (SELECT email FROM hospital.stays s WHERE s.ward = p.zip UNION SELECT email FROM insurer.claims) x WHERE x.email = p.email)
-- list: memberships
EXISTS (SELECT 1 FROM hospital.stays s WHERE s.email = p.email AND s.ward = p.zip)
NOT EXISTS (SELECT 1 FROM hospital.stays s WHERE s.email = p.email AND s.ward = p.zip AND s.days > p.age)
NOT EXISTS (SELECT 1 FROM hospital.stays s, insurer.claims c WHERE s.email = p.email AND c.email = s.email AND c.amount > p.cost)
p.email IN (SELECT email FROM hospital.stays WHERE ward = 'KANARI')
p.email NOT IN (SELECT email FROM insurer.claims WHERE code = 'KANARI')
NOT (p.email NOT IN (SELECT email FROM insurer.claims))
(p.email, p.code) IN (SELECT email, code FROM insurer.claims)
p.code IN (SELECT code FROM research.codes WHERE chapter = 'A')
NOT EXISTS (SELECT 1 FROM research.codes c WHERE c.code = p.code AND c.w > p.age)
NOT EXISTS (SELECT 1 FROM research.codes c, hospital.stays s WHERE s.email = p.email AND c.code = s.ward AND c.w > p.age)
NOT EXISTS (SELECT 1 FROM hospital.patients q WHERE q.email = p.email AND q.cost > p.cost)
EXISTS (SELECT 1 FROM research.codes)
p.email IN (SELECT email FROM hospital.stays GROUP BY email HAVING COUNT(*) > 2 AND MAX(days) > 41)
p.email NOT IN (SELECT email FROM (SELECT email, SUM(days) AS d FROM hospital.stays GROUP BY email) x WHERE d > 99)
p.email NOT IN (SELECT email FROM hospital.stays UNION SELECT email FROM insurer.claims)
p.email NOT IN (SELECT email FROM hospital.stays UNION ALL SELECT email FROM insurer.claims WHERE tries > 3)
-- expect: harmless each memberships
SELECT zip, COUNT(*), SUM(cost), COUNT(DISTINCT p.code) FROM hospital.patients p WHERE @ GROUP BY zip
-- expect: harmless each memberships
SELECT zip, COUNT(*) FROM (SELECT p.email, p.zip FROM hospital.patients p UNION ALL SELECT p.email, p.notes FROM hospital.patients p WHERE @) x GROUP BY zip
-- expect: harmless each memberships
SELECT n, COUNT(*) FROM (SELECT email, COUNT(*) AS n FROM (SELECT p.email FROM hospital.patients p WHERE @ UNION ALL SELECT p.email FROM hospital.patients p) x GROUP BY email) y GROUP BY n
-- expect: harmless each memberships
SELECT w.tag, COUNT(*), COUNT(DISTINCT p.email) FROM research.panel w LEFT JOIN (SELECT email, MAX(zip) AS z, COUNT(*) AS n FROM hospital.patients p WHERE @ GROUP BY email) p ON p.email = w.email AND p.n > w.w GROUP BY w.tag

Fan-out, outer joins, tables per unit.
-- list: rows
hospital.patients p JOIN hospital.stays s ON p.email = s.email JOIN insurer.claims c ON c.email = s.email
hospital.patients p JOIN hospital.patients s0 ON p.email = s0.email JOIN hospital.stays s ON p.email = s.email
hospital.patients p LEFT JOIN hospital.stays s ON p.email = s.email AND s.ward = 'KANARI'
hospital.patients p LEFT JOIN hospital.stays s ON p.email = s.email AND s.days > p.age
hospital.patients p LEFT JOIN hospital.stays s ON p.email = s.email LEFT JOIN insurer.claims c ON c.email = p.email
hospital.patients p LEFT JOIN hospital.patients s0 ON p.email = s0.email AND s0.zip = 'KANARI'
hospital.stays s RIGHT JOIN hospital.patients p ON p.email = s.email
hospital.patients p LEFT JOIN (SELECT email, COUNT(*) AS n, 'yes' AS label FROM hospital.stays GROUP BY email HAVING COUNT(*) > 3) s ON s.email = p.email
hospital.patients p JOIN (SELECT DISTINCT email, ward FROM hospital.stays) s ON s.email = p.email
hospital.patients p JOIN (SELECT email FROM hospital.stays UNION SELECT email FROM insurer.claims) s ON s.email = p.email
hospital.patients p JOIN (SELECT email FROM hospital.stays UNION ALL SELECT email FROM insurer.claims) s ON s.email = p.email
hospital.patients p JOIN research.codes c ON p.code = c.code
hospital.patients p LEFT JOIN research.codes c ON p.code = c.code AND c.w > p.age
hospital.patients p, research.codes c
hospital.patients p, research.codes c, research.codes d
hospital.patients p JOIN research.codes c ON p.zip = c.code LEFT JOIN hospital.stays s ON s.email = p.email AND s.ward = c.code
hospital.patients p JOIN (SELECT s.email, c.chapter, COUNT(*) AS n FROM hospital.stays s JOIN research.codes c ON s.ward = c.code GROUP BY s.email, c.chapter) s ON s.email = p.email
-- expect: harmless each rows
SELECT COUNT(*), COUNT(DISTINCT p.email), SUM(p.cost), AVG(p.age), VARIANCE(p.cost), MEDIAN(p.cost), SUM(p.fees), COUNT(DISTINCT p.zip), COUNT(p.cost) FROM @
-- expect: harmless each rows
SELECT p.zip, COUNT(*), SUM(p.cost), STDDEV(p.score) FROM @ GROUP BY p.zip
-- expect: harmless each rows
SELECT CASE WHEN p.notes = 'KANARI' THEN p.zip WHEN p.vip THEN p.notes ELSE 'x' END, COUNT(*) FROM @ GROUP BY CASE WHEN p.notes = 'KANARI' THEN p.zip WHEN p.vip THEN p.notes ELSE 'x' END HAVING COUNT(*) > 0
-- expect: harmless each rows
SELECT n, z, COUNT(*), SUM(LEAST(n, 9)), AVG(s), SUM(f) FROM (SELECT p.email, MAX(p.zip) AS z, COUNT(*) AS n, SUM(p.cost) AS s, SUM(p.fees) AS f FROM @ GROUP BY p.email HAVING COUNT(DISTINCT p.zip) > 1) x GROUP BY n, z
-- expect: harmless
SELECT COALESCE(p.zip, s.ward), COUNT(*), COUNT(DISTINCT COALESCE(p.email, s.email)), SUM(p.cost), SUM(s.days) FROM hospital.patients p FULL JOIN hospital.stays s ON p.email = s.email AND p.zip = s.ward GROUP BY COALESCE(p.zip, s.ward)
-- expect: harmless
SELECT c.kind, COUNT(*), SUM(c.amount), AVG(c.amount) FROM insurer.claims c LEFT JOIN hospital.stays s ON s.email = c.email GROUP BY c.kind
-- expect: harmless
SELECT c.kind, COUNT(*), SUM(c.amount) FROM hospital.stays s LEFT JOIN insurer.claims c ON s.email = c.email GROUP BY c.kind
-- expect: harmless
SELECT k, SUM(a), COUNT(a) FROM (SELECT email, code AS k, amount AS a FROM insurer.claims UNION ALL SELECT email, ward, days FROM hospital.stays UNION ALL SELECT email, zip, cost FROM hospital.patients) x GROUP BY k
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients p LEFT JOIN (hospital.stays s JOIN insurer.claims c ON s.email = c.email) ON p.email = s.email
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients p LEFT JOIN hospital.stays s ON p.email = s.email LEFT JOIN insurer.claims c ON c.email = p.email AND c.code = s.ward
-- expect: UNSUPPORTED
SELECT COUNT(*) FROM hospital.patients p LEFT JOIN (SELECT email FROM hospital.stays UNION ALL SELECT email FROM insurer.claims) s ON p.email = s.email
-- expect: JOIN
SELECT COUNT(*) FROM hospital.patients p LEFT JOIN hospital.stays s ON p.email = s.email JOIN insurer.claims c ON c.email = s.email

What columns are not lent for.
-- expect: use
SELECT diagnosis, COUNT(*) FROM hospital.patients GROUP BY diagnosis
-- expect: use
SELECT COUNT(*) FROM hospital.patients WHERE diagnosis = 'flu'
-- expect: use
SELECT COUNT(diagnosis) FROM hospital.patients
-- expect: use
SELECT COUNT(DISTINCT diagnosis) FROM hospital.patients
-- expect: use
SELECT COUNT(*) FROM hospital.patients GROUP BY CASE WHEN diagnosis = 'flu' THEN 1 END
-- expect: harmless
SELECT COUNT(*) FROM hospital.patients WHERE COALESCE(diagnosis, 'x') IS NOT NULL
-- expect: use
SELECT COUNT(*) FROM hospital.patients WHERE COALESCE(diagnosis, 'x') = 'x'
-- expect: use
SELECT COUNT(*) FROM hospital.patients p JOIN insurer.claims c ON p.email = c.email AND p.diagnosis = c.code
-- expect: use
SELECT COUNT(*) FROM hospital.patients p JOIN research.codes c ON p.diagnosis = c.code
-- expect: use
SELECT COUNT(*) FROM hospital.patients p WHERE p.diagnosis IN (SELECT code FROM research.codes)
-- expect: use
SELECT COUNT(*) FROM hospital.stays s WHERE EXISTS (SELECT 1 FROM hospital.patients p WHERE p.email = s.email AND p.diagnosis LIKE 'f%')
-- expect: use
SELECT n, COUNT(*) FROM (SELECT email, COUNT(diagnosis) AS n FROM hospital.patients GROUP BY email) x GROUP BY n
-- expect: use
SELECT COUNT(*) FROM (SELECT email FROM hospital.patients GROUP BY email HAVING MAX(diagnosis) = 'flu') x
-- expect: use
SELECT m, COUNT(*) FROM (SELECT email, MIN(diagnosis) AS m FROM hospital.patients GROUP BY email) x GROUP BY m
-- expect: use
SELECT COUNT(*) FROM (SELECT DISTINCT email, diagnosis FROM hospital.patients) x
-- expect: use
SELECT COUNT(*) FROM (SELECT email, diagnosis FROM hospital.patients UNION SELECT email, ward FROM hospital.stays) x
-- expect: use
SELECT COUNT(*) FROM (SELECT email, LOWER(diagnosis) AS d FROM hospital.patients UNION ALL SELECT email, ward FROM hospital.stays) x WHERE d IS NULL
-- expect: use
SELECT COUNT(*) FROM hospital.patients WHERE email = 'bob@x'
-- expect: use
SELECT COUNT(*) FROM hospital.patients WHERE email <> 'bob@x'
-- expect: use
SELECT COUNT(*) FROM hospital.patients WHERE email LIKE 'bob%'
-- expect: use
SELECT COUNT(*) FROM hospital.patients WHERE email IN ('bob@x')
-- expect: use
SELECT COUNT(*) FROM hospital.patients WHERE email BETWEEN 'a' AND 'bz'
-- expect: use
SELECT email, COUNT(*) FROM hospital.patients GROUP BY email
-- expect: use
SELECT SUBSTRING(email, 1, 1), COUNT(*) FROM hospital.patients GROUP BY SUBSTRING(email, 1, 1)
-- expect: use
SELECT SUM(CASE WHEN email = 'bob@x' THEN cost END) FROM hospital.patients
-- expect: use
SELECT COUNT(CAST(email AS INTEGER)) FROM hospital.patients
-- expect: use
SELECT COUNT(NULLIF(email, 'bob@x')) FROM hospital.patients
-- expect: use
SELECT COUNT(DISTINCT LOWER(email)) FROM hospital.patients
-- expect: use
SELECT COUNT(*) FROM hospital.patients p JOIN hospital.stays s ON p.email = s.email AND p.email = 'bob@x'
-- expect: use
SELECT COUNT(*) FROM hospital.patients p LEFT JOIN hospital.stays s ON p.email = s.email AND s.email > 'b'
-- expect: use
SELECT COUNT(*) FROM hospital.patients p LEFT JOIN hospital.stays s ON p.email = s.email WHERE s.email = 'bob@x'
-- expect: use
SELECT COUNT(*) FROM hospital.patients p WHERE EXISTS (SELECT 1 FROM hospital.stays s WHERE s.email = p.email AND s.email = 'bob@x')
-- expect: use
SELECT COUNT(*) FROM hospital.patients p WHERE 'bob@x' IN (SELECT email FROM hospital.stays s WHERE s.email = p.email)
-- expect: use
SELECT COUNT(*) FROM (SELECT email FROM hospital.patients GROUP BY email HAVING email = 'bob@x') x
-- expect: use
SELECT COUNT(*) FROM (SELECT email, MAX(email) AS m FROM hospital.patients GROUP BY email) x WHERE m = 'bob@x'
-- expect: use
SELECT COUNT(*) FROM hospital.patients WHERE fees > 3
-- expect: use
SELECT fees, COUNT(*) FROM hospital.patients GROUP BY fees
-- expect: use
SELECT AVG(fees) FROM hospital.patients
-- expect: use
SELECT amount, COUNT(*) FROM insurer.claims GROUP BY amount
-- expect: use
SELECT f, COUNT(*) FROM (SELECT email, SUM(fees) AS f FROM hospital.patients GROUP BY email) x GROUP BY f
-- expect: use
SELECT COUNT(*) FROM (SELECT email, SUM(fees) AS f FROM hospital.patients GROUP BY email HAVING SUM(fees) > 9) x
-- expect: use
SELECT SUM(CASE WHEN fees = 3 THEN 1 ELSE 0 END) FROM hospital.patients
-- expect: UNBOUNDED
SELECT SUM(n) FROM (SELECT email, COUNT(*) AS n FROM hospital.patients GROUP BY email) x
