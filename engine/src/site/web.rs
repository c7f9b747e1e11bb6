//! The web, behind a seam: the engine knows no network, and front ends hand in who asks an address.

use patchwright_hooks_api::Error;
use std::time::Duration;

/// What an address answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The status, such as 200.
    pub status: u16,
    /// The beginning of what it said.
    pub text: String,
}

/// Asks addresses.
pub trait Web: Send + Sync {
    /// Asks an address once. Other addresses that it points to are not asked.
    ///
    /// # Errors
    /// When there is no answer within the time.
    fn get(&self, url: &str, timeout: Duration) -> Result<Page, Error>;

    /// Looks whether this is an address that can be asked.
    ///
    /// # Errors
    /// When it is none.
    fn check(&self, url: &str) -> Result<(), Error>;
}
