//! The host's side of the C functions: an opened instance as a [`Transport`].
#![expect(unsafe_code, reason = "these are calls of functions of another library with raw pointers")]

use super::layout::{
    ABI_MAJOR, ABI_MINOR, CALL_ANSWERED, CALL_BROKEN, FLAG_CONCURRENT, FLAG_UNWINDS, HostV1, KIND_DIALECT, MAGIC,
    PluginV1, Sink,
};
use super::message::Reply;
use super::remote::Transport;
use crate::error::{Error, ErrorKind};
use crate::site::Level;
use std::ffi::{c_char, c_void};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The most bytes of one reply: what a query may give, in JSON, and then some.
pub const MAX_REPLY_BYTES: usize = 1024 * 1024 * 1024;

/// Who is told what a plugin says.
pub type Log = Box<dyn Fn(Level, &str) + Send + Sync>;

/// What a library says of itself, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The dialect's name.
    pub name: String,
    /// The plugin's own version.
    pub version: String,
    /// The ABI that it was built for: major and minor number.
    pub abi: (u16, u16),
    /// Whether a panic stops at the boundary. If not, it would end the host.
    pub unwinds: bool,
    /// Whether several connections may be used at once.
    pub concurrent: bool,
}

/// Reads what a library says of itself.
///
/// # Errors
/// When it is no plugin, or one for another host.
///
/// # Safety
/// `descriptor` leads to at least eight readable bytes, and to a whole [`PluginV1`] whose texts are valid if these eight are the
/// magic number and a size that is not smaller.
pub unsafe fn describe(descriptor: *const PluginV1) -> Result<Description, Error> {
    let refused = |why: String| Err(Error::refused(why).hint("ask the plugin's author for one that fits this version"));
    // SAFETY: the magic number and the size are the first eight bytes.
    let (magic, size) = unsafe { (descriptor.cast::<u32>().read(), descriptor.cast::<u32>().add(1).read()) };
    if magic != MAGIC {
        return refused(format!(
            "its descriptor begins with {magic:#010x} and not with {MAGIC:#010x}: it is no plugin"
        ));
    }
    if (size as usize) < size_of::<PluginV1>() {
        return refused(format!("its descriptor has {size} bytes and not {}", size_of::<PluginV1>()));
    }
    // SAFETY: it says that it is whole.
    let plugin = unsafe { &*descriptor };
    if plugin.abi_major != ABI_MAJOR {
        return refused(format!("it is for the plugin ABI {} and this host has {ABI_MAJOR}", plugin.abi_major));
    }
    // SAFETY: the texts of a whole descriptor are constants of the library.
    let (kind, name, version) = unsafe {
        (
            text(plugin.kind, plugin.kind_length)?,
            text(plugin.name, plugin.name_length)?,
            text(plugin.version, plugin.version_length)?,
        )
    };
    if kind != KIND_DIALECT {
        return refused(format!("it is a plugin of the kind {kind:?}, and only {KIND_DIALECT} is known"));
    }
    Ok(Description {
        name,
        version,
        abi: (plugin.abi_major, plugin.abi_minor),
        unwinds: plugin.flags & FLAG_UNWINDS != 0,
        concurrent: plugin.flags & FLAG_CONCURRENT != 0,
    })
}

/// An opened instance of a plugin in this process.
pub struct Instance {
    plugin: &'static PluginV1,
    instance: *mut c_void,
    /// Never moved or freed: a plugin may log until it is closed, and a thread of its own even longer.
    _host: &'static HostV1,
    broken: AtomicBool,
    /// Held during a call where the plugin can't answer two at once.
    turn: Option<Mutex<()>>,
}

// SAFETY: the header says that an instance may be called from any thread; `turn` keeps calls apart where they have to be.
unsafe impl Send for Instance {}
// SAFETY: as above.
unsafe impl Sync for Instance {}

impl Instance {
    /// Opens an instance.
    ///
    /// # Errors
    /// When the plugin says why it can't be opened.
    ///
    /// # Safety
    /// [`describe`] has accepted `plugin`, and its library is never unloaded.
    pub unsafe fn open(plugin: &'static PluginV1, log: Log) -> Result<Self, Error> {
        let host: &'static HostV1 = Box::leak(Box::new(HostV1 {
            struct_size: u32::try_from(size_of::<HostV1>()).unwrap_or(u32::MAX),
            abi_major: ABI_MAJOR,
            abi_minor: ABI_MINOR,
            context: Box::into_raw(Box::new(log)).cast(),
            log: host_log,
            call: host_call,
        }));
        let mut instance = std::ptr::null_mut();
        let mut said = Received::default();
        // SAFETY: the host lives for ever, the sink's context is `said`, and `instance` can be written to.
        let code = unsafe { (plugin.open)(host, receive, (&raw mut said).cast(), &raw mut instance) };
        if code != CALL_ANSWERED || instance.is_null() {
            let why = String::from_utf8_lossy(&said.bytes).into_owned();
            let why = if why.is_empty() { format!("it gave {code} and no reason") } else { why };
            return Err(Error::new(ErrorKind::Unsupported, format!("the plugin can't be opened: {why}")));
        }
        let turn = (plugin.flags & FLAG_CONCURRENT == 0).then(Mutex::default);
        Ok(Self { plugin, instance, _host: host, broken: AtomicBool::new(false), turn })
    }
}

impl Instance {
    /// Calls the plugin, whoever else does.
    fn ask(&self, request: &[u8]) -> Result<Vec<u8>, Error> {
        let broken = |why: &str| {
            self.broken.store(true, Ordering::Release);
            Err(Error::new(ErrorKind::Internal, format!("the plugin {why}"))
                .hint("this is a fault of the plugin: report it to its author; isolate = true keeps it in a process of its own"))
        };
        if self.broken.load(Ordering::Acquire) {
            return broken("has failed before, and is not asked again");
        }
        let mut reply = Received::default();
        // SAFETY: the request is valid for its length, the sink's context is `reply`, and the instance is open.
        let code = unsafe {
            (self.plugin.call)(self.instance, request.as_ptr(), request.len(), receive, (&raw mut reply).cast())
        };
        match (code, reply.too_long) {
            (CALL_ANSWERED, false) => Ok(reply.bytes),
            (CALL_ANSWERED, true) => broken(&format!("gave a reply of more than {MAX_REPLY_BYTES} bytes")),
            (code, _) => broken(&format!("did not answer, and gave {code}")),
        }
    }
}

impl Transport for Instance {
    fn call(&self, request: &[u8]) -> Result<Vec<u8>, Error> {
        let _turn = self.turn.as_ref().map(|turn| turn.lock().unwrap_or_else(PoisonError::into_inner));
        self.ask(request)
    }

    fn cancel(&self, request: &[u8]) -> Result<(), Error> {
        if self.turn.is_some() {
            return Err(Error::new(ErrorKind::Unsupported, "the plugin answers one request at a time"));
        }
        super::read(&self.ask(request)?)
    }

    fn for_connection(self: Arc<Self>) -> Result<Arc<dyn Transport>, Error> {
        Ok(self)
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // SAFETY: the instance is open, and this is the last time that it is used.
        unsafe { (self.plugin.close)(self.instance) }
    }
}

/// What a sink has taken so far.
#[derive(Default)]
struct Received {
    bytes: Vec<u8>,
    too_long: bool,
}

unsafe extern "C" fn receive(context: *mut c_void, data: *const u8, length: usize) {
    // SAFETY: the context is the `Received` of the call that is under way.
    let Some(received) = (unsafe { context.cast::<Received>().as_mut() }) else { return };
    if received.too_long || data.is_null() {
        return;
    }
    if length > MAX_REPLY_BYTES - received.bytes.len() {
        received.too_long = true;
        received.bytes = Vec::new();
        return;
    }
    // SAFETY: the plugin gives bytes that are valid for their length until this function returns.
    received.bytes.extend_from_slice(unsafe { std::slice::from_raw_parts(data, length) });
}

unsafe extern "C" fn host_log(context: *mut c_void, level: u8, message: *const u8, length: usize) {
    // SAFETY: the context is the `Log` that the host was made with, which is never freed.
    let Some(log) = (unsafe { context.cast::<Log>().as_ref() }) else { return };
    if message.is_null() || length > MAX_REPLY_BYTES {
        return;
    }
    // SAFETY: the plugin gives a text that is valid for its length until this function returns.
    let message = String::from_utf8_lossy(unsafe { std::slice::from_raw_parts(message, length) });
    let level = match level {
        0 => Level::Debug,
        1 => Level::Info,
        _ => Level::Warn,
    };
    log(level, &message);
}

unsafe extern "C" fn host_call(_: *mut c_void, _: *const u8, _: usize, sink: Sink, sink_context: *mut c_void) -> i32 {
    let error = Error::new(ErrorKind::Unsupported, "the host has nothing to ask for yet");
    let Ok(reply) = serde_json::to_vec(&Reply::<()>::Error(error)) else { return CALL_BROKEN };
    // SAFETY: the reply is valid for its length, and the context is the sink's.
    unsafe { sink(sink_context, reply.as_ptr(), reply.len()) };
    CALL_ANSWERED
}

/// A text of a descriptor.
///
/// # Safety
/// `text` is null or valid for `length` bytes.
unsafe fn text(text: *const c_char, length: usize) -> Result<String, Error> {
    const MAX_TEXT_BYTES: usize = 100;
    if text.is_null() || length == 0 || length > MAX_TEXT_BYTES {
        return Err(Error::refused(format!("its descriptor has a text of {length} bytes")));
    }
    // SAFETY: it is not null, and so valid for its length.
    let bytes = unsafe { std::slice::from_raw_parts(text.cast::<u8>(), length) };
    let text = std::str::from_utf8(bytes).map_err(|_| Error::refused("a text of its descriptor is not UTF-8"))?;
    Ok(text.to_owned())
}
