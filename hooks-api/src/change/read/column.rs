//! Columns: their type, and what a row gets that doesn't say.

use super::{name, named_by_text};
use crate::change::Alteration;
use crate::element::Element;
use crate::error::Error;
use crate::schema::{Column, ColumnType, DefaultValue, Size};

/// The elements of types.
pub(super) const TYPES: &[&str] = &[
    "smallint",
    "integer",
    "bigint",
    "boolean",
    "decimal",
    "real",
    "double",
    "char",
    "varchar",
    "text",
    "blob",
    "binary",
    "date",
    "time",
    "timestamp",
    "uuid",
    "json",
    "enum",
];

/// The most digits of a second: what every database keeps.
const MAX_SECOND_DIGITS: u8 = 6;
/// What a column's type may say besides its own attributes.
const COLUMN_ATTRIBUTES: [&str; 5] = ["null", "default", "default-now", "default-sql", "auto"];

/// A column: the element has its name, its only child is its type.
pub(super) fn added_column(element: &Element) -> Result<Column, Error> {
    let Some(kind) = only_type(element)? else {
        return Err(element.error(format!("<{}> needs a type, such as <varchar size=\"80\"/>", element.name)));
    };
    let column_type = type_of(kind, &COLUMN_ATTRIBUTES)?;
    let auto = kind.truth("auto")?.unwrap_or(false);
    if auto && !matches!(column_type, ColumnType::Integer { .. }) {
        return Err(kind.error(format!("a {column_type} can't be numbered by the database; an integer can")));
    }
    let default = default_of(kind, &column_type)?;
    if auto && default.is_some() {
        return Err(kind.error("a column that the database numbers has no default"));
    }
    Ok(Column {
        name: name(element, "name")?,
        kind: column_type,
        null: !auto && kind.truth("null")?.unwrap_or(true),
        default,
        auto,
        comment: element.attribute("comment").map(str::to_owned),
        collation: None,
    })
}

/// What becomes otherwise with a column: its type by a child, the rest by attributes.
pub(super) fn alteration(element: &Element) -> Result<Alteration, Error> {
    let kind = only_type(element)?.map(|kind| type_of(kind, &[])).transpose()?;
    // Without a type in the element, a default is taken as text, and the column's own type reads it.
    let known = kind.clone().unwrap_or(ColumnType::Text(Size::Normal));
    let default = match (element.truth("drop-default")?, default_of(element, &known)?) {
        (Some(true), Some(_)) => return Err(element.error("a default can't be dropped and given at once")),
        (Some(true), None) => Some(None),
        (_, Some(default)) => Some(Some(default)),
        (_, None) => None,
    };
    let using = element.attribute("using").map(str::to_owned);
    if using.is_some() && kind.is_none() {
        return Err(element.error("using says how old values get another type, and there is none"));
    }
    let alteration = Alteration { kind, null: element.truth("null")?, default, using };
    if alteration == Alteration::default() {
        return Err(element
            .error("<alter-column> changes nothing")
            .hint("give it a type, null, default or drop-default"));
    }
    Ok(alteration)
}

fn only_type(element: &Element) -> Result<Option<&Element>, Error> {
    if let Some(second) = element.children().nth(1) {
        return Err(second.error(format!("<{}> can have one type", element.name)));
    }
    Ok(element.children().next())
}

fn type_of(element: &Element, more: &[&str]) -> Result<ColumnType, Error> {
    let only = |attributes: &[&str]| {
        let all: Vec<&str> = attributes.iter().chain(more).copied().collect();
        element.only(&all, &[])?;
        element.no_text()
    };
    let integer = |bits| -> Result<ColumnType, Error> {
        only(&["unsigned"])?;
        Ok(ColumnType::Integer { bits, unsigned: element.truth("unsigned")?.unwrap_or(false) })
    };
    let plain = |kind: ColumnType| only(&[]).map(|()| kind);
    Ok(match element.name.as_str() {
        "smallint" => integer(16)?,
        "integer" => integer(32)?,
        "bigint" => integer(64)?,
        "boolean" => plain(ColumnType::Boolean)?,
        "decimal" => {
            only(&["precision", "scale"])?;
            decimal(element)?
        }
        "real" => plain(ColumnType::Float { bits: 32 })?,
        "double" => plain(ColumnType::Float { bits: 64 })?,
        "char" => only(&["size"]).and_then(|()| length(element)).map(ColumnType::Char)?,
        "varchar" => only(&["size"]).and_then(|()| length(element)).map(ColumnType::Varchar)?,
        "binary" => only(&["size"]).and_then(|()| length(element)).map(ColumnType::Binary)?,
        "text" => only(&["size"]).and_then(|()| size(element)).map(ColumnType::Text)?,
        "blob" => only(&["size"]).and_then(|()| size(element)).map(ColumnType::Blob)?,
        "date" => plain(ColumnType::Date)?,
        "time" => {
            only(&["precision"])?;
            ColumnType::Time { precision: second_digits(element)? }
        }
        "timestamp" => {
            only(&["zone", "precision"])?;
            let zone = element.truth("zone")?.unwrap_or(false);
            ColumnType::Timestamp { zone, precision: second_digits(element)? }
        }
        "uuid" => plain(ColumnType::Uuid)?,
        "json" => plain(ColumnType::Json)?,
        _ => {
            element.only(more, &["word"])?;
            ColumnType::Enum(words(element)?)
        }
    })
}

fn decimal(element: &Element) -> Result<ColumnType, Error> {
    let precision: u16 = element.required("precision").and_then(|_| element.parsed("precision"))?.unwrap_or_default();
    let scale: u16 = element.parsed("scale")?.unwrap_or(0);
    // MySQL keeps 65 digits, 30 of them behind the point; the others keep more.
    if precision == 0 || precision > 65 || scale > precision.min(30) {
        return Err(element
            .error(format!("decimal({precision}, {scale}) is out of reach of some database"))
            .hint("precision is 1 to 65, scale 0 to 30 and not above precision"));
    }
    Ok(ColumnType::Decimal { precision, scale })
}

fn length(element: &Element) -> Result<u32, Error> {
    let size = element.required("size").and_then(|_| element.parsed("size"))?.unwrap_or_default();
    if size == 0 {
        return Err(element.error(format!("the size of <{}> is 0", element.name)));
    }
    Ok(size)
}

fn size(element: &Element) -> Result<Size, Error> {
    Ok(match element.attribute("size") {
        None | Some("normal") => Size::Normal,
        Some("tiny") => Size::Tiny,
        Some("medium") => Size::Medium,
        Some("long") => Size::Long,
        Some(other) => {
            return Err(element
                .error(format!("the size {other:?} of <{}> is not known", element.name))
                .hint("one of tiny, normal, medium, long"));
        }
    })
}

fn second_digits(element: &Element) -> Result<u8, Error> {
    let digits = element.parsed("precision")?.unwrap_or(0);
    if digits > MAX_SECOND_DIGITS {
        return Err(element.error(format!("a second has up to {MAX_SECOND_DIGITS} digits, not {digits}")));
    }
    Ok(digits)
}

fn words(element: &Element) -> Result<Vec<String>, Error> {
    element.no_text()?;
    let word = |child: &Element| child.only(&[], &[]).and_then(|()| named_by_text(child));
    let words: Vec<String> = element.children().map(word).collect::<Result<_, _>>()?;
    if words.is_empty() {
        return Err(element.error("<enum> needs a <word>"));
    }
    Ok(words)
}

/// The default that an element's attributes give to a column of this type.
fn default_of(element: &Element, kind: &ColumnType) -> Result<Option<DefaultValue>, Error> {
    let given: Vec<&str> = ["default", "default-now", "default-sql"]
        .into_iter()
        .filter(|name| element.attribute(name).is_some())
        .collect();
    match given[..] {
        [] => Ok(None),
        ["default"] => {
            let value = kind.value_of(element.required("default")?).map_err(|error| error.at(&element.position))?;
            Ok(Some(DefaultValue::Literal(value)))
        }
        ["default-now"] => Ok(element.truth("default-now")?.unwrap_or(false).then_some(DefaultValue::Now)),
        ["default-sql"] => Ok(Some(DefaultValue::Expression(element.required("default-sql")?.to_owned()))),
        _ => Err(element.error(format!("{} are one too many: a column has one default", given.join(" and ")))),
    }
}
