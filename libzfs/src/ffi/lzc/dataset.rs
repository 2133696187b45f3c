//! File systems and volumes.

use std::ptr;

use libzfs_sys as sys;

use super::{KEY_LEN, Library, Result, check};
use crate::ffi::c_string;
use crate::ffi::nvlist::CNvList;
use crate::key::WrappingKey;
use crate::nvlist::NvList;

impl Library {
    /// `lzc_create`
    pub(crate) fn create(
        &self,
        name: &str,
        kind: sys::lzc_dataset_type,
        props: &NvList,
        key: Option<&WrappingKey>,
    ) -> Result<()> {
        let name = c_string(name)?;
        let props = CNvList::new(props)?;
        // C takes the key as `uint8_t *` and only reads it.
        let (key, len) = match key {
            Some(key) => (key.as_bytes().as_ptr().cast_mut(), KEY_LEN),
            None => (ptr::null_mut(), 0),
        };
        // SAFETY: initialised (`self`); name, list and key live until the call returns.
        check(unsafe { sys::lzc_create(name.as_ptr(), kind, props.as_ptr(), key, len) })
    }

    /// `lzc_destroy`
    pub(crate) fn destroy(&self, name: &str) -> Result<()> {
        let name = c_string(name)?;
        // SAFETY: initialised (`self`); the name lives until the call returns.
        check(unsafe { sys::lzc_destroy(name.as_ptr()) })
    }
}
