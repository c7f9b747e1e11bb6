//! The module `patcher`.

use super::super::{parse, said};
use patchwright_conformance::FakeSite;
use patchwright_hooks_api::{Error, ErrorKind, PatcherFacts};

fn site() -> FakeSite {
    FakeSite::new().payload("p/program", "p").payload("p/firebird.so", "f").with_facts(|facts| {
        facts.patcher = Some(PatcherFacts {
            version: "0.1.0".parse().unwrap(),
            platform: "x86_64-linux".to_owned(),
            plugins: [("firebird".to_owned(), patchwright_hooks_api::site::Sum([1; 32]))].into(),
        });
    })
}

fn replaced(body: &str) -> Result<FakeSite, Error> {
    let element = "<script><uses payload='p/program'/><uses payload='p/firebird.so'/></script>";
    let step = parse(site(), &format!("fn upgrade() {{ {body} }}"), element).unwrap();
    let mut site = site();
    step.apply(&mut site)?;
    Ok(site)
}

#[test]
fn a_script_knows_the_patcher_if_patches_may_replace_it() {
    let body = "print(patcher::version()); print(patcher::platform()); print(patcher::plugins().firebird.len)";
    assert_eq!(said(site(), body), ["0.1.0", "x86_64-linux", "64"]);
    assert_eq!(said(FakeSite::new(), "print(patcher::version() == ())"), ["true"]);
}

#[test]
fn a_script_puts_a_declared_program_with_its_plugins_in_the_patchers_place() {
    // A18
    let site = replaced(r#"patcher::replace("0.2.0", "p/program", #{ firebird: "p/firebird.so" })"#).unwrap();
    let new = site.new_patcher().unwrap();
    let program = new.program.as_ref().unwrap();
    assert_eq!((program.version.to_string().as_str(), program.member.as_str()), ("0.2.0", "p/program"));
    assert_eq!(new.plugins.get("firebird").map(String::as_str), Some("p/firebird.so"));
}

#[test]
fn a_script_puts_declared_plugins_alone_in_the_place_of_the_sites() {
    // A18
    let site = replaced(r#"patcher::replace_plugins(#{ firebird: "p/firebird.so" })"#).unwrap();
    let new = site.new_patcher().unwrap();
    assert_eq!((new.program.is_none(), new.plugins["firebird"].as_str()), (true, "p/firebird.so"));
}

#[test]
fn what_can_not_take_the_patchers_place_is_refused() {
    for (body, kind) in [
        (r#"patcher::replace("0.2.0", "p/other")"#, ErrorKind::Refused),
        (r#"patcher::replace("0.2.0", "p/program", #{ x: "p/other" })"#, ErrorKind::Refused),
        (r#"patcher::replace("0.2.0", "p/program", 7)"#, ErrorKind::Invalid),
        (r#"patcher::replace_plugins(#{ x: "p/other" })"#, ErrorKind::Refused),
        (r#"patcher::replace("", "p/program")"#, ErrorKind::Invalid),
        (r#"patcher::replace("1", "p/program"); patcher::replace("2", "p/program")"#, ErrorKind::Conflict),
    ] {
        assert_eq!(replaced(body).map(drop).unwrap_err().kind, kind, "{body}");
    }
}
