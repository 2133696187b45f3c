//! The only place that calls C or the kernel: `libzfs_core`, libnvpair, and ioctls on `/dev/zfs`.
//!
//! Everything here is safe to call. What a function demands is in its types: names are C strings
//! made from checked names, keys have their length, descriptors are borrowed for the call, and
//! nothing can be called without the [`Library`] that initialised `libzfs_core`.

mod device;
mod lzc;
mod nvlist;
mod signals;
mod version;

pub(crate) use self::device::{Ask, DMU_OST_ZFS, DMU_OST_ZVOL, Device, Found, Lister};
pub(crate) use self::lzc::{
    KeyCommand, Library, MAX_ARGUMENT_DEPTH, RawProgram, RawReceive, RawReceived, RawSend,
};
pub(crate) use self::signals::{SignalsBlocked, SigpipeBlocked, block_all_signals};
pub use self::version::UserlandLibrary;
pub(crate) use self::version::userland_library;

use std::ffi::CString;

use crate::error::Errno;

/// A name as a C string.
fn c_string(name: &str) -> Result<CString, Errno> {
    CString::new(name).map_err(|_| Errno::new(libc::EINVAL))
}
