//! Which OpenZFS the process runs with: the library that it is linked to, and its release.

use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use libzfs_sys::{self as sys, dynamic};

/// The userland library, as the process finds it at run time.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserlandLibrary {
    /// The file that `libzfs_core` was loaded from.
    pub path: Option<PathBuf>,
    /// Its release, such as `2.3.9-1`; `libzfs_core` does not know it, so libzfs is asked where that
    /// is installed, and `None` where it is not.
    pub version: Option<String>,
}

/// Finds out what there is. Loads libzfs if it is installed, which stays loaded.
pub(crate) fn userland_library() -> UserlandLibrary {
    UserlandLibrary {
        path: libzfs_core_path(),
        version: libzfs_version(),
    }
}

fn libzfs_core_path() -> Option<PathBuf> {
    let mut info = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    let function = sys::libzfs_core_init as *const c_void;
    // SAFETY: the address is one of a loaded library, and `info` is ours to write.
    let found = unsafe { libc::dladdr(function, info.as_mut_ptr()) };
    // SAFETY: zeroed, which is a value of a structure of pointers, and maybe written since.
    let info = unsafe { info.assume_init() };
    if found == 0 || info.dli_fname.is_null() {
        return None;
    }
    // SAFETY: a NUL-terminated text that lives as long as the library, which stays loaded.
    let path = unsafe { CStr::from_ptr(info.dli_fname) };
    Some(PathBuf::from(OsStr::from_bytes(path.to_bytes())))
}

/// `zfs_version_userland`, which 2.1 has with another signature than later releases.
///
/// The number in the library's name does not tell them apart: 4 is both 2.1 and 2.2. A function
/// that came with the change of signature does.
fn libzfs_version() -> Option<String> {
    const SINCE_2_2: &CStr = c"zfs_iter_children_v2";
    let function = dynamic::symbol(c"zfs_version_userland")?;
    if dynamic::symbol(SINCE_2_2).is_some() {
        type Function = unsafe extern "C" fn() -> *const c_char;
        // SAFETY: since 2.2 the function has this type.
        let function = unsafe { std::mem::transmute::<*const c_void, Function>(function) };
        // SAFETY: it returns a constant text, which stays as long as the library.
        let version = unsafe { function() };
        if version.is_null() {
            return None;
        }
        // SAFETY: not null, and a NUL-terminated constant of the library, which stays loaded.
        let version = unsafe { CStr::from_ptr(version) };
        Some(version.to_str().ok()?.to_owned())
    } else {
        type Function = unsafe extern "C" fn(*mut c_char, c_int);
        let mut buffer = [0_u8; 256];
        let len = c_int::try_from(buffer.len()).ok()?;
        // SAFETY: up to 2.1 the function has this type.
        let function = unsafe { std::mem::transmute::<*const c_void, Function>(function) };
        // SAFETY: it writes a text of at most as many bytes as it is told that there are.
        unsafe { function(buffer.as_mut_ptr().cast(), len) };
        let version = CStr::from_bytes_until_nul(&buffer).ok()?;
        Some(version.to_str().ok()?.to_owned())
    }
}
