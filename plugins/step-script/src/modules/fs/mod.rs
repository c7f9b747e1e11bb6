//! The module `fs`: the files of the site, below its root.
//!
//! `file` is about one path, `tree` about what takes several verbs: copies, moves and directories with all in them; `glob` finds
//! files by a pattern.

mod file;
mod glob;
mod tree;

use crate::call::Function;

pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "fs::read", required: &["path"], optional: &[], run: file::read },
    Function { name: "fs::write", required: &["path", "text"], optional: &["mode"], run: file::write },
    Function { name: "fs::append", required: &["path", "text"], optional: &[], run: file::append },
    Function { name: "fs::install", required: &["payload", "path"], optional: &["mode"], run: file::install },
    Function { name: "fs::copy", required: &["from", "to"], optional: &["mode"], run: tree::copy },
    Function { name: "fs::rename", required: &["from", "to"], optional: &[], run: tree::rename },
    Function { name: "fs::remove", required: &["path"], optional: &[], run: file::remove },
    Function { name: "fs::remove_all", required: &["directory"], optional: &[], run: tree::remove_all },
    Function { name: "fs::make_dir", required: &["path"], optional: &["mode"], run: file::make_dir },
    Function { name: "fs::set_mode", required: &["path", "mode"], optional: &[], run: file::set_mode },
    Function { name: "fs::exists", required: &["path"], optional: &[], run: file::exists },
    Function { name: "fs::is_dir", required: &["path"], optional: &[], run: file::is_dir },
    Function { name: "fs::list", required: &["directory"], optional: &[], run: file::list },
    Function { name: "fs::glob", required: &["pattern"], optional: &[], run: glob::glob },
    Function { name: "fs::size", required: &["path"], optional: &[], run: file::size },
    Function { name: "fs::mode", required: &["path"], optional: &[], run: file::mode },
    Function { name: "fs::md5", required: &["path"], optional: &[], run: file::md5 },
    Function { name: "fs::sha256", required: &["path"], optional: &[], run: file::sha256 },
];
