//! The site that the tests of the engine begin with.

use patchwright_engine::{Engine, SiteSpec};
use std::collections::BTreeMap;
use std::path::Path;

/// Makes the folder, whose root is `public`, the site `acme 1.0`, with a ledger of its own.
pub(crate) fn make(engine: &Engine, folder: &Path) {
    let spec = SiteSpec {
        folder: folder.to_owned(),
        root: "public".into(),
        product: "acme".into(),
        version: "1.0".parse().unwrap(),
        components: BTreeMap::new(),
        database: None,
        table_prefix: String::new(),
        by: "test".into(),
    };
    engine.init(&spec).unwrap();
}
