//! Changes, read from manifest elements.

mod column;
mod rows;
mod table;

use crate::change::Change;
use crate::change::{MAX_NAME_BYTES, Place, is_portable_name};
use crate::element::Element;
use crate::error::Error;
use crate::schema::{Index, Sequence};
use column::{TYPES, added_column, alteration};
use rows::{copied_rows, deleted_rows, inserted_rows, updated_rows};
use table::{check_of, create_table, foreign_key, index_of, key_columns, options};

/// The elements of manifests that are portable changes.
pub const ELEMENTS: &[&str] = &[
    "create-table",
    "drop-table",
    "truncate-table",
    "rename-table",
    "add-column",
    "drop-column",
    "rename-column",
    "alter-column",
    "add-primary-key",
    "drop-primary-key",
    "create-index",
    "drop-index",
    "rename-index",
    "add-unique",
    "drop-unique",
    "add-foreign-key",
    "drop-foreign-key",
    "add-check",
    "drop-check",
    "create-view",
    "drop-view",
    "create-sequence",
    "drop-sequence",
    "rename-sequence",
    "restart-sequence",
    "set-comment",
    "set-table-options",
    "insert-rows",
    "update-rows",
    "delete-rows",
    "copy-rows",
];

impl Change {
    /// Reads a change, as a manifest's element has it. What says whether the change is made at all is to be taken out before
    /// ([`Preconditions::take`](crate::Preconditions::take)).
    ///
    /// # Errors
    /// When the element is not as the patch format has it; with its place.
    pub fn read(element: &Element) -> Result<Self, Error> {
        change(element)
    }
}

fn change(element: &Element) -> Result<Change, Error> {
    let table = || name(element, "table");
    let own = || name(element, "name");
    let to = || name(element, "to");
    let only = |attributes: &[&str], children: &[&str]| {
        let attributes: Vec<&str> = attributes.iter().copied().chain(["dialect"]).collect();
        element.only(&attributes, children)?;
        element.no_text()
    };
    Ok(match element.name.as_str() {
        "create-table" => Change::CreateTable(create_table(element)?),
        "drop-table" => only(&["name"], &[]).and_then(|()| Ok(Change::DropTable { table: own()? }))?,
        "truncate-table" => only(&["name"], &[]).and_then(|()| Ok(Change::TruncateTable { table: own()? }))?,
        "rename-table" => {
            only(&["name", "to"], &[])?;
            Change::RenameTable { table: own()?, to: to()? }
        }
        "add-column" => {
            only(&["table", "name", "after", "first", "comment"], TYPES)?;
            Change::AddColumn { table: table()?, column: added_column(element)?, place: place(element)? }
        }
        "drop-column" => {
            only(&["table", "name"], &[])?;
            Change::DropColumn { table: table()?, column: own()? }
        }
        "rename-column" => {
            only(&["table", "name", "to"], &[])?;
            Change::RenameColumn { table: table()?, column: own()?, to: to()? }
        }
        "alter-column" => {
            only(&["table", "name", "null", "default", "default-now", "default-sql", "drop-default", "using"], TYPES)?;
            Change::AlterColumn { table: table()?, column: own()?, alteration: alteration(element)? }
        }
        "add-primary-key" => {
            only(&["table"], &["column"])?;
            Change::AddPrimaryKey { table: table()?, columns: key_columns(element)? }
        }
        "drop-primary-key" => {
            only(&["table"], &[])?;
            Change::DropPrimaryKey { table: table()? }
        }
        "create-index" => {
            only(&["table", "name", "unique", "where", "concurrently"], &["column", "expression"])?;
            Change::CreateIndex { table: table()?, index: index_of(element)? }
        }
        "add-unique" => {
            only(&["table", "name"], &["column"])?;
            Change::CreateIndex { table: table()?, index: Index { unique: true, ..index_of(element)? } }
        }
        "drop-index" | "drop-unique" => {
            only(
                if element.name == "drop-index" { &["table", "name", "concurrently"] } else { &["table", "name"] },
                &[],
            )?;
            Change::DropIndex { table: table()?, index: own()? }
        }
        "rename-index" => {
            only(&["table", "name", "to"], &[])?;
            Change::RenameIndex { table: table()?, index: own()?, to: to()? }
        }
        "add-foreign-key" => {
            only(&["table", "name", "to", "on-delete", "on-update"], &["column"])?;
            Change::AddForeignKey { table: table()?, key: foreign_key(element)? }
        }
        "drop-foreign-key" => {
            only(&["table", "name"], &[])?;
            Change::DropForeignKey { table: table()?, key: own()? }
        }
        "add-check" => {
            element.only(&["table", "name", "dialect"], &[])?;
            Change::AddCheck { table: table()?, check: check_of(element)? }
        }
        "drop-check" => {
            only(&["table", "name"], &[])?;
            Change::DropCheck { table: table()?, check: own()? }
        }
        "create-view" => {
            element.only(&["name", "dialect"], &[])?;
            Change::CreateView { view: own()?, query: sql(element)? }
        }
        "drop-view" => only(&["name"], &[]).and_then(|()| Ok(Change::DropView { view: own()? }))?,
        "create-sequence" => {
            only(&["name", "start", "increment"], &[])?;
            Change::CreateSequence(sequence(element)?)
        }
        "drop-sequence" => only(&["name"], &[]).and_then(|()| Ok(Change::DropSequence { sequence: own()? }))?,
        "rename-sequence" => {
            only(&["name", "to"], &[])?;
            Change::RenameSequence { sequence: own()?, to: to()? }
        }
        "restart-sequence" => {
            only(&["name", "at"], &[])?;
            let at = element.required("at").and_then(|_| element.parsed("at"))?.unwrap_or_default();
            Change::RestartSequence { sequence: own()?, at }
        }
        "set-comment" => {
            element.only(&["table", "column", "dialect"], &[])?;
            let text = element.text().split_whitespace().collect::<Vec<_>>().join(" ");
            let comment = Some(text).filter(|text| !text.is_empty());
            Change::SetComment { table: table()?, column: optional_name(element, "column")?, comment }
        }
        "set-table-options" => {
            only(&["table", "charset", "collation", "engine"], &[])?;
            Change::SetTableOptions { table: table()?, options: options(element)?, columns: None }
        }
        "insert-rows" => only(&["table", "on-conflict"], &["row"]).and_then(|()| inserted_rows(element))?,
        "update-rows" => only(&["table", "all", "batch"], &["set", "where"]).and_then(|()| updated_rows(element))?,
        "delete-rows" => only(&["table", "all"], &["where"]).and_then(|()| deleted_rows(element))?,
        "copy-rows" => only(&["from", "table", "all"], &["set", "where"]).and_then(|()| copied_rows(element))?,
        other => return Err(element.error(format!("<{other}> is no portable change"))),
    })
}

/// An attribute that holds a name of something in the database.
///
/// # Errors
/// When it is absent, empty, or a name that not every database can keep.
fn name(element: &Element, attribute: &str) -> Result<String, Error> {
    let name = element.required(attribute)?;
    check_name(element, name)?;
    Ok(name.to_owned())
}

fn optional_name(element: &Element, attribute: &str) -> Result<Option<String>, Error> {
    element.attribute(attribute).map(|_| name(element, attribute)).transpose()
}

/// The element's text as a name.
fn named_by_text(element: &Element) -> Result<String, Error> {
    let name = element.text().trim().to_owned();
    check_name(element, &name)?;
    Ok(name)
}

/// Refuses what not every database takes.
fn check_name(element: &Element, name: &str) -> Result<(), Error> {
    if !is_portable_name(name) {
        return Err(element
            .error(format!("{name:?} can't be a name in a portable change"))
            .hint(format!("1 to {MAX_NAME_BYTES} letters, digits and _; anything else is for <sql>")));
    }
    Ok(())
}

/// The element's text as SQL.
fn sql(element: &Element) -> Result<String, Error> {
    let text = element.text().trim().to_owned();
    if text.is_empty() {
        return Err(element.error(format!("<{}> is empty", element.name)));
    }
    Ok(text)
}

fn sequence(element: &Element) -> Result<Sequence, Error> {
    let increment = element.parsed("increment")?.unwrap_or(1);
    if increment == 0 {
        return Err(element.error("a sequence that goes on by 0 gives one number for ever"));
    }
    Ok(Sequence {
        name: name(element, "name")?,
        start: element.parsed("start")?.unwrap_or(1),
        increment,
        details: None,
    })
}

fn place(element: &Element) -> Result<Place, Error> {
    match (optional_name(element, "after")?, element.truth("first")?) {
        (Some(_), Some(true)) => Err(element.error("a column can't stand first and after another")),
        (Some(column), _) => Ok(Place::After(column)),
        (None, Some(true)) => Ok(Place::First),
        (None, _) => Ok(Place::Last),
    }
}
