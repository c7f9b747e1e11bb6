//! The module `db`: the site's database.
//!
//! `statement` runs what a script says in SQL, `structure` makes portable changes and tells which tables there are.

mod statement;
mod structure;

use crate::call::Function;
use patchwright_hooks_api::SiteFacts;
use patchwright_hooks_api::statements::PREFIX_PLACEHOLDER;

pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "db::execute", required: &["sql"], optional: &["parameters", "undo"], run: statement::execute },
    Function { name: "db::batch", required: &["sql", "rows"], optional: &["undo"], run: statement::batch },
    Function { name: "db::query", required: &["sql"], optional: &["parameters"], run: statement::query },
    Function {
        name: "db::each_row",
        required: &["sql", "parameters", "function"],
        optional: &[],
        run: statement::each_row,
    },
    Function { name: "db::one", required: &["sql"], optional: &["parameters"], run: statement::one },
    Function { name: "db::scalar", required: &["sql"], optional: &["parameters"], run: statement::scalar },
    Function { name: "db::change", required: &["xml"], optional: &[], run: structure::change },
    Function { name: "db::table_exists", required: &["table"], optional: &[], run: structure::table_exists },
    Function {
        name: "db::column_exists",
        required: &["table", "column"],
        optional: &[],
        run: structure::column_exists,
    },
    Function { name: "db::columns", required: &["table"], optional: &[], run: structure::columns },
    Function { name: "db::quote", required: &["name"], optional: &[], run: structure::quote },
];

/// A name of something in the database, with the table prefix in its place.
fn with_prefix(name: &str, facts: &SiteFacts) -> String {
    name.replace(PREFIX_PLACEHOLDER, &facts.table_prefix)
}
