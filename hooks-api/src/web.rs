//! The web, as far as the site's owner lets patches reach it.

use crate::error::Error;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// A request to an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebRequest {
    /// What is asked of the address.
    pub method: WebMethod,
    /// The address.
    pub url: String,
    /// What the request says besides, by name.
    pub headers: BTreeMap<String, String>,
    /// What is sent along.
    pub body: Option<String>,
}

/// What a request asks of its address (RFC 9110, section 9.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebMethod {
    /// To be read.
    Get,
    /// To take what is sent along.
    Post,
    /// To be what is sent along.
    Put,
    /// To be no more.
    Delete,
}

/// What an address answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebAnswer {
    /// The status, such as 200.
    pub status: u16,
    /// What it said, or the beginning of it.
    pub text: String,
    /// Whether that is all that it said.
    pub is_whole: bool,
}

/// Who answers on the web: `https://search.acme.example`, with a port where it has one of its own (RFC 6454).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

impl WebRequest {
    /// A request that only reads.
    pub fn get(url: impl Into<String>) -> Self {
        Self { method: WebMethod::Get, url: url.into(), headers: BTreeMap::new(), body: None }
    }
}

impl fmt::Display for WebMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        })
    }
}

impl Origin {
    /// Whether the address is one of this origin. It must be written as the origin is: what is read in two ways is refused.
    pub fn covers(&self, url: &str) -> bool {
        url.strip_prefix(&self.0).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Origin {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |why: &str| {
            Error::invalid(format!("{text:?} is no origin: {why}"))
                .hint("write it like https://search.acme.example:9200")
        };
        let authority = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let authority = authority.ok_or_else(|| wrong("it begins neither with https:// nor with http://"))?;
        // An address of IPv6 stands in brackets, so that its colons are none before a port.
        let (host, rest) = match authority.strip_prefix('[') {
            Some(inner) => inner.split_once(']').ok_or_else(|| wrong("a bracket is not closed"))?,
            None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
        };
        let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || ".-:".contains(letter);
        if host.is_empty() || !host.chars().all(is_plain) {
            return Err(wrong(
                "a host is lower-case letters, digits, dots and dashes, and nothing stands behind it but a port",
            ));
        }
        match rest.strip_prefix(':') {
            None if rest.is_empty() => Ok(Self(text.to_owned())),
            Some(port) if port.parse::<u16>().is_ok_and(|number| number.to_string() == port) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(wrong("what stands behind the host is no port")),
        }
    }
}

impl TryFrom<String> for Origin {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_a_host_and_perhaps_a_port() {
        for text in ["https://search.acme.example", "http://127.0.0.1:9200", "https://[::1]:8443", "http://localhost"] {
            assert_eq!(text.parse::<Origin>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "search.acme.example",
            "ftp://acme.example",
            "https://",
            "https://acme.example/",
            "https://acme.example/path",
            "https://Acme.example",
            "https://user@acme.example",
            "https://acme.example:",
            "https://acme.example:0443",
            "https://acme.example:99999",
            "https://*.acme.example",
            "https://[::1",
            "https://acme.example?x",
            "https://acme.example\\@x",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text:?} was accepted");
        }
    }

    #[test]
    fn an_origin_covers_its_own_addresses_and_no_others() {
        let origin: Origin = "https://acme.example".parse().unwrap();
        for url in
            ["https://acme.example", "https://acme.example/", "https://acme.example/a/b?c#d", "https://acme.example?x"]
        {
            assert!(origin.covers(url), "{url}");
        }
        for url in [
            "http://acme.example/",
            "https://acme.example.evil.example/",
            "https://acme.example@evil.example/",
            "https://acme.example:8443/",
            "https://acme.example\\@evil.example/",
            "https://acme.example#@evil.example/",
            "HTTPS://acme.example/",
            " https://acme.example/",
            "https://evil.example/https://acme.example/",
        ] {
            assert!(!origin.covers(url), "{url}");
        }
    }
}
