//! Other users, and what is delegated to them.

use std::thread;

use super::Pool;
use crate::error::{Error, Operation, Result};
use crate::ffi;
use crate::name::DatasetName;
use crate::nvlist::{NvList, Value};

impl Pool {
    /// Delegates permissions such as `send` and `hold` on a dataset and all below it to a user, as
    /// `zfs allow -u` does.
    ///
    /// ```no_run
    /// # fn main() -> libzfs::Result<()> {
    /// use libzfs::testing::{NOBODY, Pool, as_user};
    ///
    /// let pool = Pool::create()?;
    /// let data = pool.dataset("data");
    /// pool.zfs().create(&data).run()?;
    /// let snapshot = pool.snapshot("data@one");
    /// let take = || pool.zfs().create_snapshots(&[snapshot.clone()]);
    /// assert!(as_user(NOBODY, take).is_err());
    /// pool.allow(&data, NOBODY, &["snapshot"])?;
    /// as_user(NOBODY, take)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::DatasetNotFound`](crate::ErrorKind::DatasetNotFound),
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument): there is no such
    /// permission
    #[doc(alias = "ZFS_IOC_SET_FSACL")]
    pub fn allow(&self, dataset: &DatasetName, uid: u32, permissions: &[&str]) -> Result<()> {
        self.change_permissions(dataset, uid, permissions, false)
    }

    /// Takes permissions back.
    ///
    /// # Errors
    ///
    /// As for [`allow`](Self::allow).
    #[doc(alias = "ZFS_IOC_SET_FSACL")]
    pub fn unallow(&self, dataset: &DatasetName, uid: u32, permissions: &[&str]) -> Result<()> {
        self.change_permissions(dataset, uid, permissions, true)
    }

    fn change_permissions(
        &self,
        dataset: &DatasetName,
        uid: u32,
        permissions: &[&str],
        remove: bool,
    ) -> Result<()> {
        let permissions: NvList = permissions
            .iter()
            .map(|&permission| (permission, Value::Boolean))
            .collect();
        // The user's own on the dataset, and on those below it.
        let list = NvList::new()
            .with(format!("ul${uid}"), permissions.clone())
            .with(format!("ud${uid}"), permissions);
        self.zfs()
            .device()
            .set_permissions(dataset.as_str(), &list, remove)
            .map_err(|errno| Error::from_errno(Operation::Delegate, dataset.as_str(), errno))
    }
}

/// A user who may do nothing but what is allowed to him.
pub const NOBODY: u32 = 65534;

/// Runs `work` in a thread that is another user, without groups and privileges. A handle that root
/// opened it can use, and the kernel then asks who is calling; what it opens itself it has to have
/// the right to.
///
/// # Panics
///
/// As `work` does, and where this process may not become that user.
pub fn as_user<T: Send>(uid: u32, work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let thread = scope.spawn(move || {
            if let Err(errno) = ffi::become_user(uid) {
                panic!("cannot become the user {uid}: {errno}");
            }
            work()
        });
        thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
