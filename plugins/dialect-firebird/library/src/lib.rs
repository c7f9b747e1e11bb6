//! The Firebird dialect as a library for Patchwright to load: nothing but the export.

patchwright_hooks_api::export_dialect!("firebird", patchwright_dialect_firebird::Firebird);
