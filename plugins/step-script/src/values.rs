//! Values on their way between the database and a script.

use patchwright_hooks_api::{Rows, Value};
use rhai::{Dynamic, Map};

/// A value of the database as a script sees it: null is `()`.
pub(crate) fn to_script(value: Value) -> Option<Dynamic> {
    Some(match value {
        Value::Null => Dynamic::UNIT,
        Value::Integer(number) => number.into(),
        Value::Real(number) => number.into(),
        Value::Text(text) => text.into(),
        Value::Bytes(bytes) => Dynamic::from_blob(bytes),
        _ => return None,
    })
}

/// A value of a script as the database takes it; `None` for what no database holds, such as a map.
pub(crate) fn from_script(value: &Dynamic) -> Option<Value> {
    if value.is_unit() {
        return Some(Value::Null);
    }
    if let Ok(number) = value.as_int() {
        return Some(Value::Integer(number));
    }
    if let Ok(number) = value.as_float() {
        return Some(Value::Real(number));
    }
    if let Ok(truth) = value.as_bool() {
        return Some(truth.into());
    }
    if let Ok(character) = value.as_char() {
        return Some(Value::Text(character.to_string()));
    }
    match value.clone().into_immutable_string() {
        Ok(text) => Some(Value::Text(text.into_owned())),
        Err(_) => value.clone().into_blob().ok().map(Value::Bytes),
    }
}

/// The rows as maps, made one by one; what is wrong with them if a map can't hold them.
pub(crate) fn rows_to_script(rows: Rows) -> Result<impl Iterator<Item = Result<Dynamic, String>>, String> {
    let columns = rows.columns;
    if let Some(twice) = columns.iter().enumerate().find_map(|(at, name)| columns[..at].contains(name).then_some(name))
    {
        return Err(format!("the query gives two columns named {twice}; name one of them with AS"));
    }
    let map = move |row: Vec<Value>| {
        let mut map = Map::new();
        for (name, value) in columns.iter().zip(row) {
            let value =
                to_script(value).ok_or_else(|| format!("the column {name} is of a kind that scripts don't know"))?;
            map.insert(name.as_str().into(), value);
        }
        Ok(Dynamic::from_map(map))
    };
    Ok(rows.rows.into_iter().map(map))
}

/// Rhai's name of a type in the words of the reference.
pub(crate) fn described(type_name: &str) -> &str {
    match type_name {
        "()" => "()",
        "i64" => "a whole number",
        "f64" => "a floating number",
        "bool" => "true or false",
        "char" => "a character",
        "string" => "text",
        "array" => "an array",
        "map" => "a map",
        "blob" => "a blob",
        "Fn" => "a function",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_comes_back_as_it_went() {
        for value in [
            Value::Null,
            Value::Integer(i64::MIN),
            Value::Real(1.5),
            Value::Text("ä".into()),
            Value::Bytes(vec![0, 255]),
        ] {
            assert_eq!(from_script(&to_script(value.clone()).unwrap()), Some(value));
        }
    }

    #[test]
    fn a_truth_goes_as_a_number_and_a_character_as_text() {
        assert_eq!(from_script(&true.into()), Some(Value::Integer(1)));
        assert_eq!(from_script(&'x'.into()), Some(Value::Text("x".into())));
    }

    #[test]
    fn a_map_has_no_place_in_a_database() {
        assert_eq!(from_script(&Dynamic::from_map(Map::new())), None);
    }
}
