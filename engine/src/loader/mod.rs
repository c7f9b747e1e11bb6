//! Dialects from shared libraries: found in the site's configuration, checked, and opened in this process or in one of their own.
//!
//! A library's code can do whatever this process can. So nothing is loaded that the site's owner has not pinned by its sum, and
//! never from a patch. Isolation keeps a plugin's crash, hang or leak away from the engine; it is no jail.

mod checked;
mod child;
mod library;

pub use crate::site::config::DialectLibrary;
pub use checked::{CheckedFile, Pinned};
use child::Child;
pub use child::{HostProgram, host};
use library::Library;
use patchwright_hooks_api::abi::RemoteDialect;
use patchwright_hooks_api::abi::import::Description;
use patchwright_hooks_api::{Dialect, Error, ErrorKind, Level, Sha256};
use std::sync::Arc;

/// Who is told what plugins say.
pub type Log = Arc<dyn Fn(Level, &str) + Send + Sync>;

/// What the engine loads plugins with.
#[derive(Clone)]
pub struct Loader {
    /// The program that an isolated plugin runs in; `None`: this program has none, and isolation is refused.
    pub host: Option<HostProgram>,
    /// Who is told what plugins say.
    pub log: Log,
}

impl Default for Loader {
    fn default() -> Self {
        Self { host: None, log: Arc::new(|_, _| {}) }
    }
}

impl Loader {
    /// Opens a dialect.
    ///
    /// # Errors
    /// When the library is not the one that is configured, others may write to it, or it is no dialect for this engine.
    pub fn dialect(&self, plugin: &DialectLibrary) -> Result<Arc<dyn Dialect>, Error> {
        self.open(plugin).map_err(|error| error.while_doing(format!("the dialect {}", plugin.name)))
    }

    fn open(&self, plugin: &DialectLibrary) -> Result<Arc<dyn Dialect>, Error> {
        let dialect = if plugin.isolate {
            let host = self.host.clone().ok_or_else(|| {
                Error::new(ErrorKind::Unsupported, "this program can't run a plugin in a process of its own")
                    .hint("use the patchwright command, or leave isolate out if you trust the plugin with this process")
            })?;
            // The other process checks it again, before it loads it: this is for the message.
            CheckedFile::open(Pinned::ByConfiguration, &plugin.library, Some(plugin.sha256))?;
            RemoteDialect::open(Arc::new(Child::start(host, plugin.clone(), self.log.clone())?))?
        } else {
            let library =
                Library::load(&CheckedFile::open(Pinned::ByConfiguration, &plugin.library, Some(plugin.sha256))?)?;
            let description = library.description();
            if !description.unwinds {
                return Err(Error::refused("a panic in this plugin would end the whole program")
                    .hint("set isolate = true, and it runs in a process of its own"));
            }
            let log = self.log.clone();
            RemoteDialect::open(Arc::new(library.open(Box::new(move |level, message| log(level, message)))?))?
        };
        let says = dialect.info().name;
        if says != plugin.name {
            return Err(Error::refused(format!("the library {} is the dialect {says}", plugin.library.display()))
                .hint("correct name or library in the site's configuration"));
        }
        Ok(Arc::new(dialect))
    }
}

/// What a library says of itself, and its sum: for who is about to configure it. Its code is loaded, and none of it is called.
///
/// # Errors
/// As [`Loader::dialect`], but for the sum.
pub fn inspect(library: &std::path::Path) -> Result<(Description, Sha256), Error> {
    let file = CheckedFile::open(Pinned::ByConfiguration, library, None)?;
    Ok((Library::load(&file)?.description().clone(), file.sha256()))
}
