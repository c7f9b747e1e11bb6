//! The module `text`: careful changes of text, where Rhai's own would pass silently over what was not found.
//!
//! `literal` looks for texts as they stand, `pattern` for regular expressions; `merged` lays two changes of one text together.

mod literal;
mod merged;
mod pattern;

pub(crate) use literal::replaced;

use crate::call::Function;

pub(crate) const FUNCTIONS: &[Function] = &[
    Function {
        name: "text::replace",
        required: &["text", "from", "to", "count"],
        optional: &[],
        run: literal::replace,
    },
    Function {
        name: "text::replace_once",
        required: &["text", "from", "to"],
        optional: &[],
        run: literal::replace_once,
    },
    Function { name: "text::replace_all", required: &["text", "from", "to"], optional: &[], run: literal::replace_all },
    Function {
        name: "text::replace_regex",
        required: &["text", "pattern", "to"],
        optional: &["count"],
        run: pattern::replace_regex,
    },
    Function {
        name: "text::insert_before",
        required: &["text", "anchor", "addition"],
        optional: &[],
        run: literal::insert_before,
    },
    Function {
        name: "text::insert_after",
        required: &["text", "anchor", "addition"],
        optional: &[],
        run: literal::insert_after,
    },
    Function {
        name: "text::remove_block",
        required: &["text", "begin", "end"],
        optional: &[],
        run: literal::remove_block,
    },
    Function { name: "text::merge", required: &["base", "mine", "theirs"], optional: &[], run: merged::merge },
    Function { name: "text::count", required: &["text", "part"], optional: &[], run: literal::count },
    Function {
        name: "text::matches_regex",
        required: &["text", "pattern"],
        optional: &[],
        run: pattern::matches_regex,
    },
    Function { name: "text::find_regex", required: &["text", "pattern"], optional: &[], run: pattern::find_regex },
    Function { name: "text::lines", required: &["text"], optional: &[], run: literal::lines },
];
