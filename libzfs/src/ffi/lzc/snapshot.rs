//! Snapshots.

use libzfs_sys as sys;

use super::{Batch, Library, Result, check};
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
        Ok((check(rc), errors.to_rust()?))
    }

    /// `lzc_destroy_snaps`
    pub(crate) fn destroy_snaps(&self, snaps: &NvList, defer: bool) -> Result<Batch> {
        let snaps = CNvList::new(snaps)?;
        let mut errors = CNvList::none();
        // SAFETY: as in `Library::snapshot`.
        let rc = unsafe { sys::lzc_destroy_snaps(snaps.as_ptr(), defer.into(), errors.out()) };
        Ok((check(rc), errors.to_rust()?))
    }
}
