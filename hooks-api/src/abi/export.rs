//! The library's C functions, around [`Answering`].
//!
//! Nothing here is called by hand: [`export_dialect!`](crate::export_dialect) puts it together.
#![expect(unsafe_code, reason = "these are the functions that another language calls with raw pointers")]

use super::answering::Answering;
use super::layout::{ABI_MAJOR, CALL_ANSWERED, CALL_BROKEN, HostV1, Sink};
use crate::dialect::Dialect;
use crate::site::Level;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

/// Exports a dialect from a `cdylib` crate: its name in manifests, and an expression that makes it.
///
/// ```ignore
/// patchwright_hooks_api::export_dialect!("acme", AcmeDialect::default());
/// ```
#[macro_export]
macro_rules! export_dialect {
    ($name:literal, $dialect:expr) => {
        /// What a host looks for.
        #[unsafe(no_mangle)]
        #[allow(non_upper_case_globals, unreachable_pub)]
        pub static patchwright_plugin_v1: $crate::abi::layout::PluginV1 = {
            use $crate::abi::layout::{HostV1, Sink};

            unsafe extern "C" fn open(
                host: *const HostV1,
                sink: Sink,
                sink_context: *mut ::std::ffi::c_void,
                instance: *mut *mut ::std::ffi::c_void,
            ) -> i32 {
                // SAFETY: the host keeps what the header asks of the arguments of `open`.
                unsafe {
                    $crate::abi::export::open(|| ::std::boxed::Box::new($dialect), host, (sink, sink_context), instance)
                }
            }

            $crate::abi::export::descriptor($name, env!("CARGO_PKG_VERSION"), open)
        };
    };
}

/// The host that opened this library. Each library has its own copy of this crate, and so of this.
static HOST: OnceLock<Host> = OnceLock::new();

struct Host {
    log: unsafe extern "C" fn(*mut c_void, u8, *const u8, usize),
    context: *mut c_void,
}

// SAFETY: the header says that `log` may be called from any thread with the context that came with it.
unsafe impl Send for Host {}
// SAFETY: as above.
unsafe impl Sync for Host {}

/// Tells the operator something. In a program that no host has opened, it goes nowhere.
pub fn log(level: Level, message: &str) {
    let Some(host) = HOST.get() else { return };
    let level = match level {
        Level::Debug => 0,
        Level::Info => 1,
        Level::Warn => 2,
    };
    // SAFETY: the text is valid for the length that is given, and the host's struct outlives every instance.
    unsafe { (host.log)(host.context, level, message.as_ptr(), message.len()) }
}

/// The descriptor of a dialect.
pub const fn descriptor(
    name: &'static str,
    version: &'static str,
    open: unsafe extern "C" fn(*const HostV1, Sink, *mut c_void, *mut *mut c_void) -> i32,
) -> super::layout::PluginV1 {
    use super::layout::{FLAG_CONCURRENT, FLAG_UNWINDS, KIND_DIALECT, MAGIC, PluginV1};
    let unwinds = if cfg!(panic = "unwind") { FLAG_UNWINDS } else { 0 };
    PluginV1 {
        magic: MAGIC,
        struct_size: size_of::<PluginV1>() as u32,
        abi_major: ABI_MAJOR,
        abi_minor: super::layout::ABI_MINOR,
        flags: unwinds | FLAG_CONCURRENT,
        kind: KIND_DIALECT.as_ptr().cast(),
        kind_length: KIND_DIALECT.len(),
        name: name.as_ptr().cast(),
        name_length: name.len(),
        version: version.as_ptr().cast(),
        version_length: version.len(),
        open,
        call,
        close,
    }
}

/// Makes an instance.
///
/// # Safety
/// As the header says of `open`: `host` is null or leads to a host that outlives the instance, the sink takes its context, and
/// `instance` can be written to.
pub unsafe fn open(
    dialect: impl FnOnce() -> Box<dyn Dialect>,
    host: *const HostV1,
    (sink, sink_context): (Sink, *mut c_void),
    instance: *mut *mut c_void,
) -> i32 {
    // SAFETY: the host is null or valid.
    if let Some(host) = unsafe { host.as_ref() } {
        HOST.get_or_init(|| Host { log: host.log, context: host.context });
    }
    match catch_unwind(AssertUnwindSafe(|| Answering::new(dialect()))) {
        Ok(answering) => {
            // SAFETY: the caller lets us write there. `close` takes the box back.
            unsafe { *instance = Box::into_raw(Box::new(answering)).cast() };
            CALL_ANSWERED
        }
        Err(_) => {
            let why = b"the plugin panicked when it was opened";
            // SAFETY: the bytes are valid for their length, and the context is the sink's.
            unsafe { sink(sink_context, why.as_ptr(), why.len()) };
            CALL_BROKEN
        }
    }
}

unsafe extern "C" fn call(
    instance: *mut c_void,
    request: *const u8,
    length: usize,
    sink: Sink,
    sink_context: *mut c_void,
) -> i32 {
    if instance.is_null() || request.is_null() {
        return CALL_BROKEN;
    }
    // SAFETY: `open` made the instance, and the host does not use it after `close`.
    let answering = unsafe { &*instance.cast::<Answering>() };
    // SAFETY: the host gives a request that is valid for its length until this function returns.
    let request = unsafe { std::slice::from_raw_parts(request, length) };
    let Ok(reply) = catch_unwind(AssertUnwindSafe(|| answering.answer(request))) else { return CALL_BROKEN };
    // SAFETY: the reply is valid for its length, and the context is the sink's.
    unsafe { sink(sink_context, reply.as_ptr(), reply.len()) };
    CALL_ANSWERED
}

unsafe extern "C" fn close(instance: *mut c_void) {
    if instance.is_null() {
        return;
    }
    // SAFETY: `open` made the box, and the host closes an instance once.
    let answering = unsafe { Box::from_raw(instance.cast::<Answering>()) };
    let _ = catch_unwind(AssertUnwindSafe(move || drop(answering)));
}
