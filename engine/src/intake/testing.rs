//! Archives and step kinds for this module's tests.

use super::{IntakeError, Limits, Patch, StepKinds, read_patch};
use crate::site::contents::Scratch;
use patchwright_hooks_api::{Element, Error, Finding, Payload, SiteEditor, SiteView, Step, StepKind};
use std::io::Write;
use std::sync::Arc;
use tar::{EntryType, Header};

/// A manifest with these steps, good in every other respect.
pub(super) fn manifest(steps: &str) -> String {
    format!(
        "<patch format=\"1\" product=\"acme\" id=\"acme-1.0.1\" from=\"1.0.0\" to=\"1.0.1\" severity=\"critical\">\
         <title>Fix</title><steps>{steps}</steps></patch>"
    )
}

/// A tar header and its content, with whatever a test wants to be wrong.
pub(super) fn entry(name: &[u8], kind: EntryType, content: &[u8]) -> Vec<u8> {
    let mut header = Header::new_ustar();
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_entry_type(kind);
    header.set_mode(0o644);
    raw_entry(header, content)
}

/// An entry of a header that is complete but for its size and checksum.
pub(super) fn raw_entry(mut header: Header, content: &[u8]) -> Vec<u8> {
    header.set_size(content.len() as u64);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

/// A regular file.
pub(super) fn file(name: &str, content: &[u8]) -> Vec<u8> {
    entry(name.as_bytes(), EntryType::Regular, content)
}

/// A PAX record.
pub(super) fn pax(key: &str, value: &str) -> Vec<u8> {
    let body = format!(" {key}={value}\n");
    let digits = (body.len() + 2).to_string().len();
    format!("{}{body}", body.len() + digits).into_bytes()
}

/// The entries, and the mark of the end.
pub(super) fn tar(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = entries.concat();
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

/// `entries` after a manifest that uses all of `members`.
pub(super) fn patch_with(members: &[&str], entries: &[Vec<u8>]) -> Vec<u8> {
    let steps: String = members.iter().map(|name| format!("<use payload=\"{name}\"/>")).collect();
    let mut all = vec![file("patch.xml", manifest(&format!("<use/>{steps}")).as_bytes())];
    all.extend_from_slice(entries);
    tar(&all)
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Reads a patch out of bytes.
pub(super) fn read(bytes: &[u8]) -> Result<Patch, IntakeError> {
    read_within(bytes, &Limits::default())
}

/// Reads a patch out of bytes below limits.
pub(super) fn read_within(bytes: &[u8], limits: &Limits) -> Result<Patch, IntakeError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    read_patch(file.path(), Arc::new(Scratch::new()), &Uses, limits, &|_| {})
}

/// Knows the element `<use payload=""/>` alone.
pub(super) struct Uses;

impl StepKinds for Uses {
    fn kind(&self, element: &str) -> Option<&dyn StepKind> {
        (element == "use").then_some(self)
    }

    fn known(&self) -> Vec<&'static str> {
        vec!["use"]
    }
}

impl StepKind for Uses {
    fn elements(&self) -> &'static [&'static str] {
        &["use"]
    }

    fn parse(&self, element: &Element, payload: &dyn Payload) -> Result<Box<dyn Step>, Error> {
        element.only(&["payload"], &[])?;
        match element.attribute("payload") {
            Some(name) if payload.entry(name).is_none() => Err(Error::missing(format!("no payload {name}"))),
            name => Ok(Box::new(Use(format!("{}{}", name.unwrap_or_default(), element.text())))),
        }
    }
}

#[derive(Debug)]
struct Use(String);

impl Step for Use {
    fn summary(&self) -> String {
        self.0.clone()
    }

    fn check(&self, _site: &dyn SiteView) -> Result<Vec<Finding>, Error> {
        Ok(Vec::new())
    }

    fn apply(&self, _site: &mut dyn SiteEditor) -> Result<(), Error> {
        Ok(())
    }
}
