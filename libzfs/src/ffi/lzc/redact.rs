//! Redaction.

use libzfs_sys as sys;

use super::{Library, Result, check};
use crate::ffi::c_string;
use crate::ffi::nvlist::CNvList;
use crate::nvlist::NvList;

impl Library {
    /// `lzc_redact`; the bookmark is given by what stands behind its `#`.
    ///
    /// Has to run in a thread that signals do not reach.
    pub(crate) fn redact(&self, snapshot: &str, bookmark: &str, snaps: &NvList) -> Result<()> {
        let (snapshot, bookmark) = (c_string(snapshot)?, c_string(bookmark)?);
        let snaps = CNvList::new(snaps)?;
        // SAFETY: initialised (`self`); names and list live until the call returns, and C copies
        // the list.
        check(unsafe { sys::lzc_redact(snapshot.as_ptr(), bookmark.as_ptr(), snaps.as_ptr()) })
    }
}
