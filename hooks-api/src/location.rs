//! The URL of a database, as far as every dialect reads it alike.

use crate::error::Error;

/// Refuses a URL with a parameter that is none of these. Drivers pass over what they don't know, and a mistyped word that asks
/// for encryption would be a line that anybody can read. A known name that ends in `[` stands for all that begin so.
///
/// # Errors
/// Then, naming the parameter and what is known.
pub fn check_parameters(url: &str, known: &[&str]) -> Result<(), Error> {
    let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters);
    let names = parameters.split('&').map(|parameter| parameter.split('=').next().unwrap_or_default());
    let fits = |name: &str| known.iter().any(|known| *known == name || known.ends_with('[') && name.starts_with(known));
    match names.into_iter().find(|name| !name.is_empty() && !fits(name)) {
        Some(name) => {
            let named: Vec<&str> = known.iter().copied().filter(|known| !known.ends_with('[')).collect();
            Err(Error::invalid(format!("the database URL has an unknown parameter {name:?}"))
                .hint(format!("known are {}", named.join(", "))))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_parameter_is_named_and_not_passed_over() {
        let known = ["sslmode", "options", "options["];
        for url in ["db://host/cms", "db://host/cms?", "db://host/cms?sslmode=require&options[search_path]=app"] {
            assert!(check_parameters(url, &known).is_ok(), "{url}");
        }
        let error = check_parameters("db://host/cms?sslmod=require", &known).unwrap_err();
        assert_eq!(error.message, "the database URL has an unknown parameter \"sslmod\"");
        assert_eq!(error.hint.as_deref(), Some("known are sslmode, options"));
    }
}
