//! What there is: tables, views and sequences of the current schema, read from the system catalog by a handful of questions in one
//! message.

mod assembly;
mod defaults;
mod types;
mod views;

pub(crate) use defaults::settled;

use crate::bound;
use assembly::Assembly;
use patchwright_hooks_api::{Error, ErrorKind, Rows, Schema, Value};

/// Which relations are the site's: those of the current schema that no extension brought.
const OURS: &str = "\
c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = pg_catalog.current_schema())
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
        WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')";

/// One row a column, and one for a table without columns.
const COLUMNS: &str = "\
SELECT c.relname, t.description, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,
    pg_catalog.pg_get_expr(d.adbin, d.adrelid), a.attidentity <> '', a.attgenerated <> '', k.description,
    EXISTS (SELECT FROM pg_catalog.pg_depend o JOIN pg_catalog.pg_class s ON s.oid = o.objid AND s.relkind = 'S'
        WHERE o.classid = 'pg_catalog.pg_class'::regclass AND o.refclassid = 'pg_catalog.pg_class'::regclass
            AND o.refobjid = c.oid AND o.refobjsubid = a.attnum AND o.deptype = 'a'),
    (SELECT pg_catalog.quote_ident(l.collname) FROM pg_catalog.pg_collation l WHERE l.oid = a.attcollation
        AND a.attcollation <> (SELECT y.typcollation FROM pg_catalog.pg_type y WHERE y.oid = a.atttypid))
FROM pg_catalog.pg_class c
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
LEFT JOIN pg_catalog.pg_description t
    ON t.classoid = 'pg_catalog.pg_class'::regclass AND t.objoid = c.oid AND t.objsubid = 0
LEFT JOIN pg_catalog.pg_description k
    ON k.classoid = 'pg_catalog.pg_class'::regclass AND k.objoid = c.oid AND k.objsubid = a.attnum
WHERE c.relkind IN ('r', 'p', 'f')";
const COLUMNS_ORDER: &str = "ORDER BY c.relname, a.attnum";

/// One row a column of a primary key, a foreign key or a check. An exclusion is told as a check.
const KEYS: &str = "\
SELECT c.relname, k.contype::text, k.conname, a.attname,
    CASE WHEN r.relnamespace = c.relnamespace THEN r.relname ELSE k.confrelid::regclass::text END, ra.attname,
    k.confdeltype::text, k.confupdtype::text,
    CASE k.contype WHEN 'c' THEN pg_catalog.pg_get_expr(k.conbin, k.conrelid)
        WHEN 'x' THEN pg_catalog.pg_get_constraintdef(k.oid) END
FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
LEFT JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS u (attnum, target, n) ON true
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum
LEFT JOIN pg_catalog.pg_class r ON r.oid = k.confrelid
LEFT JOIN pg_catalog.pg_attribute ra ON ra.attrelid = k.confrelid AND ra.attnum = u.target
WHERE k.contype IN ('p', 'f', 'c', 'x')";
const KEYS_ORDER: &str = "ORDER BY c.relname, k.conname, k.oid, u.n";

/// One row a part of an index. A constraint's definition is kept instead of its index's.
const INDEXES: &str = "\
SELECT c.relname, x.relname, i.indisunique, k.oid IS NOT NULL, pg_catalog.pg_get_expr(i.indpred, i.indrelid),
    coalesce(pg_catalog.pg_get_constraintdef(k.oid), pg_catalog.pg_get_indexdef(i.indexrelid)), a.attname,
    pg_catalog.pg_get_indexdef(i.indexrelid, n, true), (i.indoption[n - 1] & 1) = 1
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = c.oid AND k.contype IN ('u', 'x')
CROSS JOIN generate_series(1, i.indnkeyatts) n
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[n - 1]
WHERE NOT i.indisprimary AND k.contype IS DISTINCT FROM 'x'";
const INDEXES_ORDER: &str = "ORDER BY c.relname, x.relname, n";

const TRIGGERS: &str = "\
SELECT c.relname, t.tgname, pg_catalog.pg_get_triggerdef(t.oid)
FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal";
/// Views, and sequences that belong to no column.
const VIEWS: &str = "\
SELECT c.relname, CASE c.relkind WHEN 'v' THEN pg_catalog.pg_get_viewdef(c.oid) END, s.seqstart, s.seqincrement
FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid
WHERE (c.relkind = 'v' OR c.relkind = 'S' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend o
    WHERE o.classid = 'pg_catalog.pg_class'::regclass AND o.objid = c.oid AND o.deptype IN ('a', 'i')
        AND o.refclassid = 'pg_catalog.pg_class'::regclass))";
const NAME_ORDER: &str = "ORDER BY 1, 2";

/// The questions, each with the name under which the server keeps it prepared and the order of its rows. To plan them takes the
/// server several times as long as to answer them.
const QUESTIONS: [(&str, &str, &str); 5] = [
    ("patchwright_columns", COLUMNS, COLUMNS_ORDER),
    ("patchwright_keys", KEYS, KEYS_ORDER),
    ("patchwright_indexes", INDEXES, INDEXES_ORDER),
    ("patchwright_triggers", TRIGGERS, NAME_ORDER),
    ("patchwright_views", VIEWS, NAME_ORDER),
];

/// Reads these tables, views and sequences, or all of them. What is asked gives an answer for each of its statements, and may need what
/// [`preparation`] prepares.
pub(crate) fn read(
    names: Option<&[&str]>,
    mut ask: impl FnMut(&str) -> Result<Vec<Rows>, Error>,
) -> Result<Schema, Error> {
    let questions = match names {
        None => QUESTIONS.map(|(_, question, order)| format!("{question}\nAND {OURS}\n{order}")),
        Some(names) => {
            let found = ask(&format!("EXECUTE patchwright_found ({})", lower(names)?))?;
            let ids: Vec<String> = found.iter().flat_map(|rows| &rows.rows).filter_map(|row| id(row)).collect();
            if ids.is_empty() {
                return Ok(Schema::default());
            }
            QUESTIONS.map(|(name, ..)| format!("EXECUTE {name} (ARRAY[{}]::oid[])", ids.join(", ")))
        }
    };
    let answers = ask(&questions.join(";\n"))?;
    let [columns, keys, indexes, triggers, views] = answers.as_slice() else {
        return Err(Error::new(ErrorKind::Database, "the server does not answer each question about its catalog"));
    };
    let mut assembly = Assembly::new(columns)?;
    assembly.add_keys(keys)?;
    assembly.add_indexes(indexes)?;
    assembly.add_triggers(triggers)?;
    assembly.add_views(views)?;
    Ok(assembly.into_schema())
}

/// What prepares the questions about single ones, once a session.
pub(crate) fn preparation() -> String {
    let found = format!(
        "PREPARE patchwright_found (text[]) AS SELECT c.oid::bigint FROM pg_catalog.pg_class c \
         WHERE c.relkind IN ('r', 'p', 'f', 'v', 'S') AND {OURS} AND pg_catalog.lower(c.relname) = ANY ($1)"
    );
    let prepared = QUESTIONS
        .map(|(name, question, order)| format!("PREPARE {name} (oid[]) AS {question}\nAND c.oid = ANY ($1)\n{order}"));
    format!("{found};\n{}", prepared.join(";\n"))
}

/// Names compare without regard to case, as those do that an author doesn't quote.
fn lower(names: &[&str]) -> Result<String, Error> {
    let names = names.iter().filter(|name| !name.contains('\0'));
    let lower: Vec<String> = names.map(|name| bound::quoted(&name.to_lowercase())).collect::<Result<_, _>>()?;
    Ok(format!("ARRAY[{}]::text[]", lower.join(", ")))
}

fn id(row: &[Value]) -> Option<String> {
    row.first()?.as_integer().map(|id| id.to_string())
}
