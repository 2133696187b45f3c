//! The border between [`NvList`] and C's `nvlist_t`.
//!
//! A list crosses it packed, in one piece, as it crosses the border to the kernel: Rust encodes
//! and C unpacks, or C packs and Rust decodes. So nothing of C's is ever borrowed, no pair is
//! added or looked up through a pointer, and the three functions below are all there is to trust.

use std::ffi::c_char;
use std::ptr;

use libzfs_sys::{nvlist_t, nvpair};

use crate::error::Errno;
use crate::nvlist::NvList;

/// An `nvlist_t` of C's that this value owns.
pub(super) struct CNvList(*mut nvlist_t);

impl CNvList {
    /// No list; what C is given where it may leave one.
    pub(super) fn none() -> Self {
        Self(ptr::null_mut())
    }

    /// A list of C's with the content of `list`.
    pub(super) fn new(list: &NvList) -> Result<Self, Errno> {
        let mut packed = list.encode().map_err(|_| Errno::new(libc::EINVAL))?;
        let mut unpacked = ptr::null_mut();
        // SAFETY: the buffer is as long as is said, and is only read during the call; on success
        // `unpacked` is a new list, which is ours to free.
        let rc = unsafe {
            nvpair::nvlist_unpack(
                packed.as_mut_ptr().cast(),
                packed.len() as nvpair::size_t,
                &mut unpacked,
                0,
            )
        };
        match rc {
            0 => Ok(Self(unpacked)),
            errno => Err(Errno::new(errno)),
        }
    }

    /// A list for `list` where there is one, otherwise none.
    pub(super) fn optional(list: Option<&NvList>) -> Result<Self, Errno> {
        list.map_or_else(|| Ok(Self::none()), Self::new)
    }

    pub(super) fn as_ptr(&self) -> *mut nvlist_t {
        self.0
    }

    /// Where C may leave a list that becomes this value's.
    pub(super) fn out(&mut self) -> *mut *mut nvlist_t {
        debug_assert!(self.0.is_null(), "a list would be leaked");
        &mut self.0
    }

    /// What the list holds; an empty list where there is none.
    pub(super) fn to_rust(&self) -> Result<NvList, Errno> {
        if self.0.is_null() {
            return Ok(NvList::new());
        }
        let mut buffer: *mut c_char = ptr::null_mut();
        let mut len: nvpair::size_t = 0;
        // SAFETY: the list is ours and valid; with a null buffer, C allocates one with `malloc`
        // and says its length.
        let rc = unsafe {
            nvpair::nvlist_pack(self.0, &mut buffer, &mut len, nvpair::NV_ENCODE_NATIVE, 0)
        };
        if rc != 0 {
            return Err(Errno::new(rc));
        }
        // SAFETY: on success `buffer` is `len` initialised bytes, which nobody else has.
        let bytes = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), len as usize) };
        let list = NvList::decode(bytes);
        // SAFETY: `buffer` came from `malloc` and `bytes` is not used any more.
        unsafe { libc::free(buffer.cast()) };
        list.map_err(|_| Errno::new(libc::EIO))
    }
}

impl Drop for CNvList {
    fn drop(&mut self) {
        // SAFETY: the list is ours, and nothing can use it after this; null is allowed.
        unsafe { nvpair::nvlist_free(self.0) };
    }
}
