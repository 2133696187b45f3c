//! The handle through which everything is done.

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::error::{Errno, Error, ErrorKind, Operation, Result};
use crate::ffi::{self, Device, Library, UserlandLibrary};
use crate::name::PoolName;
use crate::nvlist::NvList;

/// Access to ZFS on this machine.
///
/// It owns the initialisation of `libzfs_core` and an open `/dev/zfs`. Cloning is cheap, and clones
/// can be used from as many threads as wanted at the same time: neither part has any other state.
///
/// A handle stays usable after `fork`.
///
/// What is changed through it is entered into the pool's history under the program's name, as `zfs`
/// does: `zpool history` shows it. Another name can be [chosen](Self::with_history_name), or
/// [none](Self::without_history).
#[derive(Clone)]
#[doc(alias = "libzfs_core_fini")]
pub struct Zfs {
    inner: Arc<Inner>,
    /// Under which name changes are entered into the history.
    history: Option<Arc<str>>,
}

struct Inner {
    library: Library,
    device: Device,
}

impl Zfs {
    /// Opens `/dev/zfs` and initialises `libzfs_core`.
    ///
    /// What can be done with the handle then depends on who the caller is: root can do
    /// everything, others what was delegated to them with `zfs allow`.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::ZfsNotAvailable`]: there is no `/dev/zfs`; the module is not loaded.
    /// * [`ErrorKind::PermissionDenied`]: the device may not be opened. OpenZFS lets everybody
    ///   open it; a container or a device policy may not.
    #[doc(alias = "libzfs_core_init")]
    pub fn open() -> Result<Self> {
        let failed = |errno| Error::from_errno(Operation::Open, "/dev/zfs", errno);
        let device = Device::open().map_err(failed)?;
        let library = Library::init().map_err(failed)?;
        Ok(Self {
            inner: Arc::new(Inner { library, device }),
            history: Some(program().into()),
        })
    }

    /// A handle whose changes are entered into the history under that name, such as
    /// `mybackup run nightly`, in place of the name of the program's file. Control characters
    /// become `?`.
    #[must_use]
    #[doc(alias = "zpool_log_history")]
    pub fn with_history_name(self, name: &str) -> Self {
        Self {
            history: Some(name.replace(char::is_control, "?").into()),
            ..self
        }
    }

    /// A handle whose changes are not entered into the history by name. The kernel's own record of
    /// them, which `zpool history -i` shows, cannot be left out.
    ///
    /// Each change costs a system call less.
    #[must_use]
    pub fn without_history(self) -> Self {
        Self {
            history: None,
            ..self
        }
    }

    /// Enters what this thread's last call has changed into the pool's history. The kernel remembers
    /// the pool of the last call that lets an entry in: after one that does not, as that which sets
    /// properties of vdevs, it would come into the history of another pool.
    ///
    /// That it could not be entered is no failure of what was done.
    pub(crate) fn record(&self, operation: Operation, target: impl fmt::Display) {
        let Some(text) = self.history_text(operation, target) else {
            return;
        };
        if let Err(errno) = self.device().log_history(&text) {
            tracing::debug!(text, %errno, "not entered into the history");
        }
    }

    /// What is entered into the history.
    pub(crate) fn history_text(
        &self,
        operation: Operation,
        target: impl fmt::Display,
    ) -> Option<String> {
        let name = self.history.as_ref()?;
        Some(format!("{name} {operation} {target}"))
    }

    /// Makes of what a call on many items of one pool returned either what it left undone or an
    /// error with each failure.
    pub(crate) fn batch(
        &self,
        operation: Operation,
        target: impl fmt::Display,
        pool: Option<PoolName>,
        result: Result<(Result<(), Errno>, NvList), Errno>,
    ) -> Result<Outcome> {
        match result {
            Err(errno) => Err(Error::from_errno(operation, target.to_string(), errno)),
            Ok((Ok(()), errors)) => {
                self.record(operation, target);
                Ok(Outcome::new(&errors))
            }
            Ok((Err(errno), errors)) => {
                let outcome = Outcome::new(&errors);
                let error = Error::from_errno(operation, target.to_string(), errno);
                // The kernel's number for a pool or a dataset that is missing is that for a missing
                // item.
                let whole = outcome.items.is_empty() && errno.raw() == libc::ENOENT;
                if let (true, Some(pool)) = (whole, pool) {
                    return Err(match self.dataset_exists(&pool.root()) {
                        Ok(true) => error.with_kind(ErrorKind::DatasetNotFound),
                        Ok(false) => error.with_kind(ErrorKind::PoolNotFound),
                        Err(_) => error,
                    });
                }
                Err(error.with_failures(outcome.items, outcome.suppressed))
            }
        }
    }

    /// Whether there is no pool of this name, as far as the kernel tells.
    pub(crate) fn is_missing(&self, pool: &PoolName) -> bool {
        self.dataset_exists(&pool.root())
            .is_ok_and(|exists| !exists)
    }

    /// Enters what this thread's last call has changed into the pool's history, if it has.
    pub(crate) fn recorded<T, E>(
        &self,
        operation: Operation,
        target: impl fmt::Display,
        result: Result<T, E>,
    ) -> Result<T, E> {
        if result.is_ok() {
            self.record(operation, target);
        }
        result
    }

    pub(crate) fn library(&self) -> &Library {
        &self.inner.library
    }

    pub(crate) fn device(&self) -> &Device {
        &self.inner.device
    }
}

impl fmt::Debug for Zfs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Zfs").finish_non_exhaustive()
    }
}

/// The name of this program's file.
fn program() -> String {
    let first = std::env::args_os().next().unwrap_or_default();
    let name = Path::new(&first).file_name().unwrap_or_default();
    let name = name.to_string_lossy().replace(char::is_control, "?");
    match name.is_empty() {
        true => "libzfs".to_owned(),
        false => name,
    }
}

/// The version of the loaded kernel module, such as `2.3.9-1`; needs no permission.
///
/// # Errors
///
/// [`ErrorKind::ZfsNotAvailable`]: no module is loaded.
#[doc(alias = "zfs_version_kernel")]
pub fn kernel_version() -> Result<String> {
    const PATH: &str = "/sys/module/zfs/version";
    match fs::read_to_string(PATH) {
        Ok(version) => Ok(version.trim_end().to_owned()),
        Err(error) => {
            let errno = Errno::from(error);
            let kind = match errno.raw() {
                libc::ENOENT => ErrorKind::ZfsNotAvailable,
                _ => ErrorKind::Io,
            };
            Err(Error::new(
                Operation::ReadVersion,
                "the kernel module",
                kind,
                errno,
            ))
        }
    }
}

/// The numbers of the loaded module's release, where they can be told.
pub(crate) fn kernel_release() -> Option<[u32; 3]> {
    release(&kernel_version().ok()?)
}

fn release(version: &str) -> Option<[u32; 3]> {
    let mut numbers = version
        .split(|c: char| !c.is_ascii_digit())
        .map_while(|number| number.parse().ok());
    Some([
        numbers.next()?,
        numbers.next()?,
        numbers.next().unwrap_or_default(),
    ])
}

/// The userland library that this program runs with; needs no kernel module.
#[doc(alias = "zfs_version_userland")]
pub fn userland_library() -> UserlandLibrary {
    ffi::userland_library()
}

/// What a call on many items came to.
pub(crate) struct Outcome {
    /// The items that the kernel named, with what it said of each.
    pub(crate) items: Vec<(String, Errno)>,
    /// How many more it would have named.
    pub(crate) suppressed: u64,
}

/// The key under which the kernel counts the items that its answer had no room for
/// (`ZPROP_N_MORE_ERRORS`).
pub(crate) const N_MORE_ERRORS: &str = "N_MORE_ERRORS";

impl Outcome {
    fn new(errors: &NvList) -> Self {
        let mut outcome = Self {
            items: Vec::new(),
            suppressed: 0,
        };
        outcome.collect("", errors);
        outcome
    }

    /// The kernel names an item by its name, or, for releases, by the snapshot with a list of tags.
    fn collect(&mut self, prefix: &str, errors: &NvList) {
        for (name, value) in errors.iter() {
            if name == N_MORE_ERRORS {
                let more = value.to_integer().and_then(|n| u64::try_from(n).ok());
                self.suppressed += more.unwrap_or(0);
            } else if let Some(inner) = value.as_list() {
                self.collect(&format!("{prefix}{name}#"), inner);
            } else {
                let errno = value.to_integer().and_then(|n| i32::try_from(n).ok());
                let errno = Errno::new(errno.unwrap_or(libc::EIO));
                self.items.push((format!("{prefix}{name}"), errno));
            }
        }
    }
}

/// `a`, or `3 snapshots, the first a`: how errors and the history name the items of a call.
pub(crate) struct Items<'a, T> {
    /// What one of them is.
    pub(crate) what: &'static str,
    pub(crate) items: &'a [T],
    pub(crate) name: fn(&T) -> &str,
}

impl<T> fmt::Display for Items<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, items, name } = self;
        match items {
            [] => write!(f, "no {what}"),
            [only] => f.write_str(name(only)),
            [first, ..] => write!(f, "{} {what}s, the first {}", items.len(), name(first)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_the_numbers_of_a_release() {
        assert_eq!(release("2.3.9-0+deb13u1"), Some([2, 3, 9]));
        assert_eq!(release("2.4.0-rc1"), Some([2, 4, 0]));
        assert_eq!(release("3.0"), Some([3, 0, 0]));
        assert_eq!(
            (release(""), release("x.1"), release("2")),
            (None, None, None)
        );
    }

    #[test]
    fn failures_are_read_in_every_form_the_kernel_has() {
        let inner = NvList::new().with("rep", libc::ENOENT);
        let errors = NvList::new()
            .with("tank@a", libc::EEXIST)
            .with("tank@b", inner)
            .with(N_MORE_ERRORS, 12_i32);
        let outcome = Outcome::new(&errors);
        assert_eq!(
            outcome.items,
            [
                ("tank@a".to_owned(), Errno::new(libc::EEXIST)),
                ("tank@b#rep".to_owned(), Errno::new(libc::ENOENT)),
            ]
        );
        assert_eq!(outcome.suppressed, 12);
    }
}
