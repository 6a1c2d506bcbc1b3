"""The questions to PostgreSQL's catalogues. Each returns statements, one a row.

They are asked with ``search_path = pg_catalog``, so everything else comes out qualified.
"""

SEQUENCES = """
SELECT format('CREATE SEQUENCE %%s AS %%s INCREMENT %%s MINVALUE %%s MAXVALUE %%s START %%s'
              ' CACHE %%s%%s',
              c.oid::regclass, format_type(s.seqtypid, NULL), s.seqincrement, s.seqmin, s.seqmax,
              s.seqstart, s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END)
FROM pg_class c JOIN pg_sequence s ON s.seqrelid = c.oid
WHERE c.relnamespace = %(schema)s::regnamespace
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid
                  AND d.classid = 'pg_class'::regclass AND d.deptype = 'i')
ORDER BY c.relname
"""

_FUNCTIONS = """
SELECT pg_get_functiondef(p.oid) FROM pg_proc p
WHERE p.pronamespace = %(schema)s::regnamespace AND {when} (
  p.prosqlbody IS NOT NULL
  OR EXISTS (SELECT FROM pg_type t
             WHERE t.oid = ANY (p.proargtypes::oid[] || p.prorettype
                                || coalesce(p.proallargtypes, '{{}}'))
               AND (t.typrelid <> 0 OR (t.typelem <> 0 AND EXISTS
                    (SELECT FROM pg_type e WHERE e.oid = t.typelem AND e.typrelid <> 0)))))
ORDER BY p.proname, pg_get_function_identity_arguments(p.oid)
"""
FUNCTIONS_BEFORE_TABLES = _FUNCTIONS.format(when="NOT")
FUNCTIONS_AFTER_TABLES = _FUNCTIONS.format(when="")

_COLUMN = """
format('%%I %%s', a.attname, format_type(a.atttypid, a.atttypmod))
|| CASE WHEN a.attcollation <> t.typcollation THEN ' COLLATE ' || a.attcollation::regcollation
        ELSE '' END
|| CASE a.attidentity
     WHEN '' THEN ''
     ELSE (SELECT format(' GENERATED %%s AS IDENTITY (SEQUENCE NAME %%s START %%s INCREMENT %%s'
                         ' MINVALUE %%s MAXVALUE %%s CACHE %%s%%s)',
                  CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END,
                  s.seqrelid::regclass, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache,
                  CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END)
           FROM pg_depend d JOIN pg_sequence s ON s.seqrelid = d.objid
           WHERE d.classid = 'pg_class'::regclass AND d.refobjid = a.attrelid
             AND d.refobjsubid = a.attnum AND d.deptype = 'i')
   END
|| CASE a.attgenerated
     WHEN '' THEN coalesce(' DEFAULT ' || pg_get_expr(f.adbin, f.adrelid), '')
     ELSE format(' GENERATED ALWAYS AS (%%s) %%s', pg_get_expr(f.adbin, f.adrelid),
                 CASE a.attgenerated WHEN 's' THEN 'STORED' ELSE 'VIRTUAL' END)
   END
|| CASE WHEN a.attnotnull THEN coalesce(
     (SELECT format(' CONSTRAINT %%I', n.conname) FROM pg_constraint n
      WHERE n.conrelid = a.attrelid AND n.contype = 'n' AND n.conkey[1] = a.attnum), '')
     || ' NOT NULL' ELSE '' END
"""

TABLES = f"""
SELECT format('CREATE %%sTABLE %%s (%%s)%%s',
              CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END, c.oid::regclass,
              array_to_string(ARRAY(
                SELECT {_COLUMN}
                FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
                LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                ORDER BY a.attnum
              ) || ARRAY(
                SELECT format('CONSTRAINT %%I %%s', k.conname, pg_get_constraintdef(k.oid))
                FROM pg_constraint k
                WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'c', 'x')
                ORDER BY k.contype = 'c', k.conindid, k.conname
              ), ', '),
              coalesce(' WITH (' || array_to_string(c.reloptions, ', ') || ')', ''))
FROM pg_class c
WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind = 'r'
ORDER BY c.relname
"""

COLUMN_STORAGE = """
SELECT format('ALTER TABLE %%s ALTER %%I %%s', a.attrelid::regclass, a.attname, change)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
CROSS JOIN LATERAL (VALUES
  (CASE WHEN a.attstorage <> t.typstorage THEN 'SET STORAGE ' || CASE a.attstorage
     WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'x' THEN 'EXTENDED' ELSE 'MAIN' END END),
  (CASE a.attcompression WHEN 'p' THEN 'SET COMPRESSION pglz' WHEN 'l' THEN 'SET COMPRESSION lz4'
     END),
  (CASE WHEN a.attstattarget >= 0 THEN 'SET STATISTICS ' || a.attstattarget END),
  ('SET (' || array_to_string(a.attoptions, ', ') || ')')) changes(change)
WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind = 'r' AND a.attnum > 0
  AND NOT a.attisdropped AND change IS NOT NULL
ORDER BY c.relname, a.attnum, change
"""

OWNED_SEQUENCES = """
SELECT format('ALTER SEQUENCE %%s OWNED BY %%s.%%I', d.objid::regclass, d.refobjid::regclass,
              a.attname)
FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S'
JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE c.relnamespace = %(schema)s::regnamespace AND d.deptype = 'a'
  AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
ORDER BY c.relname
"""

INDEXES = """
SELECT pg_get_indexdef(i.indexrelid)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relnamespace = %(schema)s::regnamespace
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid
                  AND k.contype IN ('p', 'u', 'x'))
  AND EXISTS (SELECT FROM pg_class t WHERE t.oid = i.indrelid AND t.relkind = 'r')
ORDER BY i.indrelid::regclass::text, c.relname
"""

INDEX_OPTIONS = """
SELECT format('ALTER INDEX %%s SET (%%s)', c.oid::regclass, array_to_string(c.reloptions, ', '))
FROM pg_class c JOIN pg_constraint k ON k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')
WHERE c.relnamespace = %(schema)s::regnamespace AND c.reloptions IS NOT NULL
ORDER BY c.relname
"""

FOREIGN_KEYS = """
SELECT format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', k.conrelid::regclass, k.conname,
              pg_get_constraintdef(k.oid))
FROM pg_constraint k
WHERE k.connamespace = %(schema)s::regnamespace AND k.contype = 'f'
ORDER BY k.conrelid::regclass::text, k.conname
"""

VIEWS = """
SELECT format('CREATE VIEW %%s%%s AS %%s', c.oid::regclass,
              coalesce(' WITH (' || array_to_string(c.reloptions, ', ') || ')', ''),
              rtrim(pg_get_viewdef(c.oid), '; '))
FROM pg_class c WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind = 'v'
ORDER BY c.oid
"""

TRIGGERS = """
SELECT statement FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
CROSS JOIN LATERAL (VALUES
  (1, pg_get_triggerdef(g.oid)),
  (2, CASE g.tgenabled WHEN 'O' THEN NULL ELSE format('ALTER TABLE %%s %%s TRIGGER %%I',
        g.tgrelid::regclass, CASE g.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'A' THEN 'ENABLE ALWAYS'
        ELSE 'ENABLE REPLICA' END, g.tgname) END)) both_of(step, statement)
WHERE c.relnamespace = %(schema)s::regnamespace AND NOT g.tgisinternal
ORDER BY c.relname, g.tgname, step
"""

STATISTICS = """
SELECT pg_get_statisticsobjdef(s.oid) FROM pg_statistic_ext s
WHERE s.stxnamespace = %(schema)s::regnamespace ORDER BY s.stxname
"""

_OBJECTS = """
SELECT 'pg_class'::regclass classid, oid FROM pg_class WHERE relnamespace = %(schema)s::regnamespace
UNION ALL SELECT 'pg_proc'::regclass, oid FROM pg_proc WHERE pronamespace = %(schema)s::regnamespace
UNION ALL SELECT 'pg_constraint'::regclass, oid FROM pg_constraint
  WHERE connamespace = %(schema)s::regnamespace AND conrelid <> 0
UNION ALL SELECT 'pg_trigger'::regclass, g.oid
  FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
  WHERE c.relnamespace = %(schema)s::regnamespace AND NOT g.tgisinternal
UNION ALL SELECT 'pg_namespace'::regclass, %(schema)s::regnamespace::oid
"""

COMMENTS = f"""
SELECT format('COMMENT ON %%s %%s IS %%L',
              CASE named.type WHEN 'table column' THEN 'COLUMN' WHEN 'view column' THEN 'COLUMN'
                WHEN 'table constraint' THEN 'CONSTRAINT' ELSE upper(named.type) END,
              named.identity, d.description)
FROM ({_OBJECTS}) o JOIN pg_description d ON d.objoid = o.oid AND d.classoid = o.classid
CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) named
ORDER BY named.type, named.identity
"""

PRIVILEGES = """
WITH granted AS (
  SELECT format('%%s %%s', CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
                oid::regclass) thing, relacl acl, relowner owner
  FROM pg_class WHERE relnamespace = %(schema)s::regnamespace AND relacl IS NOT NULL
  UNION ALL
  SELECT format('ROUTINE %%s', oid::regprocedure), proacl, proowner
  FROM pg_proc WHERE pronamespace = %(schema)s::regnamespace AND proacl IS NOT NULL
  UNION ALL
  SELECT format('SCHEMA %%I', nspname), nspacl, nspowner
  FROM pg_namespace WHERE oid = %(schema)s::regnamespace AND nspacl IS NOT NULL
)
SELECT statement FROM granted CROSS JOIN LATERAL (
  SELECT 1 step, format('REVOKE ALL ON %%s FROM PUBLIC, CURRENT_USER', thing) statement
  UNION ALL
  SELECT 2, format('GRANT %%s ON %%s TO %%s%%s', a.privilege_type, thing,
         CASE a.grantee WHEN 0 THEN 'PUBLIC' WHEN owner THEN 'CURRENT_USER'
           ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
         CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
  FROM aclexplode(acl) a
) statements ORDER BY thing, step, statement
"""

#: In the order in which they can be carried out.
IN_ORDER = (
    SEQUENCES,
    FUNCTIONS_BEFORE_TABLES,
    TABLES,
    COLUMN_STORAGE,
    OWNED_SEQUENCES,
    FUNCTIONS_AFTER_TABLES,
    INDEXES,
    INDEX_OPTIONS,
    FOREIGN_KEYS,
    VIEWS,
    TRIGGERS,
    STATISTICS,
    COMMENTS,
    PRIVILEGES,
)

#: What a schema may hold that none of the questions above asks for.
UNKNOWN = """
SELECT format('%%s %%s', CASE relkind WHEN 'p' THEN 'partitioned table' WHEN 'm' THEN
         'materialized view' WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'composite type'
         ELSE 'relation' END, oid::regclass)
FROM pg_class WHERE relnamespace = %(schema)s::regnamespace AND (
  relkind NOT IN ('r', 'i', 'S', 'v', 't') OR relispartition OR relrowsecurity
  OR relreplident NOT IN ('d', 'n') OR (relkind IN ('r', 'i') AND reltablespace <> 0)
  OR (relkind = 'r' AND relhasrules) OR (relkind = 'r' AND relhassubclass))
UNION ALL
SELECT 'type ' || oid::regtype FROM pg_type
WHERE typnamespace = %(schema)s::regnamespace AND typtype IN ('d', 'e', 'r', 'm')
UNION ALL
SELECT 'aggregate or window function ' || oid::regprocedure FROM pg_proc
WHERE pronamespace = %(schema)s::regnamespace AND prokind IN ('a', 'w')
UNION ALL
SELECT format('constraint %%s on %%s', conname, conrelid::regclass) FROM pg_constraint
WHERE connamespace = %(schema)s::regnamespace AND NOT convalidated
UNION ALL
SELECT 'index ' || indexrelid::regclass FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relnamespace = %(schema)s::regnamespace AND (NOT i.indisvalid OR i.indisclustered)
UNION ALL
SELECT format('privileges on %%s.%%s', c.oid::regclass, a.attname)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = %(schema)s::regnamespace AND a.attacl IS NOT NULL
UNION ALL
SELECT 'operator ' || oid::regoperator FROM pg_operator
WHERE oprnamespace = %(schema)s::regnamespace
UNION ALL
SELECT 'collation ' || oid::regcollation FROM pg_collation
WHERE collnamespace = %(schema)s::regnamespace
UNION ALL
SELECT 'extension ' || extname FROM pg_extension WHERE extnamespace = %(schema)s::regnamespace
"""

#: Every table: its name, whether its rows say whose they are, the columns that can be copied, and
#: the sequences behind identity columns.
TABLES_AND_COLUMNS = """
SELECT c.oid::regclass::text,
       bool_or(a.attname = 'tenant'),
       string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
         FILTER (WHERE a.attgenerated = ''),
       (SELECT json_agg(json_build_array(pg_get_serial_sequence(c.oid::regclass::text, i.attname),
                                         quote_ident(i.attname)))
        FROM pg_attribute i WHERE i.attrelid = c.oid AND i.attidentity <> '')
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind = 'r'
GROUP BY c.oid ORDER BY c.relname
"""
