//! `libzfs_core`: one safe function for each C function that the crate calls.

use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use libzfs_sys as sys;
use libzfs_sys::replay::dmu_replay_record;

use super::c_string;
use super::nvlist::CNvList;
use crate::error::Errno;
use crate::key::{WRAPPING_KEY_LEN, WrappingKey};
use crate::nvlist::NvList;
use crate::stream::BeginRecord;

type Result<T, E = Errno> = std::result::Result<T, E>;

/// `libzfs_core`, initialised.
///
/// Every function of `libzfs_core` aborts the process if `libzfs_core_init` has not succeeded, so
/// each is a method of the value that only its success makes. The C side counts initialisations
/// under a lock and has no other state but what it remembers of the environment, so that any
/// thread may call at any time.
#[derive(Debug)]
pub(crate) struct Library(());

/// The length of every key, as C counts it.
#[allow(clippy::cast_possible_truncation, reason = "it is 32")]
const KEY_LEN: sys::uint_t = WRAPPING_KEY_LEN as sys::uint_t;

static TRACED: AtomicBool = AtomicBool::new(false);

fn check(rc: i32) -> Result<()> {
    match rc {
        0 => Ok(()),
        errno => Err(Errno::new(errno)),
    }
}

fn optional_ptr(text: Option<&CStr>) -> *const std::ffi::c_char {
    text.map_or(ptr::null(), CStr::as_ptr)
}

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

/// The result of a call on many items: the call's own, and what the kernel said of each.
pub(crate) type Batch = (Result<()>, NvList);

/// What [`Library::send`] and [`Library::send_space`] are told.
#[derive(Debug)]
pub(crate) struct RawSend<'a> {
    pub(crate) snapshot: &'a str,
    pub(crate) from: Option<&'a str>,
    pub(crate) flags: u32,
    /// Where to resume: object, offset, and how many bytes the receiver has.
    pub(crate) resume: Option<(u64, u64, u64)>,
}

impl RawSend<'_> {
    fn resume(&self) -> (u64, u64, u64) {
        self.resume.unwrap_or_default()
    }
}

/// What [`Library::receive`] is told.
#[derive(Debug)]
pub(crate) struct RawReceive<'a> {
    pub(crate) snapshot: &'a str,
    pub(crate) received_props: Option<&'a NvList>,
    pub(crate) local_props: Option<&'a NvList>,
    pub(crate) origin: Option<&'a str>,
    pub(crate) force: bool,
    pub(crate) resumable: bool,
    pub(crate) begin: &'a BeginRecord,
}

/// What [`Library::receive`] tells on success.
#[derive(Debug)]
pub(crate) struct RawReceived {
    pub(crate) bytes: u64,
    /// The error number of each property that was not applied.
    pub(crate) errors: NvList,
}

impl Library {
    /// `libzfs_core_init`
    pub(crate) fn init() -> Result<Self> {
        // As the C side does: once seen, it holds for the process.
        if std::env::var_os("ZFS_IOC_TRACE").is_some() {
            TRACED.store(true, Ordering::Relaxed);
        }
        // SAFETY: may be called at any time from any thread.
        check(unsafe { sys::libzfs_core_init() })?;
        Ok(Self(()))
    }

    /// Whether `libzfs_core` prints every request, with what is in it.
    pub(crate) fn is_traced() -> bool {
        TRACED.load(Ordering::Relaxed)
    }

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
        // SAFETY: as in `snapshot`.
        let rc = unsafe { sys::lzc_destroy_snaps(snaps.as_ptr(), defer.into(), errors.out()) };
        Ok((check(rc), errors.to_rust()?))
    }

    /// `lzc_bookmark`
    pub(crate) fn bookmark(&self, bookmarks: &NvList) -> Result<Batch> {
        let bookmarks = CNvList::new(bookmarks)?;
        let mut errors = CNvList::none();
        // SAFETY: as in `snapshot`.
        let rc = unsafe { sys::lzc_bookmark(bookmarks.as_ptr(), errors.out()) };
        Ok((check(rc), errors.to_rust()?))
    }

    /// `lzc_get_bookmarks`
    pub(crate) fn get_bookmarks(&self, dataset: &str, props: &NvList) -> Result<NvList> {
        let (dataset, props) = (c_string(dataset)?, CNvList::new(props)?);
        let mut bookmarks = CNvList::none();
        // SAFETY: as in `snapshot`.
        let rc =
            unsafe { sys::lzc_get_bookmarks(dataset.as_ptr(), props.as_ptr(), bookmarks.out()) };
        check(rc)?;
        bookmarks.to_rust()
    }

    /// `lzc_destroy_bookmarks`
    pub(crate) fn destroy_bookmarks(&self, bookmarks: &NvList) -> Result<Batch> {
        let bookmarks = CNvList::new(bookmarks)?;
        let mut errors = CNvList::none();
        // SAFETY: as in `snapshot`.
        let rc = unsafe { sys::lzc_destroy_bookmarks(bookmarks.as_ptr(), errors.out()) };
        Ok((check(rc), errors.to_rust()?))
    }

    /// `lzc_hold`; with a descriptor, the holds end when that is closed.
    pub(crate) fn hold(&self, holds: &NvList, cleanup: Option<BorrowedFd<'_>>) -> Result<Batch> {
        let holds = CNvList::new(holds)?;
        let cleanup = cleanup.map_or(-1, |fd| fd.as_raw_fd());
        let mut errors = CNvList::none();
        // SAFETY: as in `snapshot`; the descriptor is borrowed until the call returns.
        let rc = unsafe { sys::lzc_hold(holds.as_ptr(), cleanup, errors.out()) };
        Ok((check(rc), errors.to_rust()?))
    }

    /// `lzc_release`
    pub(crate) fn release(&self, holds: &NvList) -> Result<Batch> {
        let holds = CNvList::new(holds)?;
        let mut errors = CNvList::none();
        // SAFETY: as in `snapshot`.
        let rc = unsafe { sys::lzc_release(holds.as_ptr(), errors.out()) };
        Ok((check(rc), errors.to_rust()?))
    }

    /// `lzc_get_holds`
    pub(crate) fn get_holds(&self, snapshot: &str) -> Result<NvList> {
        let snapshot = c_string(snapshot)?;
        let mut holds = CNvList::none();
        // SAFETY: as in `snapshot`.
        check(unsafe { sys::lzc_get_holds(snapshot.as_ptr(), holds.out()) })?;
        holds.to_rust()
    }

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

    /// `lzc_send_resume`: writes the stream to `fd`, which is to be a blocking pipe.
    ///
    /// Has to run in a thread that signals do not reach.
    pub(crate) fn send(&self, send: &RawSend<'_>, fd: BorrowedFd<'_>) -> Result<()> {
        let snapshot = c_string(send.snapshot)?;
        let from = send.from.map(c_string).transpose()?;
        let (object, offset, _) = send.resume();
        // SAFETY: initialised (`self`); names and descriptor live until the call returns, and the
        // kernel keeps its own reference to the open file meanwhile.
        check(unsafe {
            sys::lzc_send_resume(
                snapshot.as_ptr(),
                optional_ptr(from.as_deref()),
                fd.as_raw_fd(),
                send.flags,
                object,
                offset,
            )
        })
    }

    /// `lzc_send_space_resume_redacted`: an estimate of the stream's size in bytes.
    pub(crate) fn send_space(&self, send: &RawSend<'_>) -> Result<u64> {
        let snapshot = c_string(send.snapshot)?;
        let from = send.from.map(c_string).transpose()?;
        let (object, offset, _) = send.resume();
        // The kernel would subtract it from an estimate that may be smaller.
        let received = 0;
        let mut space = 0;
        // SAFETY: initialised (`self`); the names live until the call returns; no descriptor and
        // no redaction bookmark are given, which is allowed; `space` is ours to write.
        check(unsafe {
            sys::lzc_send_space_resume_redacted(
                snapshot.as_ptr(),
                optional_ptr(from.as_deref()),
                send.flags,
                object,
                offset,
                received,
                ptr::null(),
                -1,
                &mut space,
            )
        })?;
        Ok(space)
    }

    /// `lzc_receive_with_cmdprops`: reads what follows the begin record from `fd`.
    ///
    /// Has to run in a thread that signals do not reach.
    pub(crate) fn receive(
        &self,
        receive: &RawReceive<'_>,
        fd: BorrowedFd<'_>,
    ) -> Result<RawReceived> {
        let snapshot = c_string(receive.snapshot)?;
        let origin = receive.origin.map(c_string).transpose()?;
        let received_props = CNvList::optional(receive.received_props)?;
        let local_props = CNvList::optional(receive.local_props)?;
        let begin = raw_record(receive.begin);
        let mut bytes = 0;
        let mut error_flags = 0;
        let mut errors = CNvList::none();
        // SAFETY: initialised (`self`); names, lists, descriptor and record live until the call
        // returns, and C only reads them; it ignores the cleanup descriptor and the action handle;
        // the three outputs are ours to write, and the list that C leaves is ours to free.
        check(unsafe {
            sys::lzc_receive_with_cmdprops(
                snapshot.as_ptr(),
                received_props.as_ptr(),
                local_props.as_ptr(),
                ptr::null_mut(),
                0,
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
        })?;
        Ok(RawReceived {
            bytes,
            errors: errors.to_rust()?,
        })
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // SAFETY: this value stands for one successful `libzfs_core_init`, and nobody can call
        // through it any more.
        unsafe { sys::libzfs_core_fini() };
    }
}
