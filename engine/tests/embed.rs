//! The example for integrators works as it stands.

#![allow(clippy::unwrap_used, reason = "clippy takes the helpers of tests for code that ships")]

#[path = "../examples/embed.rs"]
#[allow(dead_code, reason = "the test calls what the example's main calls")]
mod embed;

use patchwright_dialect_sqlite::Sqlite;
use patchwright_engine::{Engine, SiteSpec};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

const MANIFEST: &str = "\
<patch format='1' product='acme' id='acme-1.1' from='1.0' to='1.1' severity='security'>
  <title>A greeting and a farewell</title>
  <steps>
    <alter path='index.php'><replace><from>hello</from><to>good day</to></replace></alter>
    <overwrite path='footer.php' md5='d41d8cd98f00b204e9800998ecf8427e' sha256='SUM'/>
  </steps>
</patch>";
/// The SHA-256 of `new\\n`.
const SUM_OF_NEW: &str = "7aa7a5359173d05b63cfd682e3c38487f3cb4f7f1d60659fe59fab1505977d4c";

fn pack(archive: &Path) {
    let mut tar = tar::Builder::new(fs::File::create(archive).unwrap());
    for (name, text) in [("patch.xml", MANIFEST.replace("SUM", SUM_OF_NEW)), ("files/footer.php", "new\n".to_owned())] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap();
}

#[test]
fn an_integrator_applies_a_patch_decides_and_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("public");
    fs::create_dir(&root).unwrap();
    fs::write(root.join("index.php"), "hello\n").unwrap();
    fs::write(root.join("footer.php"), "changed locally\n").unwrap();
    let spec = SiteSpec {
        folder: folder.path().to_owned(),
        root: "public".into(),
        product: "acme".into(),
        version: "1.0".parse().unwrap(),
        components: BTreeMap::new(),
        database: None,
        table_prefix: String::new(),
        by: "test".into(),
    };
    Engine::builder().dialect(Sqlite).build().init(&spec).unwrap();
    let archive = folder.path().join("acme-1.1.tar");
    pack(&archive);

    let told = Mutex::new(Vec::new());
    let version =
        embed::run(folder.path(), &[archive], |line: &str| told.lock().unwrap().push(line.to_owned())).unwrap();

    assert_eq!(version, "1.1");
    assert_eq!(fs::read_to_string(root.join("index.php")).unwrap(), "good day\n");
    assert_eq!(fs::read_to_string(root.join("footer.php")).unwrap(), "changed locally\n");
    assert_eq!(told.lock().unwrap().last().unwrap(), "now at 1.1");
}
