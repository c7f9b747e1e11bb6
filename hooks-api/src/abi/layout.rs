//! What both sides agree on, byte for byte. Structs grow at the end alone, and say how long they are.
//!
//! `docs/dialect-abi.md` has the same as a C header; a test holds the two against each other.

use std::ffi::{c_char, c_void};

/// The exported symbol, with the final NUL that a C string has.
pub const SYMBOL: &[u8] = b"patchwright_plugin_v1\0";
/// What every descriptor begins with: `PWPL` in ASCII.
pub const MAGIC: u32 = 0x5057_504c;
/// Grows when an old library can't be spoken to any more. It has nothing to do with the product's version.
pub const ABI_MAJOR: u16 = 1;
/// Grows when something is added that an old side may leave out.
pub const ABI_MINOR: u16 = 0;
/// The kind of plugin that this header describes so far.
pub const KIND_DIALECT: &str = "dialect";

/// Flag: a panic or exception unwinds to the boundary and is caught there. Without it a library runs isolated only.
pub const FLAG_UNWINDS: u32 = 1;
/// Flag: several connections may be used at once, each by one thread; and `cancel` beside them.
pub const FLAG_CONCURRENT: u32 = 2;

/// The request was answered; an error of the dialect is an answer too.
pub const CALL_ANSWERED: i32 = 0;
/// The request could not be answered at all; the instance is not to be used again.
pub const CALL_BROKEN: i32 = 1;

/// Takes `length` bytes of a reply. May be called several times; the parts are put together in order.
pub type Sink = unsafe extern "C" fn(context: *mut c_void, data: *const u8, length: usize);

/// What the host gives to a plugin. It stays valid until the plugin's last instance is closed.
#[repr(C)]
#[derive(Debug)]
pub struct HostV1 {
    /// The size of this struct as the host knows it.
    pub struct_size: u32,
    /// The host's [`ABI_MAJOR`].
    pub abi_major: u16,
    /// The host's [`ABI_MINOR`].
    pub abi_minor: u16,
    /// To be handed to the host's functions.
    pub context: *mut c_void,
    /// Tells the operator something: level 0 debug, 1 info, 2 warning, and a text in UTF-8. May be called from any thread.
    pub log: unsafe extern "C" fn(context: *mut c_void, level: u8, message: *const u8, length: usize),
    /// Asks the host something, in the same notation as requests to a plugin. So far it answers `unsupported` to everything.
    pub call: unsafe extern "C" fn(
        context: *mut c_void,
        request: *const u8,
        length: usize,
        sink: Sink,
        sink_context: *mut c_void,
    ) -> i32,
}

/// What a plugin exports. All of it is constant.
#[repr(C)]
#[derive(Debug)]
pub struct PluginV1 {
    /// [`MAGIC`].
    pub magic: u32,
    /// The size of this struct as the plugin knows it.
    pub struct_size: u32,
    /// The [`ABI_MAJOR`] that the plugin was built for.
    pub abi_major: u16,
    /// The [`ABI_MINOR`] that the plugin was built for.
    pub abi_minor: u16,
    /// [`FLAG_UNWINDS`], [`FLAG_CONCURRENT`].
    pub flags: u32,
    /// [`KIND_DIALECT`], in UTF-8 without a final NUL.
    pub kind: *const c_char,
    /// Its length in bytes.
    pub kind_length: usize,
    /// The dialect's name, such as `firebird`.
    pub name: *const c_char,
    /// Its length in bytes.
    pub name_length: usize,
    /// The plugin's own version.
    pub version: *const c_char,
    /// Its length in bytes.
    pub version_length: usize,
    /// Makes an instance and writes it to `instance`. Gives [`CALL_ANSWERED`], or anything else with the reason in the sink.
    pub open: unsafe extern "C" fn(
        host: *const HostV1,
        sink: Sink,
        sink_context: *mut c_void,
        instance: *mut *mut c_void,
    ) -> i32,
    /// Answers one request, a JSON text in UTF-8, with one reply through the sink.
    pub call: unsafe extern "C" fn(
        instance: *mut c_void,
        request: *const u8,
        length: usize,
        sink: Sink,
        sink_context: *mut c_void,
    ) -> i32,
    /// Closes the instance with all its connections; open transactions are taken back.
    pub close: unsafe extern "C" fn(instance: *mut c_void),
}

#[expect(unsafe_code, reason = "the descriptor is constant data and functions, which any thread may read and call")]
// SAFETY: a descriptor is never written after it was made, and its pointers lead to constants of the library.
unsafe impl Sync for PluginV1 {}
