//! Snapshots.

use libzfs_sys as sys;

use super::{Batch, Library, Result, batch, check};
use crate::ffi::c_string;
use crate::ffi::nvlist::CNvList;
use crate::nvlist::NvList;

impl Library {
    /// `lzc_snapshot`
    pub(crate) fn snapshot(&self, snaps: &NvList, props: Option<&NvList>) -> Result<Batch> {
        let (snaps, props) = (CNvList::new(snaps)?, CNvList::optional(props)?);
        let mut errors = CNvList::none();
        // SAFETY: initialised (`self`); the lists live until the call returns, and what C leaves
        // in `errors` is the caller's to free.
        let rc = unsafe { sys::lzc_snapshot(snaps.as_ptr(), props.as_ptr(), errors.out()) };
        Ok(batch(rc, &errors))
    }

    /// `lzc_destroy_snaps`
    pub(crate) fn destroy_snaps(&self, snaps: &NvList, defer: bool) -> Result<Batch> {
        let snaps = CNvList::new(snaps)?;
        let mut errors = CNvList::none();
        // SAFETY: as in `Library::snapshot`.
        let rc = unsafe { sys::lzc_destroy_snaps(snaps.as_ptr(), defer.into(), errors.out()) };
        Ok(batch(rc, &errors))
    }

    /// `lzc_snaprange_space`: the bytes that destroying `first`, `last` and all between would free.
    pub(crate) fn snaprange_space(&self, first: &str, last: &str) -> Result<u64> {
        let (first, last) = (c_string(first)?, c_string(last)?);
        let mut used = 0;
        // SAFETY: initialised (`self`); the names live until the call returns, and `used` is ours
        // to write.
        check(unsafe { sys::lzc_snaprange_space(first.as_ptr(), last.as_ptr(), &mut used) })?;
        Ok(used)
    }
}
