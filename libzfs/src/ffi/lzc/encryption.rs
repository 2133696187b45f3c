//! Keys.

use std::ptr;

use libzfs_sys as sys;

use super::{KEY_LEN, Library, Result, check};
use crate::ffi::c_string;
use crate::ffi::nvlist::CNvList;
use crate::key::WrappingKey;
use crate::nvlist::NvList;

/// What [`Library::change_key`] does (`dcp_cmd_t`, which no package's headers have).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum KeyCommand {
    /// `DCP_CMD_NEW_KEY`
    New = 2,
    /// `DCP_CMD_INHERIT`
    Inherit = 3,
    /// `DCP_CMD_FORCE_NEW_KEY`
    ForceNew = 4,
    /// `DCP_CMD_FORCE_INHERIT`
    ForceInherit = 5,
}

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

    /// `lzc_change_key`; properties and a key go with [`KeyCommand::New`] alone.
    pub(crate) fn change_key(
        &self,
        dataset: &str,
        command: KeyCommand,
        new: Option<(&NvList, &WrappingKey)>,
    ) -> Result<()> {
        let dataset = c_string(dataset)?;
        let props = CNvList::optional(new.map(|(props, _)| props))?;
        let (key, len) = match new {
            Some((_, key)) => (key.as_bytes().as_ptr().cast_mut(), KEY_LEN),
            None => (ptr::null_mut(), 0),
        };
        // SAFETY: initialised (`self`); C only reads name, list and key, whose length is as said,
        // and all live until the call returns.
        check(unsafe {
            sys::lzc_change_key(dataset.as_ptr(), command as u64, props.as_ptr(), key, len)
        })
    }
}
