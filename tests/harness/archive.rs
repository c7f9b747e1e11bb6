//! Writes patches: a manifest of steps and a few members, as a tar archive in a temporary file.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use tempfile::TempPath;

/// A patch being written.
pub struct ArchiveBuilder {
    id: String,
    from: String,
    to: String,
    component: String,
    requires: String,
    steps: String,
    members: Vec<(String, Vec<u8>)>,
}

impl ArchiveBuilder {
    /// A patch of `acme-cms` from one version to another, whose id is the product and the version that it brings.
    pub fn new(from: &str, to: &str) -> Self {
        let id = format!("acme-cms-{to}");
        Self {
            id,
            from: from.into(),
            to: to.into(),
            component: String::new(),
            requires: String::new(),
            steps: String::new(),
            members: Vec::new(),
        }
    }

    /// Makes it a patch of a component, whose name is in its id then.
    #[must_use]
    pub fn component(self, name: &str) -> Self {
        Self { id: format!("{name}-{}", self.to), component: format!("component='{name}'"), ..self }
    }

    /// Requires a patch to be in force.
    #[must_use]
    pub fn requires(mut self, id: &str) -> Self {
        write!(self.requires, "<patch id='{id}'/>").unwrap();
        self
    }

    /// Adds a step as the manifest writes it.
    #[must_use]
    pub fn step(mut self, element: impl std::fmt::Display) -> Self {
        writeln!(self.steps, "    {element}").unwrap();
        self
    }

    /// Adds a member.
    #[must_use]
    pub fn member(mut self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.members.push((name.to_owned(), bytes.as_ref().to_vec()));
        self
    }

    /// Adds a new file, with the member that holds it.
    #[must_use]
    pub fn add(self, path: &str, bytes: &str, attributes: &str) -> Self {
        let sum = patchwright_conformance::sha256(bytes);
        self.member(&format!("files/{path}"), bytes)
            .step(format_args!("<add path='{path}' sha256='{sum}' {attributes}/>"))
    }

    /// Adds a file that replaces one with the bytes `old`.
    #[must_use]
    pub fn overwrite(self, path: &str, old: &str, new: &str, attributes: &str) -> Self {
        let (was, is) = (patchwright_conformance::md5(old), patchwright_conformance::sha256(new));
        self.member(&format!("files/{path}"), new)
            .step(format_args!("<overwrite path='{path}' md5='{was}' sha256='{is}' {attributes}/>"))
    }

    /// Adds the removal of a file with the bytes `old`.
    #[must_use]
    pub fn delete(self, path: &str, old: &str) -> Self {
        let was = patchwright_conformance::md5(old);
        self.step(format_args!("<delete path='{path}' md5='{was}'/>"))
    }

    /// Writes the archive.
    pub fn archive(self) -> Archive {
        let Self { id, from, to, component, requires, steps, members } = self;
        // A component that is not there has no version to start from.
        let start = if from.is_empty() { String::new() } else { format!("from='{from}'") };
        let manifest = format!(
            "<patch format='1' product='acme-cms' {component} id='{id}' {start} to='{to}' severity='important'>\n  \
             <title>From {from} to {to}</title>\n  <requires>{requires}</requires>\n  <steps>\n{steps}  </steps>\n</patch>\n"
        );
        let mut tar = tar::Builder::new(Vec::new());
        let manifest = ("patch.xml".to_owned(), manifest.into_bytes());
        for (name, bytes) in std::iter::once(manifest).chain(members) {
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, name, bytes.as_slice()).unwrap();
        }
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&tar.into_inner().unwrap()).unwrap();
        Archive(file.into_temp_path())
    }
}

/// An archive on the machine that runs the tests, which goes with this value.
pub struct Archive(TempPath);

impl Archive {
    /// Where it lies.
    pub fn path(&self) -> PathBuf {
        self.0.to_path_buf()
    }
}
