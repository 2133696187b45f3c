//! Pools as a whole: sync, reopen, properties.

use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::name::PoolName;
use crate::property::Properties;

impl Zfs {
    /// Has a pool write what it holds in memory, and waits until that is on its devices.
    ///
    /// Everything that was changed in the pool before this call is then there after a crash.
    /// Everybody may do it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PoolNotFound`], [`ErrorKind::ReadOnlyPool`], [`ErrorKind::PoolSuspended`]. If
    /// the pool is suspended while this waits, it goes on to wait until the pool is resumed.
    #[doc(alias = "lzc_sync")]
    pub fn sync_pool(&self, pool: &PoolName) -> Result<()> {
        self.sync(pool, false)
    }

    /// As [`sync_pool`](Self::sync_pool), and has the labels of the pool's devices written as
    /// well, which otherwise happens only when the pool's configuration has changed.
    ///
    /// # Errors
    ///
    /// As for [`sync_pool`](Self::sync_pool).
    #[doc(alias = "lzc_sync")]
    pub fn sync_pool_and_labels(&self, pool: &PoolName) -> Result<()> {
        self.sync(pool, true)
    }

    fn sync(&self, pool: &PoolName, force: bool) -> Result<()> {
        tracing::debug!(%pool, force, "sync");
        self.library()
            .sync(pool.as_str(), force)
            .map_err(|errno| Error::from_errno(Operation::SyncPool, pool.as_str(), errno))
    }

    /// Opens all devices of a pool anew, so that it notices which are gone, are back again, or
    /// have another size.
    ///
    /// A device that is back and lacks what was written meanwhile is resilvered.
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PoolNotFound`], [`ErrorKind::PoolSuspended`], [`ErrorKind::PermissionDenied`]
    #[doc(alias = "lzc_reopen")]
    pub fn reopen_pool(&self, pool: &PoolName, scrub: RunningScrub) -> Result<()> {
        tracing::debug!(%pool, ?scrub, "reopen");
        let operation = Operation::ReopenPool;
        let reopened = self
            .library()
            .reopen(pool.as_str(), scrub == RunningScrub::MayEnd);
        self.recorded(operation, pool, reopened)
            .map_err(|errno| Error::from_errno(operation, pool.as_str(), errno))
    }

    /// The properties of a pool, each with its source: what `zpool get all` shows, without the
    /// features. [`Properties::raw`] has each by its name, such as `health`, `size` or `readonly`.
    ///
    /// Which there are depends on the release, and on the pool: some that were never set are
    /// absent. User properties of pools came with 2.3.
    ///
    /// Everybody may read them.
    ///
    /// ```no_run
    /// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
    /// use libzfs::nvlist::Value;
    ///
    /// let properties = zfs.pool_properties(&"tank".parse()?)?;
    /// if let Some(free) = properties.raw("free").and_then(|free| free.value.as_u64()) {
    ///     println!("{free} bytes are free");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PoolNotFound`]
    #[doc(alias = "lzc_get_props")]
    #[doc(alias = "ZFS_IOC_POOL_GET_PROPS")]
    pub fn pool_properties(&self, pool: &PoolName) -> Result<Properties> {
        // The ioctl that `lzc_get_props` runs, which only 2.3 and later have, answers the same to
        // this crate's own call on every release.
        match self.device().pool_get_props(pool.as_str()) {
            Ok(list) => Ok(Properties::new(pool.as_str(), list)),
            Err(errno) => {
                let error = Error::from_errno(Operation::ReadPoolProperties, pool.as_str(), errno);
                // 2.1 says EFAULT to whatever went wrong.
                if errno.raw() == libc::EFAULT && self.is_missing(pool) {
                    return Err(error.with_kind(ErrorKind::PoolNotFound));
                }
                Err(error)
            }
        }
    }
}

/// What [`Zfs::reopen_pool`] may do to a scrub that is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RunningScrub {
    /// It goes on, and a resilver that a device needs waits for it (`zpool reopen -n`).
    #[default]
    GoesOn,
    /// A resilver that a device needs takes its place, as `zpool reopen` has it.
    MayEnd,
}
