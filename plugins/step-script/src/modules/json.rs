//! The module `json`: edits of JSON that keep its comments, its order and its layout.

use crate::call::{Call, Function};
use crate::limits;
use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstArray, CstInputValue, CstNode, CstObject, CstObjectProp, CstRootNode};
use patchwright_hooks_api::{Error, ErrorKind};
use rhai::{Array, Dynamic, Map};
use std::fmt;

pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "json::get", required: &["text", "path"], optional: &[], run: get },
    Function { name: "json::has", required: &["text", "path"], optional: &[], run: has },
    Function { name: "json::set", required: &["text", "path", "value"], optional: &[], run: set },
    Function { name: "json::remove", required: &["text", "path"], optional: &[], run: remove },
];

/// What JSON with comments has, as configuration files use it. Anything looser would be guessed.
const OPTIONS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};
/// How deep a value of a script may nest that becomes JSON.
const VALUE_DEPTH: usize = 64;
/// Some editors write it before the text; it is no part of the JSON.
const MARK: char = '\u{feff}';

/// One step of a path: a key of an object, or a place in an array from 0.
enum Part {
    Key(String),
    Index(usize),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => write!(f, "{key:?}"),
            Self::Index(index) => write!(f, "{index}"),
        }
    }
}

fn get(call: &Call<'_>) -> Result<Dynamic, Error> {
    let path = path(call)?;
    let (_, root) = parsed(call)?;
    match found(call, root, &path)? {
        Ok(node) => value(call, &node, &mut 0),
        Err(depth) => Err(nothing_at(call, &path[..=depth])),
    }
}

fn has(call: &Call<'_>) -> Result<Dynamic, Error> {
    let path = path(call)?;
    let (_, root) = parsed(call)?;
    Ok(found(call, root, &path)?.is_ok().into())
}

/// Puts a value at the path, and makes the objects on the way that are missing.
fn set(call: &Call<'_>) -> Result<Dynamic, Error> {
    let path = path(call)?;
    let given = call.argument(2).map_or(Ok(CstInputValue::Null), |value| input(call, value, 0))?;
    let (root, node) = parsed(call)?;
    let (last, above) = last_of(call, &path)?;
    let mut holder = node;
    for (depth, part) in above.iter().enumerate() {
        holder = match (step(call, &holder, part)?, &holder, part) {
            (Some(next), _, _) => next,
            (None, holder, Part::Key(key)) => {
                let made = object(call, holder, &path[..depth])?.append(key, CstInputValue::Object(Vec::new()));
                made.value().ok_or_else(|| nothing_at(call, &path[..=depth]))?
            }
            (None, _, Part::Index(_)) => return Err(nothing_at(call, &path[..=depth])),
        };
    }
    match last {
        Part::Key(key) => {
            let object = object(call, &holder, above)?;
            match property(call, &object, key)? {
                Some(property) => property.set_value(given),
                None => drop(object.append(key, given)),
            }
        }
        Part::Index(index) => {
            let array = array(call, &holder, above)?;
            let elements = array.elements();
            match elements.get(*index) {
                Some(element) => replace(element, given),
                None if *index == elements.len() => drop(array.append(given)),
                None => return Err(nothing_at(call, &path)),
            }
        }
    }
    written(call, &root)
}

fn remove(call: &Call<'_>) -> Result<Dynamic, Error> {
    let path = path(call)?;
    let (root, node) = parsed(call)?;
    let (last, above) = last_of(call, &path)?;
    let holder = found(call, node, above)?.map_err(|depth| nothing_at(call, &path[..=depth]))?;
    match last {
        Part::Key(key) => {
            let object = object(call, &holder, above)?;
            property(call, &object, key)?.ok_or_else(|| nothing_at(call, &path))?.remove();
        }
        Part::Index(index) => {
            let element = array(call, &holder, above)?.elements().into_iter().nth(*index);
            element.ok_or_else(|| nothing_at(call, &path))?.remove();
        }
    }
    written(call, &root)
}

fn path(call: &Call<'_>) -> Result<Vec<Part>, Error> {
    let given = call.argument(1).cloned().unwrap_or_default();
    if given.is_string() {
        return Ok(vec![Part::Key(call.text(1)?)]);
    }
    let wrong = || call.wrong_type(1, "a key, or an array of keys and places");
    let part = |part: Dynamic| match part.as_int() {
        Ok(index) => usize::try_from(index).map(Part::Index).map_err(|_| wrong()),
        Err(_) => part.into_string().map(Part::Key).map_err(|_| wrong()),
    };
    given.into_array().map_err(|_| wrong())?.into_iter().map(part).collect()
}

fn last_of<'p>(call: &Call<'_>, path: &'p [Part]) -> Result<(&'p Part, &'p [Part]), Error> {
    path.split_last().ok_or_else(|| call.error("the path is empty: it must name what is changed"))
}

/// The tree of the text, and the value that it is.
fn parsed(call: &Call<'_>) -> Result<(CstRootNode, CstNode), Error> {
    let text = call.string(0)?;
    let wrong = |why: &dyn fmt::Display| Error::conflict(format!("{}: the text is not JSON: {why}", call.name()));
    let root = CstRootNode::parse(text.trim_start_matches(MARK), &OPTIONS).map_err(|error| wrong(&error))?;
    let value = root.value().ok_or_else(|| wrong(&"it holds no value"))?;
    Ok((root, value))
}

fn written(call: &Call<'_>, root: &CstRootNode) -> Result<Dynamic, Error> {
    let mark = if call.string(0)?.starts_with(MARK) { MARK.to_string() } else { String::new() };
    Ok(format!("{mark}{root}").into())
}

/// What stands at the path, or how many of its parts were found.
fn found(call: &Call<'_>, root: CstNode, path: &[Part]) -> Result<Result<CstNode, usize>, Error> {
    let mut node = root;
    for (depth, part) in path.iter().enumerate() {
        match step(call, &node, part)? {
            Some(next) => node = next,
            None => return Ok(Err(depth)),
        }
    }
    Ok(Ok(node))
}

fn step(call: &Call<'_>, node: &CstNode, part: &Part) -> Result<Option<CstNode>, Error> {
    Ok(match part {
        Part::Key(key) => match node.as_object() {
            Some(object) => property(call, &object, key)?.and_then(|property| property.value()),
            None => None,
        },
        Part::Index(index) => node.as_array().and_then(|array| array.elements().into_iter().nth(*index)),
    })
}

/// The property of that name, which may stand there once.
fn property(call: &Call<'_>, object: &CstObject, key: &str) -> Result<Option<CstObjectProp>, Error> {
    let mut named = object.properties().into_iter().filter(|property| property.decoded_name().as_deref() == Some(key));
    let first = named.next();
    match named.next() {
        None => Ok(first),
        Some(_) => Err(Error::conflict(format!("{}: the key {key:?} stands in its object twice", call.name()))),
    }
}

fn object(call: &Call<'_>, node: &CstNode, path: &[Part]) -> Result<CstObject, Error> {
    node.as_object().ok_or_else(|| Error::conflict(format!("{}: no object stands at {}", call.name(), shown(path))))
}

fn array(call: &Call<'_>, node: &CstNode, path: &[Part]) -> Result<CstArray, Error> {
    node.as_array().ok_or_else(|| Error::conflict(format!("{}: no array stands at {}", call.name(), shown(path))))
}

fn replace(element: &CstNode, with: CstInputValue) {
    if let Some(node) = element.as_object() {
        node.replace_with(with);
    } else if let Some(node) = element.as_array() {
        node.replace_with(with);
    } else if let Some(node) = element.as_string_lit() {
        node.replace_with(with);
    } else if let Some(node) = element.as_number_lit() {
        node.replace_with(with);
    } else if let Some(node) = element.as_boolean_lit() {
        node.replace_with(with);
    } else if let Some(node) = element.as_null_keyword() {
        node.replace_with(with);
    }
}

fn nothing_at(call: &Call<'_>, path: &[Part]) -> Error {
    Error::missing(format!("{}: nothing stands at {}", call.name(), shown(path)))
        .hint("the file may have been changed locally; look with json::has first")
}

fn shown(path: &[Part]) -> String {
    let parts: Vec<String> = path.iter().map(ToString::to_string).collect();
    if parts.is_empty() { "the top of the text".to_owned() } else { format!("[{}]", parts.join(", ")) }
}

/// The node as a script sees it; `seen` counts what was made until now.
fn value(call: &Call<'_>, node: &CstNode, seen: &mut usize) -> Result<Dynamic, Error> {
    *seen += 1;
    if *seen > limits::ARRAY_ELEMENTS {
        let message = format!("{}: there are more than {} values", call.name(), limits::ARRAY_ELEMENTS);
        return Err(Error::new(ErrorKind::Limit, message).hint("take a longer path"));
    }
    if let Some(object) = node.as_object() {
        let mut map = Map::new();
        for property in object.properties() {
            let (Some(name), Some(inner)) = (property.decoded_name(), property.value()) else { continue };
            map.insert(name.into(), value(call, &inner, seen)?);
        }
        return Ok(map.into());
    }
    if let Some(array) = node.as_array() {
        let elements = array.elements();
        return elements.iter().map(|element| value(call, element, seen)).collect::<Result<Array, _>>().map(Into::into);
    }
    if let Some(number) = node.as_number_lit() {
        let digits = number.to_string();
        return match (digits.parse::<i64>(), digits.parse::<f64>()) {
            (Ok(whole), _) => Ok(whole.into()),
            (_, Ok(floating)) => Ok(floating.into()),
            _ => Err(call.error(format!("{digits} is not a number"))),
        };
    }
    if let Some(text) = node.as_string_lit() {
        return text.decoded_value().map(Dynamic::from).map_err(|_| call.error(format!("{text} is not a text")));
    }
    Ok(node.as_boolean_lit().map_or(Dynamic::UNIT, |truth| truth.value().into()))
}

/// A value of the script as JSON.
fn input(call: &Call<'_>, value: &Dynamic, depth: usize) -> Result<CstInputValue, Error> {
    if depth > VALUE_DEPTH {
        return Err(Error::new(ErrorKind::Limit, format!("{}: the value is nested too deeply", call.name())));
    }
    if let Some(array) = value.read_lock::<Array>() {
        return array
            .iter()
            .map(|inner| input(call, inner, depth + 1))
            .collect::<Result<_, _>>()
            .map(CstInputValue::Array);
    }
    if let Some(map) = value.read_lock::<Map>() {
        let entry = |(key, inner): (&_, &Dynamic)| Ok((ToString::to_string(key), input(call, inner, depth + 1)?));
        return map.iter().map(entry).collect::<Result<_, Error>>().map(CstInputValue::Object);
    }
    if let Ok(number) = value.as_float() {
        let is_finite = number.is_finite();
        return if is_finite {
            Ok(CstInputValue::Number(format!("{number:?}")))
        } else {
            Err(call.wrong_type(2, "finite"))
        };
    }
    if let Ok(number) = value.as_int() {
        return Ok(CstInputValue::Number(number.to_string()));
    }
    if let Ok(truth) = value.as_bool() {
        return Ok(CstInputValue::Bool(truth));
    }
    if value.is_unit() {
        return Ok(CstInputValue::Null);
    }
    if value.is_string() || value.is_char() {
        return Ok(CstInputValue::String(value.to_string()));
    }
    Err(call.wrong_type(2, "what JSON can hold"))
}
