//! What is asked of the system catalog; the answers' columns are taken apart in `assembly.rs`.

/// One row a column, and one for a table without columns.
pub(super) const COLUMNS: &str = "\
SELECT c.relname, t.description, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,
    pg_catalog.pg_get_expr(d.adbin, d.adrelid), a.attidentity <> '', a.attgenerated <> '', k.description,
    EXISTS (SELECT FROM pg_catalog.pg_depend o JOIN pg_catalog.pg_class s ON s.oid = o.objid AND s.relkind = 'S'
        WHERE o.classid = 'pg_catalog.pg_class'::regclass AND o.refclassid = 'pg_catalog.pg_class'::regclass
            AND o.refobjid = c.oid AND o.refobjsubid = a.attnum AND o.deptype = 'a'),
    (SELECT pg_catalog.quote_ident(l.collname) FROM pg_catalog.pg_collation l WHERE l.oid = a.attcollation
        AND a.attcollation <> y.typcollation),
    pg_catalog.concat_ws(' ', CASE a.attidentity WHEN 'a' THEN 'GENERATED ALWAYS AS IDENTITY' END,
        CASE WHEN a.attstorage <> y.typstorage THEN 'STORAGE ' || a.attstorage::text END,
        CASE y.typtype WHEN 'e' THEN (SELECT 'of ' || pg_catalog.string_agg(pg_catalog.quote_literal(l.enumlabel), ', '
                ORDER BY l.enumsortorder) FROM pg_catalog.pg_enum l WHERE l.enumtypid = y.oid)
            WHEN 'd' THEN 'of ' || pg_catalog.concat_ws(' ', pg_catalog.format_type(y.typbasetype, y.typtypmod),
                CASE WHEN y.typnotnull THEN 'NOT NULL' END, 'DEFAULT ' || y.typdefault,
                (SELECT pg_catalog.string_agg(pg_catalog.pg_get_constraintdef(q.oid), ' ' ORDER BY q.conname)
                FROM pg_catalog.pg_constraint q WHERE q.contypid = y.oid)) END)
FROM pg_catalog.pg_class c
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
LEFT JOIN pg_catalog.pg_description t
    ON t.classoid = 'pg_catalog.pg_class'::regclass AND t.objoid = c.oid AND t.objsubid = 0
LEFT JOIN pg_catalog.pg_description k
    ON k.classoid = 'pg_catalog.pg_class'::regclass AND k.objoid = c.oid AND k.objsubid = a.attnum
WHERE c.relkind IN ('r', 'p', 'f')";
pub(super) const COLUMNS_ORDER: &str = "ORDER BY c.relname, a.attnum";

/// One row a column of a primary key, a foreign key or a check. An exclusion is told as a check.
pub(super) const KEYS: &str = "\
SELECT c.relname, k.contype::text, k.conname, a.attname,
    CASE WHEN r.relnamespace = c.relnamespace THEN r.relname ELSE k.confrelid::regclass::text END, ra.attname,
    k.confdeltype::text, k.confupdtype::text,
    CASE k.contype WHEN 'c' THEN pg_catalog.pg_get_expr(k.conbin, k.conrelid)
        WHEN 'x' THEN pg_catalog.pg_get_constraintdef(k.oid) END,
    CASE k.contype
        WHEN 'p' THEN pg_catalog.ltrim(pg_catalog.regexp_replace(
            pg_catalog.pg_get_constraintdef(k.oid), '^PRIMARY KEY [(].*?[)]', ''))
        WHEN 'x' THEN NULL ELSE pg_catalog.concat_ws(' ', CASE k.confmatchtype WHEN 'f' THEN 'MATCH FULL' END,
            CASE k.confdeltype WHEN 'r' THEN 'ON DELETE RESTRICT' END, CASE k.confupdtype WHEN 'r' THEN 'ON UPDATE RESTRICT' END,
            CASE WHEN k.condeferrable THEN 'DEFERRABLE' END, CASE WHEN k.condeferred THEN 'INITIALLY DEFERRED' END,
            CASE WHEN k.contype = 'c' AND k.connoinherit THEN 'NO INHERIT' END,
            CASE WHEN NOT k.convalidated THEN 'NOT VALID' END,
            CASE WHEN k.contype = 'f' AND EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgconstraint = k.oid
                AND t.tgrelid = k.conrelid AND t.tgenabled = 'D') THEN 'NOT ENFORCED' END) END
FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
LEFT JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS u (attnum, target, n) ON true
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum
LEFT JOIN pg_catalog.pg_class r ON r.oid = k.confrelid
LEFT JOIN pg_catalog.pg_attribute ra ON ra.attrelid = k.confrelid AND ra.attnum = u.target
WHERE k.contype IN ('p', 'f', 'c', 'x')";
pub(super) const KEYS_ORDER: &str = "ORDER BY c.relname, k.conname, k.oid, u.n";

/// One row a part of an index. A constraint's definition is kept instead of its index's.
pub(super) const INDEXES: &str = "\
SELECT c.relname, x.relname, i.indisunique, k.oid IS NOT NULL, pg_catalog.pg_get_expr(i.indpred, i.indrelid),
    coalesce(pg_catalog.pg_get_constraintdef(k.oid), pg_catalog.pg_get_indexdef(i.indexrelid)), a.attname,
    pg_catalog.pg_get_indexdef(i.indexrelid, n, true), (i.indoption[n - 1] & 1) = 1, i.indisvalid
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = c.oid AND k.contype IN ('u', 'x')
CROSS JOIN generate_series(1, i.indnkeyatts) n
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[n - 1]
WHERE NOT i.indisprimary AND k.contype IS DISTINCT FROM 'x'";
pub(super) const INDEXES_ORDER: &str = "ORDER BY c.relname, x.relname, n";

pub(super) const TRIGGERS: &str = "\
SELECT c.relname, t.tgname, pg_catalog.pg_get_triggerdef(t.oid),
    pg_catalog.concat_ws(' ', CASE t.tgenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'for replicas' WHEN 'A' THEN 'always' END,
        'running ' || p.prosrc)
FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal";
/// Views, sequences that belong to no column, and what is said of tables as a whole, for those of which something is.
pub(super) const RELATIONS: &str = "\
SELECT c.relname, c.relkind::text, CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END,
    s.seqstart, s.seqincrement, pg_catalog.concat_ws(' ', CASE c.relkind WHEN 'm' THEN 'MATERIALIZED' END,
        CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED' END,
        CASE c.relkind WHEN 'p' THEN 'PARTITION BY ' || pg_catalog.pg_get_partkeydef(c.oid) END,
        (SELECT 'INHERITS (' || pg_catalog.string_agg(h.inhparent::regclass::text, ', ' ORDER BY h.inhseqno) || ')'
            FROM pg_catalog.pg_inherits h WHERE h.inhrelid = c.oid),
        pg_catalog.pg_get_expr(c.relpartbound, c.oid), 'WITH (' || pg_catalog.array_to_string(c.reloptions, ', ') || ')',
        CASE WHEN c.relrowsecurity THEN 'ROW LEVEL SECURITY' END, CASE WHEN c.relforcerowsecurity THEN 'FORCED' END,
        (SELECT pg_catalog.string_agg(pg_catalog.format('POLICY %I FOR %s TO %s USING %s WITH CHECK %s', p.polname, p.polcmd,
                p.polroles::regrole[], pg_catalog.pg_get_expr(p.polqual, p.polrelid),
                pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)), ' ' ORDER BY p.polname)
            FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid),
        CASE WHEN c.relhasrules THEN (SELECT pg_catalog.string_agg(pg_catalog.pg_get_ruledef(w.oid), ' ' ORDER BY w.rulename)
            FROM pg_catalog.pg_rewrite w WHERE w.ev_class = c.oid AND w.rulename <> '_RETURN') END,
        CASE WHEN s.seqtypid <> 'bigint'::regtype THEN 'AS ' || s.seqtypid::regtype END,
        CASE WHEN s.seqmin <> 1 THEN 'MINVALUE ' || s.seqmin END,
        CASE WHEN s.seqmax <> 9223372036854775807 THEN 'MAXVALUE ' || s.seqmax END,
        CASE WHEN s.seqcache <> 1 THEN 'CACHE ' || s.seqcache END, CASE WHEN s.seqcycle THEN 'CYCLE' END)
FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid
WHERE (c.relkind IN ('v', 'm') OR c.relkind = 'S' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend o
        WHERE o.classid = 'pg_catalog.pg_class'::regclass AND o.objid = c.oid AND o.deptype IN ('a', 'i')
            AND o.refclassid = 'pg_catalog.pg_class'::regclass)
    OR c.relkind IN ('r', 'p', 'f') AND (c.relpersistence = 'u' OR c.relkind = 'p' OR c.relispartition OR c.relrowsecurity
        OR c.relforcerowsecurity OR c.relhasrules OR c.reloptions IS NOT NULL
        OR EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhrelid = c.oid)
        OR EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid)))";
pub(super) const NAME_ORDER: &str = "ORDER BY 1, 2";
