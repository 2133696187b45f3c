//! libzfs, opened at run time: the few of its functions that have the same
//! signature in every release, so that one program uses whichever is installed.
//!
//! Its soname is another one in each release, which is why it is not linked. The
//! library is opened once, at the first use, and stays: some of what it needs is
//! not made to be unloaded.

use core::ffi::{CStr, c_char, c_int, c_void};
use std::sync::OnceLock;

use crate::{boolean_t, zfs_prop_t, zprop_source_t};

/// The names under which libzfs is installed, the newest first: that of 2.4, 2.3,
/// one that no release of OpenZFS has had, and that of 2.2 and 2.1.
const NAMES: [&CStr; 4] = [
    c"libzfs.so.7",
    c"libzfs.so.6",
    c"libzfs.so.5",
    c"libzfs.so.4",
];

/// A handle of libzfs; not to be used from two threads at a time.
#[repr(C)]
#[derive(Debug)]
pub struct libzfs_handle_t {
    _opaque: [u8; 0],
}

/// A dataset opened through a [`libzfs_handle_t`].
#[repr(C)]
#[derive(Debug)]
pub struct zfs_handle_t {
    _opaque: [u8; 0],
}

/// What `dlopen` returned.
struct Library(*mut c_void);

// SAFETY: a handle of dlopen's belongs to no thread.
unsafe impl Send for Library {}
// SAFETY: dlsym can be called from several threads at a time.
unsafe impl Sync for Library {}

fn library() -> Option<&'static Library> {
    static LIBRARY: OnceLock<Option<Library>> = OnceLock::new();
    let open = |name: &&CStr| {
        let flags = libc::RTLD_NOW | libc::RTLD_LOCAL | libc::RTLD_NODELETE;
        // SAFETY: the name is a C string; what the library does when it is loaded
        // is nothing but to set up its own state.
        let handle = unsafe { libc::dlopen(name.as_ptr(), flags) };
        (!handle.is_null()).then_some(Library(handle))
    };
    LIBRARY.get_or_init(|| NAMES.iter().find_map(open)).as_ref()
}

/// The address of one of libzfs's functions; [`None`] if it is not installed, or
/// has no such function.
#[must_use]
pub fn symbol(name: &CStr) -> Option<*const c_void> {
    let library = library()?;
    // SAFETY: the library is open, and the name is a C string.
    let address = unsafe { libc::dlsym(library.0, name.as_ptr()) };
    (!address.is_null()).then_some(address.cast_const())
}

macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident: $signature:ty;)+) => {
        /// The functions.
        #[derive(Debug, Clone, Copy)]
        #[allow(missing_docs, reason = "they are libzfs's own")]
        pub struct Libzfs {
            $($(#[$doc])* pub $name: $signature,)+
        }

        fn functions() -> Option<Libzfs> {
            Some(Libzfs {
                $($name: {
                    const NAME: &str = concat!(stringify!($name), "\0");
                    let address = symbol(CStr::from_bytes_with_nul(NAME.as_bytes()).ok()?)?;
                    // SAFETY: a function of this name has this signature in every
                    // release; a test compares it with the bindings of each.
                    unsafe { core::mem::transmute::<*const c_void, $signature>(address) }
                },)+
            })
        }
    };
}

functions! {
    libzfs_init: unsafe extern "C" fn() -> *mut libzfs_handle_t;
    libzfs_fini: unsafe extern "C" fn(*mut libzfs_handle_t);
    libzfs_print_on_error: unsafe extern "C" fn(*mut libzfs_handle_t, boolean_t);
    libzfs_error_description: unsafe extern "C" fn(*mut libzfs_handle_t) -> *const c_char;
    zfs_open: unsafe extern "C" fn(*mut libzfs_handle_t, *const c_char, c_int) -> *mut zfs_handle_t;
    zfs_close: unsafe extern "C" fn(*mut zfs_handle_t);
    zfs_prop_get: unsafe extern "C" fn(
        *mut zfs_handle_t,
        zfs_prop_t,
        *mut c_char,
        usize,
        *mut zprop_source_t,
        *mut c_char,
        usize,
        boolean_t,
    ) -> c_int;
    zfs_mount_at:
        unsafe extern "C" fn(*mut zfs_handle_t, *const c_char, c_int, *const c_char) -> c_int;
}

/// The functions of the libzfs that is installed; [`None`] if none is.
#[must_use]
pub fn libzfs() -> Option<&'static Libzfs> {
    static FUNCTIONS: OnceLock<Option<Libzfs>> = OnceLock::new();
    FUNCTIONS.get_or_init(functions).as_ref()
}
