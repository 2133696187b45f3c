//! libzfs, for what `libzfs_core` and ioctls do not do: mounting.

use std::ffi::{CStr, CString, OsString, c_char, c_int};
use std::marker::PhantomData;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::ptr::{self, NonNull};
use std::sync::{Mutex, MutexGuard, PoisonError};

use libzfs_sys as sys;
use libzfs_sys::dynamic::{self, libzfs_handle_t, zfs_handle_t};

use super::c_string;
use crate::error::Errno;

/// No value of a property is longer (`ZFS_MAXPROPLEN` of the newest release).
const MAX_VALUE: usize = 8192;

/// Held by whoever uses libzfs: a handle of it is not made for threads, and its initialisation
/// writes tables that all handles share.
static ALONE: Mutex<()> = Mutex::new(());

/// A handle of libzfs, for one use.
pub(crate) struct Libzfs {
    functions: &'static dynamic::Libzfs,
    handle: NonNull<libzfs_handle_t>,
    _alone: MutexGuard<'static, ()>,
}

/// Why libzfs did not do something.
pub(crate) struct Refusal {
    pub(crate) errno: Errno,
    /// Its own words, in the language of the process.
    pub(crate) text: String,
}

impl Libzfs {
    /// `libzfs_init`; `None` where there is no libzfs.
    ///
    /// The caller has `/dev/zfs` open, or libzfs would start `modprobe`.
    pub(crate) fn init() -> Result<Option<Self>, Errno> {
        let Some(functions) = dynamic::libzfs() else {
            return Ok(None);
        };
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: nobody else is using libzfs, for which the lock is.
        let handle = unsafe { (functions.libzfs_init)() };
        let handle = NonNull::new(handle).ok_or_else(Errno::last)?;
        let libzfs = Self {
            functions,
            handle,
            _alone: alone,
        };
        // SAFETY: the handle is open, and used by this thread alone.
        unsafe { (functions.libzfs_print_on_error)(handle.as_ptr(), sys::B_FALSE) };
        Ok(Some(libzfs))
    }

    /// `zfs_open`
    pub(crate) fn open(&self, name: &str) -> Result<OpenDataset<'_>, Refusal> {
        let name = c_string(name).map_err(|errno| self.refusal(errno))?;
        let kind = sys::ZFS_TYPE_FILESYSTEM as c_int;
        clear_errno();
        // SAFETY: the handle is open, and used by this thread alone; the name is a C string.
        let dataset =
            unsafe { (self.functions.zfs_open)(self.handle.as_ptr(), name.as_ptr(), kind) };
        match NonNull::new(dataset) {
            Some(dataset) => Ok(OpenDataset {
                libzfs: self,
                dataset,
                _not_send: PhantomData,
            }),
            None => Err(self.refusal(Errno::last())),
        }
    }

    /// What libzfs says of its last failure.
    fn refusal(&self, errno: Errno) -> Refusal {
        // SAFETY: the handle is open, and used by this thread alone.
        let text = unsafe { (self.functions.libzfs_error_description)(self.handle.as_ptr()) };
        let text = if text.is_null() {
            String::new()
        } else {
            // SAFETY: a C string, in the handle or constant, which nobody changes meanwhile.
            unsafe { CStr::from_ptr(text) }
                .to_string_lossy()
                .into_owned()
        };
        Refusal { errno, text }
    }
}

impl Drop for Libzfs {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and what was opened through it borrows it.
        unsafe { (self.functions.libzfs_fini)(self.handle.as_ptr()) };
    }
}

/// A file system, opened through libzfs.
pub(crate) struct OpenDataset<'a> {
    libzfs: &'a Libzfs,
    dataset: NonNull<zfs_handle_t>,
    _not_send: PhantomData<*const ()>,
}

impl OpenDataset<'_> {
    /// The property `mountpoint` as `zfs get` shows it: with what an inherited one has of the
    /// dataset's name, and below the pool's `altroot`.
    pub(crate) fn mountpoint(&self) -> Result<PathBuf, Refusal> {
        let mut value = vec![0_u8; MAX_VALUE];
        // SAFETY: the dataset is open, and used by this thread alone; the buffer has as many bytes
        // as is said, and where the value comes from is not asked.
        let rc = unsafe {
            (self.libzfs.functions.zfs_prop_get)(
                self.dataset.as_ptr(),
                sys::ZFS_PROP_MOUNTPOINT,
                value.as_mut_ptr().cast::<c_char>(),
                value.len(),
                ptr::null_mut(),
                ptr::null_mut(),
                0,
                sys::B_FALSE,
            )
        };
        if rc != 0 {
            return Err(self.libzfs.refusal(Errno::new(libc::EINVAL)));
        }
        value.truncate(
            value
                .iter()
                .position(|&byte| byte == 0)
                .unwrap_or(value.len()),
        );
        Ok(PathBuf::from(OsString::from_vec(value)))
    }

    /// `zfs_mount_at`: `options` besides those that properties give, such as `ro`. It makes the
    /// directory where there is none.
    ///
    /// With `ZFS_MOUNT_HELPER` in the environment it would start `mount`.
    pub(crate) fn mount_at(&self, path: &Path, options: Option<&CStr>) -> Result<(), Refusal> {
        let path = CString::new(path.as_os_str().as_bytes());
        let path = path.map_err(|_| self.libzfs.refusal(Errno::new(libc::EINVAL)))?;
        let options = options.map_or(ptr::null(), CStr::as_ptr);
        clear_errno();
        // SAFETY: the dataset is open, and used by this thread alone; the path is a C string, and
        // the options are one or null, which stands for none.
        let rc = unsafe {
            (self.libzfs.functions.zfs_mount_at)(self.dataset.as_ptr(), options, 0, path.as_ptr())
        };
        if rc != 0 {
            return Err(self.libzfs.refusal(Errno::last()));
        }
        Ok(())
    }
}

impl Drop for OpenDataset<'_> {
    fn drop(&mut self) {
        // SAFETY: the dataset is open, and nothing borrows it any more.
        unsafe { (self.libzfs.functions.zfs_close)(self.dataset.as_ptr()) };
    }
}

/// Libzfs leaves the number of a system call that failed where C has it, and returns another.
fn clear_errno() {
    // SAFETY: the address of this thread's own number.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above.
    unsafe { *errno = 0 };
}
