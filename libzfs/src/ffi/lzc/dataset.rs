//! File systems and volumes.

use std::ptr;

use libzfs_sys as sys;

use super::{KEY_LEN, Library, NameBuffer, Result, check};
use crate::error::Errno;
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

    /// `lzc_clone`
    pub(crate) fn clone(&self, name: &str, origin: &str, props: &NvList) -> Result<()> {
        let (name, origin) = (c_string(name)?, c_string(origin)?);
        let props = CNvList::new(props)?;
        // SAFETY: initialised (`self`); names and list live until the call returns.
        check(unsafe { sys::lzc_clone(name.as_ptr(), origin.as_ptr(), props.as_ptr()) })
    }

    /// `lzc_promote`; on `EEXIST` with the short name of a snapshot that is in the way.
    pub(crate) fn promote(&self, name: &str) -> Result<(), (Errno, String)> {
        let name = c_string(name).map_err(|errno| (errno, String::new()))?;
        let mut conflict = NameBuffer::new();
        // SAFETY: initialised (`self`); the name lives until the call returns; C leaves at most a
        // name with its NUL in the buffer, which has room for one.
        let rc = unsafe { sys::lzc_promote(name.as_ptr(), conflict.as_mut_ptr(), NameBuffer::LEN) };
        check(rc).map_err(|errno| (errno, conflict.into_string()))
    }

    /// `lzc_rename`: a dataset, or a snapshot within its dataset.
    pub(crate) fn rename(&self, from: &str, to: &str) -> Result<()> {
        let (from, to) = (c_string(from)?, c_string(to)?);
        // SAFETY: initialised (`self`); the names live until the call returns.
        check(unsafe { sys::lzc_rename(from.as_ptr(), to.as_ptr()) })
    }

    /// `lzc_rollback`: the name of the snapshot that it was rolled back to.
    pub(crate) fn rollback(&self, name: &str) -> Result<String> {
        let name = c_string(name)?;
        let mut target = NameBuffer::new();
        // SAFETY: as in `promote`.
        check(unsafe { sys::lzc_rollback(name.as_ptr(), target.as_mut_ptr(), NameBuffer::LEN) })?;
        Ok(target.into_string())
    }

    /// `lzc_rollback_to`
    pub(crate) fn rollback_to(&self, name: &str, snapshot: &str) -> Result<()> {
        let (name, snapshot) = (c_string(name)?, c_string(snapshot)?);
        // SAFETY: initialised (`self`); the names live until the call returns.
        check(unsafe { sys::lzc_rollback_to(name.as_ptr(), snapshot.as_ptr()) })
    }
}
