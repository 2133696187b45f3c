//! `libzfs_core`: one safe function for each C function that the crate calls.

mod bookmark;
mod dataset;
mod encryption;
mod hold;
mod pool;
mod program;
mod receive;
mod redact;
mod send;
mod snapshot;
mod vdev;

use std::ffi::{CStr, c_char, c_int};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use libzfs_sys as sys;

pub(crate) use self::encryption::KeyCommand;
pub(crate) use self::program::{MAX_ARGUMENT_DEPTH, RawProgram};
pub(crate) use self::receive::{RawReceive, RawReceived};
pub(crate) use self::send::RawSend;
use crate::error::Errno;
use crate::ffi::kernel_thread::DeviceDescriptors;
use crate::ffi::nvlist::CNvList;
use crate::key::WRAPPING_KEY_LEN;
use crate::name::MAX_NAME_LEN;
use crate::nvlist::NvList;

type Result<T, E = Errno> = std::result::Result<T, E>;

/// `libzfs_core`, initialised.
///
/// Every function of `libzfs_core` aborts the process if `libzfs_core_init` has not succeeded, so
/// each is a method of the value that only its success makes. The C side counts initialisations
/// under a lock and has no other state but what it remembers of the environment, so that any
/// thread may call at any time.
#[derive(Debug)]
pub(crate) struct Library {
    /// With what a thread of its own for the kernel can do.
    device: Option<DeviceDescriptors>,
}

/// The length of every key, as C counts it.
#[allow(clippy::cast_possible_truncation, reason = "it is 32")]
const KEY_LEN: sys::uint_t = WRAPPING_KEY_LEN as sys::uint_t;

static TRACED: AtomicBool = AtomicBool::new(false);

fn check(rc: i32) -> Result<()> {
    match rc {
        0 => Ok(()),
        errno => Err(Errno::new(errno)),
    }
}

fn optional_ptr(text: Option<&CStr>) -> *const c_char {
    text.map_or(ptr::null(), CStr::as_ptr)
}

/// Room for a name that C leaves, all zeros until then.
struct NameBuffer([c_char; MAX_NAME_LEN + 1]);

impl NameBuffer {
    #[allow(clippy::cast_possible_truncation, reason = "it is 256")]
    const LEN: c_int = (MAX_NAME_LEN + 1) as c_int;

    fn new() -> Self {
        Self([0; MAX_NAME_LEN + 1])
    }

    fn as_mut_ptr(&mut self) -> *mut c_char {
        self.0.as_mut_ptr()
    }

    fn into_string(self) -> String {
        let bytes = self.0.map(|c| c.to_ne_bytes()[0]);
        let name = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
        String::from_utf8_lossy(name).into_owned()
    }
}

/// The result of a call on many items: the call's own, and what the kernel said of each.
pub(crate) type Batch = (Result<()>, NvList);

/// What the kernel said of each item, or nothing if that cannot be read: the call itself was made,
/// and whether it succeeded must not be lost for it.
fn said(errors: &CNvList) -> NvList {
    readable(errors.to_rust())
}

fn readable(errors: Result<NvList>) -> NvList {
    errors.unwrap_or_else(|errno| {
        tracing::warn!(
            ?errno,
            "what the kernel said of single items cannot be read"
        );
        NvList::new()
    })
}

fn batch(rc: i32, errors: &CNvList) -> Batch {
    (check(rc), said(errors))
}

impl Library {
    /// `libzfs_core_init`
    pub(crate) fn init() -> Result<Self> {
        // As the C side does: once seen, it holds for the process.
        if std::env::var_os("ZFS_IOC_TRACE").is_some() {
            TRACED.store(true, Ordering::Relaxed);
        }
        // SAFETY: may be called at any time from any thread.
        check(unsafe { sys::libzfs_core_init() })?;
        let device = DeviceDescriptors::find();
        Ok(Self { device })
    }

    /// Whether `libzfs_core` prints every request, with what is in it.
    pub(crate) fn is_traced() -> bool {
        TRACED.load(Ordering::Relaxed)
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // SAFETY: this value stands for one successful `libzfs_core_init`, and nobody can call
        // through it any more.
        unsafe { sys::libzfs_core_fini() };
    }
}
