//! The module `http`.

use super::super::parse;
use patchwright_conformance::FakeSite;
use patchwright_hooks_api::{Error, ErrorKind, WebMethod};

const ELEMENT: &str = "<script><reaches origin='http://127.0.0.1:9200'/></script>";

fn site() -> FakeSite {
    let origins = ["http://127.0.0.1:9200", "https://acme.example"];
    FakeSite::new().with_facts(|facts| facts.origins = origins.map(|origin| origin.parse().unwrap()).to_vec())
}

/// The site after the hook with this body has run.
fn after(body: &str) -> Result<FakeSite, Error> {
    let step = parse(site(), &format!("fn after() {{ {body} }}"), ELEMENT).unwrap();
    let mut site = site();
    step.after(&mut site).map(|()| site)
}

#[test]
fn a_script_asks_whom_it_declares_and_the_owner_grants() {
    // A44
    let body = r#"
        let answer = http::get("http://127.0.0.1:9200/_cat?v");
        print(`${answer.status} ${answer.body}`);
        http::post("http://127.0.0.1:9200/a", "{}", #{"Content-Type": "application/json"});
        http::put("http://127.0.0.1:9200/b", "x");
        http::delete("http://127.0.0.1:9200/c");"#;
    let site = after(body).unwrap();
    assert_eq!(site.logged()[0].1, "200 GET http://127.0.0.1:9200/_cat?v");
    let asked = site.requests().iter().map(|request| (request.method, request.body.as_deref(), request.headers.len()));
    let expected = [
        (WebMethod::Get, None, 0),
        (WebMethod::Post, Some("{}"), 1),
        (WebMethod::Put, Some("x"), 0),
        (WebMethod::Delete, None, 0),
    ];
    assert_eq!(asked.collect::<Vec<_>>(), expected);
}

#[test]
fn what_is_not_declared_or_not_granted_is_not_asked() {
    for url in [
        "https://acme.example/",
        "http://127.0.0.1:9200@evil.example/",
        "http://127.0.0.1:92001/",
        "file:///etc/passwd",
    ] {
        assert_eq!(after(&format!("http::get(\"{url}\")")).map(drop).unwrap_err().kind, ErrorKind::Refused, "{url}");
    }
    let step = parse(site(), "fn after() { }", ELEMENT).unwrap();
    assert_eq!(step.summary(), "script upgrade.rhai: after(); reaches http://127.0.0.1:9200");
    assert!(step.check(&site()).unwrap().is_empty());
    assert!(step.check(&FakeSite::new()).unwrap()[0].is_blocker(), "it is not granted");
    for wrong in ["<script><reaches/></script>", "<script><reaches origin='https://acme.example/path'/></script>"] {
        assert!(parse(site(), "fn after() { }", wrong).unwrap_err().position.is_some(), "{wrong}");
    }
}

#[test]
fn a_hook_that_only_looks_asks_nobody() {
    for hook in ["preflight", "verify"] {
        let step = parse(site(), &format!("fn {hook}() {{ http::get(\"http://127.0.0.1:9200/\") }}"), ELEMENT).unwrap();
        let ended = if hook == "verify" { step.verify(&site()) } else { step.check(&site()).map(drop) };
        assert_eq!(ended.unwrap_err().kind, ErrorKind::Refused, "{hook}");
    }
}

#[test]
fn nobody_is_asked_without_end() {
    let error = after("loop { http::get(\"http://127.0.0.1:9200/\") }").map(drop).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Limit);
    assert_eq!(error.message, "in after(): a hook has a limit of 1000 requests to the web");
}

#[test]
fn what_is_no_header_is_refused() {
    for body in ["http::get(\"http://127.0.0.1:9200/\", 1)", "http::get(\"http://127.0.0.1:9200/\", #{a: 1})"] {
        assert_eq!(after(body).map(drop).unwrap_err().kind, ErrorKind::Invalid, "{body}");
    }
}
