//! The few verbs that change a site. All that steps and scripts do comes down to these.

use crate::dialect::Statement;
use crate::error::Error;
use crate::path::SitePath;
use crate::site::SiteView;

/// The site, to be changed: the rehearsal's picture of it or the journaled site itself, a step can't tell which.
///
/// Directories above a path that is written are made where they are missing. What is done is seen at once by everything
/// that comes after it, and is in force only when the whole patch is.
pub trait SiteEditor: SiteView {
    /// This site, to be looked at.
    fn view(&self) -> &dyn SiteView;

    /// Puts `bytes` at the path, as a new file or in place of an old one. `mode` holds permission bits; `None` keeps the
    /// old file's, or gives a new one 0644.
    ///
    /// # Errors
    /// When something other than a file stands there, or a directory above is not one.
    fn write(&mut self, path: &SitePath, bytes: &[u8], mode: Option<u32>) -> Result<(), Error>;

    /// Puts a member of the patch's archive at the path, without a copy through memory. Otherwise as
    /// [`SiteEditor::write`].
    ///
    /// # Errors
    /// As [`SiteEditor::write`], and when the archive has no such member.
    fn install(&mut self, payload: &str, path: &SitePath, mode: Option<u32>) -> Result<(), Error>;

    /// Removes a file, or a directory that is empty.
    ///
    /// # Errors
    /// When nothing stands there, or the directory is not empty.
    fn remove(&mut self, path: &SitePath) -> Result<(), Error>;

    /// Gives a file or directory other permission bits.
    ///
    /// # Errors
    /// When nothing stands there.
    fn set_mode(&mut self, path: &SitePath, mode: u32) -> Result<(), Error>;

    /// Makes a directory with these permission bits. One that is there already is left as it is.
    ///
    /// # Errors
    /// When something else stands there.
    fn make_dir(&mut self, path: &SitePath, mode: u32) -> Result<(), Error>;

    /// Runs one statement that changes the database, and gives the number of rows that it touched.
    ///
    /// `inverse` takes it back when the patch is rolled back later: `None` if nobody knows how, empty if there is
    /// nothing to take back. The engine owns the transaction; a statement that begins or ends one is refused.
    ///
    /// # Errors
    /// When the statement is refused, or the database fails it.
    fn execute(&mut self, statement: &Statement, inverse: Option<Vec<Statement>>) -> Result<u64, Error>;
}
