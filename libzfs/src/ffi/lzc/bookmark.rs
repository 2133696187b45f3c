//! Bookmarks.

use libzfs_sys as sys;

use super::{Batch, Library, Result, batch, check};
use crate::ffi::c_string;
use crate::ffi::nvlist::CNvList;
use crate::nvlist::NvList;

impl Library {
    /// `lzc_bookmark`
    pub(crate) fn bookmark(&self, bookmarks: &NvList) -> Result<Batch> {
        let bookmarks = CNvList::new(bookmarks)?;
        let mut errors = CNvList::none();
        // SAFETY: as in `Library::snapshot`.
        let rc = unsafe { sys::lzc_bookmark(bookmarks.as_ptr(), errors.out()) };
        Ok(batch(rc, &errors))
    }

    /// `lzc_get_bookmark_props`
    pub(crate) fn get_bookmark_props(&self, bookmark: &str) -> Result<NvList> {
        let bookmark = c_string(bookmark)?;
        let mut props = CNvList::none();
        // SAFETY: as in `Library::snapshot`.
        check(unsafe { sys::lzc_get_bookmark_props(bookmark.as_ptr(), props.out()) })?;
        props.to_rust()
    }

    /// `lzc_destroy_bookmarks`
    pub(crate) fn destroy_bookmarks(&self, bookmarks: &NvList) -> Result<Batch> {
        let bookmarks = CNvList::new(bookmarks)?;
        let mut errors = CNvList::none();
        // SAFETY: as in `Library::snapshot`.
        let rc = unsafe { sys::lzc_destroy_bookmarks(bookmarks.as_ptr(), errors.out()) };
        Ok(batch(rc, &errors))
    }
}
