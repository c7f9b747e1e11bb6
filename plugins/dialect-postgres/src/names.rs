//! Names: no longer than PostgreSQL keeps them.

use patchwright_hooks_api::{Change, Error};

/// The most bytes of a name (`NAMEDATALEN` less one). PostgreSQL cuts longer ones without an error, and what was made would
/// not be found again.
const MAX_BYTES: usize = 63;

/// Refuses a change that would make something whose name PostgreSQL can't keep whole.
pub(crate) fn check(change: &Change) -> Result<(), Error> {
    match made_by(change).into_iter().find(|name| name.len() > MAX_BYTES || name.is_empty() || name.contains('\0')) {
        None => Ok(()),
        Some(name) => Err(Error::invalid(format!("PostgreSQL can't have the name {name:?}"))
            .hint(format!("a name has at least one and at most {MAX_BYTES} bytes, and no NUL character"))),
    }
}

/// The name, or a shorter one that is as good as its own.
pub(crate) fn shortened(name: &str) -> String {
    if name.len() <= MAX_BYTES {
        return name.to_owned();
    }
    let end = (0..=MAX_BYTES - 9).rev().find(|&end| name.is_char_boundary(end)).unwrap_or_default();
    format!("{}_{:08x}", &name[..end], fowler_noll_vo(name))
}

/// FNV-1a with 32 bits: the same in every version of this program, as a name that is looked for must be.
fn fowler_noll_vo(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

fn made_by(change: &Change) -> Vec<&str> {
    match change {
        Change::CreateTable(table) => {
            let columns = table.columns.iter().map(|column| &column.name);
            let indexes = table.indexes.iter().map(|index| &index.name);
            let keys = table.foreign_keys.iter().map(|key| &key.name);
            let checks = table.checks.iter().map(|check| &check.name);
            let parts = columns.chain(indexes).chain(keys).chain(checks);
            parts.chain([&table.name]).map(String::as_str).collect()
        }
        Change::RenameTable { to, .. } | Change::RenameColumn { to, .. } | Change::RenameIndex { to, .. } => vec![to],
        Change::AddColumn { column, .. } => vec![&column.name],
        Change::CreateIndex { index, .. } => vec![&index.name],
        Change::AddForeignKey { key, .. } => vec![&key.name],
        Change::AddCheck { check, .. } => vec![&check.name],
        Change::CreateView { view, .. } => vec![view],
        Change::CreateSequence(sequence) => vec![&sequence.name],
        Change::RenameSequence { to, .. } => vec![to],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_refused_and_never_cut() {
        let rename = |to: &str| Change::RenameTable { table: "a".into(), to: to.into() };
        assert!(check(&rename(&"é".repeat(31))).is_ok());
        assert!(check(&rename(&"é".repeat(32))).is_err());
        assert!(check(&rename("")).is_err());
    }

    #[test]
    fn a_made_up_name_is_shortened_and_stays_its_own() {
        let long = |last: &str| shortened(&format!("{}{last}", "é".repeat(40)));
        assert!(long("a").len() <= MAX_BYTES && long("a") != long("b"));
        assert_eq!(shortened("item_state_enum"), "item_state_enum");
    }
}
