//! The only place that calls C or the kernel: `libzfs_core`, libnvpair, ioctls on `/dev/zfs`, and,
//! to mount, libzfs.
//!
//! Everything here is safe to call. What a function demands is in its types: names are C strings
//! made from checked names, keys have their length, descriptors are borrowed for the call, and
//! nothing can be called without the [`Library`] that initialised `libzfs_core`.

mod device;
mod kernel_thread;
#[cfg(feature = "mount")]
mod libzfs;
mod lzc;
mod nvlist;
mod signals;
#[cfg(feature = "testing")]
mod user;
mod version;

#[cfg(feature = "testing")]
pub(crate) use self::device::ANY_IO;
pub(crate) use self::device::{
    Ask, DMU_OST_ZFS, DMU_OST_ZVOL, Device, Found, ImportFailed, Lister, LoggedError,
};
#[cfg(feature = "mount")]
pub(crate) use self::libzfs::{Libzfs, Refusal};
pub(crate) use self::lzc::{
    KeyCommand, Library, MAX_ARGUMENT_DEPTH, RawProgram, RawReceive, RawReceived, RawSend,
};
pub(crate) use self::signals::{SignalsBlocked, SigpipeBlocked, block_all_signals};
#[cfg(feature = "testing")]
pub(crate) use self::user::become_user;
pub use self::version::UserlandLibrary;
pub(crate) use self::version::userland_library;

use std::ffi::CString;

use crate::error::Errno;

/// A name as a C string.
fn c_string(name: &str) -> Result<CString, Errno> {
    CString::new(name).map_err(|_| Errno::new(libc::EINVAL))
}
