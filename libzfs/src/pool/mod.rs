//! Pools as a whole: made, destroyed, exported, listed; sync, reopen, properties.

mod create;
mod device;
mod errors;
mod event;
mod features;
mod find;
mod foreign;
mod history;
mod import;
mod layout;
mod new_vdev;
mod probe;
mod statistics;
mod status;

use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroize;

pub use self::create::CreatePool;
pub use self::device::{AddVdevs, AttachDevice};
pub use self::errors::DamagedBlock;
pub use self::event::{Event, Events, EventsFrom};
#[cfg(feature = "testing")]
pub(crate) use self::features::Features;
pub use self::find::{FoundPool, FoundPools};
pub use self::history::{History, HistoryRecord};
pub use self::import::ImportPool;
pub use self::new_vdev::{NewDraid, NewVdev};
pub use self::statistics::{IoStatistics, Latency, LatencyHistogram};
pub use self::status::{
    PoolStatus, Scan, ScanKind, ScanState, VdevClass, VdevKind, VdevReason, VdevState, VdevStats,
    VdevStatus,
};
use crate::error::{Errno, Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::key::WrappingKey;
use crate::name::PoolName;
use crate::nvlist::{NvList, Value};
use crate::property::Properties;

impl Zfs {
    /// The pools that are imported.
    ///
    /// Everybody may list them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnexpectedAnswer`]
    #[doc(alias = "zpool_iter")]
    #[doc(alias = "ZFS_IOC_POOL_CONFIGS")]
    pub fn pools(&self) -> Result<Vec<ImportedPool>> {
        let failed = |errno| Error::from_errno(Operation::ListPools, "this system", errno);
        let configs = self.device().pool_configs().map_err(failed)?;
        let pool = |(name, config): (&bstr::BStr, &Value)| {
            Some(ImportedPool {
                name: std::str::from_utf8(name).ok()?.parse().ok()?,
                guid: config.as_list()?.get_u64("pool_guid")?,
            })
        };
        let named = |(name, config)| {
            pool((name, config)).ok_or_else(|| {
                let kind = ErrorKind::UnexpectedAnswer;
                let why = format!("the pool {name} has no name or no GUID");
                Error::refused(Operation::ListPools, "this system", kind, why)
            })
        };
        configs.iter().map(named).collect()
    }

    /// Destroys a pool. **All that is in it is lost.**
    ///
    /// None of its file systems may be mounted, and none of its volumes open. The kernel itself can
    /// be in the pool for a moment more, above all in one that was imported read-only: while the
    /// pool is busy, this tries again for up to a second.
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::Busy`]: something of it is mounted, open, or being sent or received;
    /// * [`ErrorKind::PoolNotFound`], [`ErrorKind::PermissionDenied`],
    ///   [`ErrorKind::PoolSuspended`], [`ErrorKind::ExportInProgress`]
    #[doc(alias = "zpool_destroy")]
    #[doc(alias = "ZFS_IOC_POOL_DESTROY")]
    pub fn destroy_pool(&self, pool: &PoolName) -> Result<()> {
        let operation = Operation::DestroyPool;
        tracing::debug!(%pool, "destroy pool");
        let history = self.history_text(operation, pool);
        when_idle(|| {
            self.device()
                .pool_destroy(pool.as_str(), history.as_deref())
        })
        .map_err(|errno| Error::from_errno(operation, pool.as_str(), errno))
    }

    /// Exports a pool: it is known to the system no more, and can be imported here or elsewhere.
    ///
    /// None of its file systems may be mounted, and none of its volumes open. The kernel itself can
    /// be in the pool for a moment more, above all in one that was imported read-only: while the
    /// pool is busy, this tries again for up to a second.
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::Busy`]: something of it is mounted, open, or being sent or received;
    /// * [`ErrorKind::SpareShared`];
    /// * [`ErrorKind::PoolNotFound`], [`ErrorKind::PermissionDenied`],
    ///   [`ErrorKind::PoolSuspended`], [`ErrorKind::ExportInProgress`]
    #[doc(alias = "zpool_export")]
    #[doc(alias = "ZFS_IOC_POOL_EXPORT")]
    pub fn export_pool(&self, pool: &PoolName) -> Result<()> {
        self.export_as(pool, false)
    }

    /// As [`export_pool`](Self::export_pool), also where a spare is in use in the pool that another
    /// pool has, too: **that pool may then take it, and the data of this one are written over.**
    ///
    /// # Errors
    ///
    /// As there.
    #[doc(alias = "zpool_export")]
    pub fn force_export_pool(&self, pool: &PoolName) -> Result<()> {
        self.export_as(pool, true)
    }

    fn export_as(&self, pool: &PoolName, force: bool) -> Result<()> {
        let operation = Operation::ExportPool;
        tracing::debug!(%pool, force, "export pool");
        let history = self.history_text(operation, pool);
        when_idle(|| {
            self.device()
                .pool_export(pool.as_str(), force, history.as_deref())
        })
        .map_err(|errno| Error::from_errno(operation, pool.as_str(), errno))
    }

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

/// A pool that is imported; see [`Zfs::pools`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ImportedPool {
    /// Its name.
    pub name: PoolName,
    /// What names it wherever it is imported.
    pub guid: u64,
}

/// How long a pool is taken to be busy only because the kernel has not tidied up yet.
const TIDYING: Duration = Duration::from_secs(1);

/// Does what needs a pool that nobody uses.
///
/// The kernel takes its hands off an object set some time after its last user, and waits for that
/// itself only where the pool is written to.
fn when_idle(work: impl Fn() -> Result<(), Errno>) -> Result<(), Errno> {
    let start = Instant::now();
    loop {
        match work() {
            Err(errno) if errno.raw() == libc::EBUSY && start.elapsed() < TIDYING => {
                thread::sleep(Duration::from_millis(50));
            }
            result => return result,
        }
    }
}

/// Runs `work` on a request that has the key where the kernel keeps it out of the history, and
/// takes it out of the request again.
fn with_hidden_key<T>(
    key: Option<WrappingKey>,
    request: &mut NvList,
    work: impl FnOnce(&NvList) -> T,
) -> T {
    let Some(key) = key else {
        return work(request);
    };
    const HIDDEN: &str = "hidden_args";
    let hidden = NvList::new().with("wkeydata", key.as_bytes().to_vec());
    request.insert(HIDDEN, hidden);
    let result = work(request);
    if let Some(Value::NvList(mut hidden)) = request.remove(HIDDEN) {
        if let Some(Value::U8Array(mut bytes)) = hidden.remove("wkeydata") {
            bytes.zeroize();
        }
    }
    result
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
