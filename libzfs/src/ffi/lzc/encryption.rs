//! Keys.

use libzfs_sys as sys;

use super::{KEY_LEN, Library, Result, check};
use crate::ffi::c_string;
use crate::key::WrappingKey;

impl Library {
    /// `lzc_load_key`; with `noop` the key is only tried.
    pub(crate) fn load_key(&self, dataset: &str, noop: bool, key: &WrappingKey) -> Result<()> {
        let dataset = c_string(dataset)?;
        let bytes = key.as_bytes();
        // SAFETY: initialised (`self`); C only reads the key, whose length is as said, and the
        // name, and both live until the call returns.
        check(unsafe {
            sys::lzc_load_key(
                dataset.as_ptr(),
                noop.into(),
                bytes.as_ptr().cast_mut(),
                KEY_LEN,
            )
        })
    }

    /// `lzc_unload_key`
    pub(crate) fn unload_key(&self, dataset: &str) -> Result<()> {
        let dataset = c_string(dataset)?;
        // SAFETY: initialised (`self`); the name lives until the call returns.
        check(unsafe { sys::lzc_unload_key(dataset.as_ptr()) })
    }
}
