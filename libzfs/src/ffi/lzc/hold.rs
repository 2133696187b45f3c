//! User holds.

use std::os::fd::{AsRawFd, BorrowedFd};

use libzfs_sys as sys;

use super::{Batch, Library, Result, batch};
use crate::ffi::nvlist::CNvList;
use crate::nvlist::NvList;

impl Library {
    /// `lzc_hold`; with a descriptor, the holds end when that is closed.
    pub(crate) fn hold(&self, holds: &NvList, cleanup: Option<BorrowedFd<'_>>) -> Result<Batch> {
        let holds = CNvList::new(holds)?;
        let cleanup = cleanup.map_or(-1, |fd| fd.as_raw_fd());
        let mut errors = CNvList::none();
        // SAFETY: as in `Library::snapshot`; the descriptor is borrowed until the call returns.
        let rc = unsafe { sys::lzc_hold(holds.as_ptr(), cleanup, errors.out()) };
        Ok(batch(rc, &errors))
    }

    /// `lzc_release`
    pub(crate) fn release(&self, holds: &NvList) -> Result<Batch> {
        let holds = CNvList::new(holds)?;
        let mut errors = CNvList::none();
        // SAFETY: as in `Library::snapshot`.
        let rc = unsafe { sys::lzc_release(holds.as_ptr(), errors.out()) };
        Ok(batch(rc, &errors))
    }
}
