//! A shared library in this process: the only place that lets foreign code in.
#![expect(unsafe_code, reason = "loading a library runs its code")]

use super::checked::CheckedFile;
use libloading::os::unix::{Library as Handle, RTLD_LOCAL, RTLD_NOW};
use patchwright_hooks_api::abi::SYMBOL;
use patchwright_hooks_api::abi::import::{Description, Instance, Log, describe};
use patchwright_hooks_api::abi::layout::PluginV1;
use patchwright_hooks_api::{Error, ErrorKind};
use std::error::Error as _;
use std::ffi::c_int;

/// Keeps a library for the life of the process (`dlfcn.h`): one in Rust has threads and thread-local data that unloading would pull
/// the ground from under.
const RTLD_NODELETE: c_int = 0x1000;

/// A loaded library with a plugin in it.
pub(super) struct Library {
    plugin: &'static PluginV1,
    description: Description,
}

impl Library {
    /// Loads a library that was checked, and reads its descriptor.
    pub(super) fn load(file: &CheckedFile) -> Result<Self, Error> {
        let of = |error: &libloading::Error| {
            // The reason is in the source, not in the error itself.
            let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
            Error::new(ErrorKind::Unsupported, format!("can't load the library {}: {why}", file.path().display()))
                .hint("it must be a shared library for this system, and export patchwright_plugin_v1")
        };
        // SAFETY: loading runs the library's initialisers. The site's owner has pinned this very file, and trusts it with that.
        let handle = unsafe { Handle::open(Some(file.own_path()), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) };
        let handle = handle.map_err(|error| of(&error))?;
        // SAFETY: the symbol is looked at as plain data, through `describe`, before it is taken for a descriptor.
        let symbol = unsafe { handle.get::<*const PluginV1>(SYMBOL) }.map_err(|error| of(&error))?;
        let descriptor: *const PluginV1 = symbol.into_raw().cast();
        // SAFETY: an exported symbol has an address in the library's data; its first eight bytes tell what it is, and an honest
        // library that begins so is whole. The sum pins which library that is.
        let description = unsafe { describe(descriptor) }
            .map_err(|error| error.while_doing(format!("the library {}", file.path().display())))?;
        // The library stays loaded for ever, so the descriptor does.
        std::mem::forget(handle);
        // SAFETY: `describe` has found a whole descriptor there.
        Ok(Self { plugin: unsafe { &*descriptor }, description })
    }

    /// What it says of itself.
    pub(super) fn description(&self) -> &Description {
        &self.description
    }

    /// Opens an instance.
    pub(super) fn open(&self, log: Log) -> Result<Instance, Error> {
        // SAFETY: `load` had the descriptor checked, and the library is never unloaded.
        unsafe { Instance::open(self.plugin, log) }
    }
}
