//! The web, behind a seam: the engine knows no network, and front ends hand in who asks an address.

use patchwright_hooks_api::{Error, WebAnswer, WebRequest};
use std::time::Duration;

/// Asks addresses.
pub trait Web: Send + Sync {
    /// Asks an address once. Other addresses that it points to are not asked.
    ///
    /// # Errors
    /// When there is no answer within the time.
    fn ask(&self, request: &WebRequest, timeout: Duration) -> Result<WebAnswer, Error>;

    /// Looks whether this is an address that can be asked.
    ///
    /// # Errors
    /// When it is none.
    fn check(&self, url: &str) -> Result<(), Error>;
}
