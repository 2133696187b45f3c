//! Receiving.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use libzfs_sys as sys;
use libzfs_sys::replay::dmu_replay_record;

use super::{KEY_LEN, Library, Result, check, optional_ptr, readable};
use crate::error::Errno;
use crate::ffi::c_string;
use crate::ffi::kernel_thread::in_kernel_thread;
use crate::ffi::nvlist::CNvList;
use crate::key::WrappingKey;
use crate::nvlist::NvList;
use crate::stream::BeginRecord;

/// The record in C's form, byte for byte as it was read: the kernel swaps what needs swapping.
fn raw_record(begin: &BeginRecord) -> dmu_replay_record {
    const { assert!(size_of::<dmu_replay_record>() == BeginRecord::LEN) };
    // SAFETY: the sizes are equal; the structure is made of integers, of which every bit pattern
    // is a value; the read does not need the bytes to be aligned.
    unsafe {
        begin
            .as_bytes()
            .as_ptr()
            .cast::<dmu_replay_record>()
            .read_unaligned()
    }
}

/// What [`Library::receive`] is told.
#[derive(Debug)]
pub(crate) struct RawReceive<'a> {
    pub(crate) snapshot: &'a str,
    pub(crate) received_props: Option<&'a NvList>,
    pub(crate) local_props: Option<&'a NvList>,
    /// Of the new dataset.
    pub(crate) key: Option<&'a WrappingKey>,
    pub(crate) origin: Option<&'a str>,
    pub(crate) force: bool,
    pub(crate) resumable: bool,
    /// Mends the blocks of a snapshot that is there; nothing else is given then.
    pub(crate) heal: bool,
    pub(crate) begin: &'a BeginRecord,
}

/// What [`Library::receive`] tells on success.
#[derive(Debug)]
pub(crate) struct RawReceived {
    pub(crate) bytes: u64,
    /// The error number of each property that was not applied.
    pub(crate) errors: NvList,
    /// Whether properties that were received before could not be cleared.
    pub(crate) outdated_properties: bool,
}

/// What a module says to a request that it does not know, and this to a function that the library
/// does not have.
const UNKNOWN_HERE: Errno = Errno::ZFS_ERR_IOC_CMD_UNAVAIL;

/// `ZPROP_ERR_NOCLEAR`
const NOCLEAR: u64 = 1;

impl Library {
    /// `lzc_receive_with_cmdprops`, or `lzc_receive_with_heal`: reads what follows the begin record
    /// from `fd`.
    pub(crate) fn receive(
        &self,
        receive: &RawReceive<'_>,
        fd: BorrowedFd<'_>,
    ) -> Result<RawReceived> {
        let device = self.device.as_ref();
        let (bytes, error_flags, errors) =
            in_kernel_thread(device, fd, || self.receive_here(receive, fd))?;
        Ok(RawReceived {
            bytes,
            errors: readable(errors),
            outdated_properties: error_flags & NOCLEAR != 0,
        })
    }

    /// The bytes that were read, flags, and what the kernel said of properties.
    fn receive_here(
        &self,
        receive: &RawReceive<'_>,
        fd: BorrowedFd<'_>,
    ) -> Result<(u64, u64, Result<NvList>)> {
        let snapshot = c_string(receive.snapshot)?;
        let origin = receive.origin.map(c_string).transpose()?;
        let received_props = CNvList::optional(receive.received_props)?;
        let local_props = CNvList::optional(receive.local_props)?;
        // C takes the key as `uint8_t *` and only reads it.
        let (key, key_len) = match receive.key {
            Some(key) => (key.as_bytes().as_ptr().cast_mut(), KEY_LEN),
            None => (ptr::null_mut(), 0),
        };
        let begin = raw_record(receive.begin);
        let mut bytes = 0;
        let mut error_flags = 0;
        let mut errors = CNvList::none();
        let rc = if receive.heal {
            let heal = sys::optional::lzc_receive_with_heal().ok_or(UNKNOWN_HERE)?;
            // SAFETY: as below.
            unsafe {
                heal(
                    snapshot.as_ptr(),
                    received_props.as_ptr(),
                    local_props.as_ptr(),
                    key,
                    key_len,
                    optional_ptr(origin.as_deref()),
                    receive.force.into(),
                    true.into(),
                    receive.resumable.into(),
                    receive.begin.is_raw().into(),
                    fd.as_raw_fd(),
                    &begin,
                    -1,
                    &mut bytes,
                    &mut error_flags,
                    ptr::null_mut(),
                    errors.out(),
                )
            }
        } else {
            // SAFETY: initialised (`self`); names, lists, key, descriptor and record live until the
            // call returns, and C only reads them; it ignores the cleanup descriptor and the action
            // handle; the three outputs are ours to write, and the list that C leaves is ours to
            // free.
            unsafe {
                sys::lzc_receive_with_cmdprops(
                    snapshot.as_ptr(),
                    received_props.as_ptr(),
                    local_props.as_ptr(),
                    key,
                    key_len,
                    optional_ptr(origin.as_deref()),
                    receive.force.into(),
                    receive.resumable.into(),
                    receive.begin.is_raw().into(),
                    fd.as_raw_fd(),
                    &begin,
                    -1,
                    &mut bytes,
                    &mut error_flags,
                    ptr::null_mut(),
                    errors.out(),
                )
            }
        };
        check(rc)?;
        Ok((bytes, error_flags, errors.to_rust()))
    }
}
