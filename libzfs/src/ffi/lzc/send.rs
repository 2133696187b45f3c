//! Sending.

use std::os::fd::{AsRawFd, BorrowedFd};

use libzfs_sys as sys;

use super::{Library, Result, check, optional_ptr};
use crate::ffi::c_string;
use crate::ffi::kernel_thread::in_kernel_thread;

/// What [`Library::send`] and [`Library::send_space`] are told.
#[derive(Debug)]
pub(crate) struct RawSend<'a> {
    /// A snapshot, or for some sends a dataset.
    pub(crate) name: &'a str,
    pub(crate) from: Option<&'a str>,
    pub(crate) flags: u32,
    /// Where to resume: object and offset.
    pub(crate) resume: (u64, u64),
    /// What stands behind the `#` of the redaction bookmark.
    pub(crate) redaction: Option<&'a str>,
}

impl Library {
    /// `lzc_send_resume_redacted`: writes the stream to `fd`, which is to be a blocking pipe.
    pub(crate) fn send(&self, send: &RawSend<'_>, fd: BorrowedFd<'_>) -> Result<()> {
        in_kernel_thread(self.device.as_ref(), fd, || self.send_here(send, fd))
    }

    fn send_here(&self, send: &RawSend<'_>, fd: BorrowedFd<'_>) -> Result<()> {
        let name = c_string(send.name)?;
        let from = send.from.map(c_string).transpose()?;
        let redaction = send.redaction.map(c_string).transpose()?;
        let (object, offset) = send.resume;
        // SAFETY: initialised (`self`); names and descriptor live until the call returns, and the
        // kernel keeps its own reference to the open file meanwhile.
        check(unsafe {
            sys::lzc_send_resume_redacted(
                name.as_ptr(),
                optional_ptr(from.as_deref()),
                fd.as_raw_fd(),
                send.flags,
                object,
                offset,
                optional_ptr(redaction.as_deref()),
            )
        })
    }

    /// `lzc_send_space_resume_redacted`: an estimate of the stream's size in bytes.
    pub(crate) fn send_space(&self, send: &RawSend<'_>) -> Result<u64> {
        let name = c_string(send.name)?;
        let from = send.from.map(c_string).transpose()?;
        let redaction = send.redaction.map(c_string).transpose()?;
        let (object, offset) = send.resume;
        // The kernel would subtract it from an estimate that may be smaller.
        let received = 0;
        let mut space = 0;
        // SAFETY: initialised (`self`); the names live until the call returns; no descriptor is
        // given, which is allowed; `space` is ours to write.
        check(unsafe {
            sys::lzc_send_space_resume_redacted(
                name.as_ptr(),
                optional_ptr(from.as_deref()),
                send.flags,
                object,
                offset,
                received,
                optional_ptr(redaction.as_deref()),
                -1,
                &mut space,
            )
        })?;
        Ok(space)
    }
}
