//! Scrubs: reading all that a pool has, to find and repair what is damaged.

use std::path::Path;
use std::time::SystemTime;

use libzfs_sys as sys;

use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::name::PoolName;
use crate::nvlist::NvList;

/// What later headers than those of 2.1 have (`pool_scan_func_t`).
const POOL_SCAN_ERRORSCRUB: u64 = 3;
/// As above (`pool_scrub_cmd_t`).
const POOL_SCRUB_FROM_LAST_TXG: u64 = 2;
/// A scan or rebuild that is running (`DSS_SCANNING`, `VDEV_REBUILD_ACTIVE`).
const RUNNING: u64 = 1;

/// What a scrub is to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Scrub {
    /// All there is.
    #[default]
    All,
    /// The blocks in which errors are known (`zpool scrub -e`). Since 2.2; the pool needs the
    /// feature `head_errlog`.
    Errors,
    /// What was written since the last scrub that ended, or all if none has (`zpool scrub -C`).
    /// Since 2.3.
    SinceLast,
    /// What was written in this time, without a limit where there is none (`zpool scrub -S`,
    /// `-E`). Since 2.4. The module keeps only some points in time, so that more is read.
    Written {
        /// Not before.
        after: Option<SystemTime>,
        /// Not after.
        before: Option<SystemTime>,
    },
}

impl Zfs {
    /// Begins a scrub, or goes on with one that is paused: [`Scrub::Errors`] with one of errors, the
    /// others with any other, whatever that was begun to read.
    ///
    /// It goes on in the background ([`PoolActivity::Scrub`](crate::PoolActivity::Scrub)), also
    /// after the pool was exported and imported again.
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::AlreadyRunning`], [`ErrorKind::ResilverRunning`],
    ///   [`ErrorKind::RebuildRunning`];
    /// * [`ErrorKind::NothingToScrub`] for [`Scrub::Errors`];
    /// * [`ErrorKind::InvalidArgument`]: a time that ends before it begins;
    /// * [`ErrorKind::FeatureDisabled`], [`ErrorKind::Unsupported`] for what is not
    ///   [`Scrub::All`];
    /// * [`ErrorKind::PoolNotFound`], [`ErrorKind::PermissionDenied`],
    ///   [`ErrorKind::ReadOnlyPool`], [`ErrorKind::PoolSuspended`]
    #[doc(alias = "lzc_scrub")]
    #[doc(alias = "ZFS_IOC_POOL_SCAN")]
    pub fn scrub(&self, pool: &PoolName, what: Scrub) -> Result<()> {
        tracing::debug!(%pool, ?what, "scrub");
        let operation = Operation::Scrub;
        match what {
            Scrub::All => self.begin_scan(pool, sys::POOL_SCAN_SCRUB.into()),
            Scrub::Errors if !has_error_scrub() => {
                Err(Error::needs_release(operation, pool.as_str(), "2.2"))
            }
            Scrub::Errors => self.begin_scan(pool, POOL_SCAN_ERRORSCRUB),
            Scrub::SinceLast => {
                let args = scrub_args(POOL_SCRUB_FROM_LAST_TXG);
                self.begin_scrub(pool, &args, "2.3")
            }
            Scrub::Written { after, before } => {
                // For the kernel, an end at 0 is none.
                let begin = after.unwrap_or(SystemTime::UNIX_EPOCH);
                if before.is_some_and(|end| seconds(Some(end)) <= seconds(Some(begin))) {
                    let kind = ErrorKind::InvalidArgument;
                    let why = "the time ends before it begins";
                    return Err(Error::refused(operation, pool.as_str(), kind, why));
                }
                let args = scrub_args(sys::POOL_SCRUB_NORMAL.into())
                    .with("scan_date_start", seconds(after))
                    .with("scan_date_end", seconds(before));
                self.begin_scrub(pool, &args, "2.4")
            }
        }
    }

    /// By the ioctl that every release has. It refuses pools that are suspended or read-only, where
    /// that of `lzc_scrub` hangs before 2.4.
    fn begin_scan(&self, pool: &PoolName, function: u64) -> Result<()> {
        match self
            .device()
            .pool_scan(pool.as_str(), function, sys::POOL_SCRUB_NORMAL)
        {
            // How 2.1 says that it went on with a paused scrub.
            Err(errno) if errno.raw() == libc::ECANCELED && function != POOL_SCAN_ERRORSCRUB => {
                Ok(())
            }
            result => self
                .recorded(Operation::Scrub, pool, result)
                .map_err(|errno| {
                    self.scan_error(
                        pool,
                        Error::from_errno(Operation::Scrub, pool.as_str(), errno),
                    )
                }),
        }
    }

    /// By the ioctl that has more arguments.
    fn begin_scrub(&self, pool: &PoolName, args: &NvList, since: &str) -> Result<()> {
        let failed = |errno| Error::from_errno(Operation::Scrub, pool.as_str(), errno);
        let too_old = || Error::needs_release(Operation::Scrub, pool.as_str(), since);
        // This is refused where a scrub would hang.
        self.library().sync(pool.as_str(), false).map_err(failed)?;
        match self.library().scrub(pool.as_str(), args) {
            None => Err(too_old()),
            Some(Ok(())) => {
                self.record(Operation::Scrub, pool);
                Ok(())
            }
            // A command or an argument that the module does not know.
            Some(Err(errno))
                if errno.raw() == libc::EINVAL
                    || failed(errno).kind() == ErrorKind::Unsupported =>
            {
                Err(too_old())
            }
            Some(Err(errno)) => Err(self.scan_error(pool, failed(errno))),
        }
    }

    /// Pauses a scrub; [`scrub`](Self::scrub) goes on with it. It stays paused when the pool is
    /// exported and imported again.
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotRunning`], [`ErrorKind::AlreadyPaused`], [`ErrorKind::ResilverRunning`],
    /// [`ErrorKind::PoolNotFound`], [`ErrorKind::PermissionDenied`], [`ErrorKind::ReadOnlyPool`],
    /// [`ErrorKind::PoolSuspended`]
    #[doc(alias = "lzc_scrub")]
    #[doc(alias = "POOL_SCRUB_PAUSE")]
    pub fn pause_scrub(&self, pool: &PoolName) -> Result<()> {
        self.end_scan(
            Operation::PauseScrub,
            pool,
            sys::POOL_SCAN_SCRUB.into(),
            sys::POOL_SCRUB_PAUSE,
        )
    }

    /// Stops a scrub, one that is paused too. Another begins from the start.
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// As for [`pause_scrub`](Self::pause_scrub).
    #[doc(alias = "lzc_scrub")]
    #[doc(alias = "POOL_SCAN_NONE")]
    pub fn stop_scrub(&self, pool: &PoolName) -> Result<()> {
        self.end_scan(
            Operation::StopScrub,
            pool,
            sys::POOL_SCAN_NONE.into(),
            sys::POOL_SCRUB_NORMAL,
        )
    }

    fn end_scan(
        &self,
        operation: Operation,
        pool: &PoolName,
        function: u64,
        command: sys::pool_scrub_cmd_t,
    ) -> Result<()> {
        tracing::debug!(%pool, "{operation}");
        self.device()
            .pool_scan(pool.as_str(), function, command)
            .map_err(|errno| {
                self.scan_error(pool, Error::from_errno(operation, pool.as_str(), errno))
            })?;
        self.record(operation, pool);
        Ok(())
    }

    /// The kernel has one number for several reasons; the pool knows which it was.
    fn scan_error(&self, pool: &PoolName, error: Error) -> Error {
        match error.errno().raw() {
            libc::ENOENT if self.is_missing(pool) => error.with_kind(ErrorKind::PoolNotFound),
            libc::EBUSY => match self.device().pool_stats(pool.as_str()) {
                Ok(config) => match running_resilver(&config) {
                    Some(kind) => error.with_kind(kind),
                    None => error,
                },
                Err(_) => error,
            },
            _ => error,
        }
    }
}

fn scrub_args(command: u64) -> NvList {
    NvList::new()
        .with("scan_type", u64::from(sys::POOL_SCAN_SCRUB))
        .with("scan_command", command)
}

/// Seconds since 1970; 0 where there is no limit.
fn seconds(time: Option<SystemTime>) -> u64 {
    time.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok())
        .map_or(0, |since| since.as_secs())
}

/// The module's own word on the feature that such a scrub needs and that came with it.
fn has_error_scrub() -> bool {
    Path::new("/sys/module/zfs/features.pool/com.delphix:head_errlog").exists()
}

/// Which kind of resilver the pool of this configuration is busy with, if any.
fn running_resilver(config: &NvList) -> Option<ErrorKind> {
    let root = config.get_list("vdev_tree")?;
    // The first two numbers of `pool_scan_stat_t`: what, and its state.
    if let Some([function, RUNNING, ..]) = root.get_u64_array("scan_stats") {
        if *function == u64::from(sys::POOL_SCAN_RESILVER) {
            return Some(ErrorKind::ResilverRunning);
        }
    }
    // The first number of `vdev_rebuild_stat_t` is its state.
    let rebuilds = |vdev: &NvList| {
        matches!(
            vdev.get_u64_array("org.openzfs:rebuild_stats"),
            Some([RUNNING, ..])
        )
    };
    let children = root.get_list_array("children").unwrap_or_default();
    children
        .iter()
        .any(rebuilds)
        .then_some(ErrorKind::RebuildRunning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_tells_what_is_running() {
        let config = |scan: Vec<u64>, rebuild: Vec<u64>| {
            let child = NvList::new().with("org.openzfs:rebuild_stats", rebuild);
            let root = NvList::new()
                .with("scan_stats", scan)
                .with("children", vec![NvList::new(), child]);
            NvList::new().with("vdev_tree", root)
        };
        let busy = |scan, rebuild| running_resilver(&config(scan, rebuild));
        assert_eq!(
            busy(vec![2, 1, 9], vec![0]),
            Some(ErrorKind::ResilverRunning)
        );
        assert_eq!(
            busy(vec![2, 2, 9], vec![1, 5]),
            Some(ErrorKind::RebuildRunning)
        );
        assert_eq!(busy(vec![1, 1, 9], vec![3, 5]), None);
        assert_eq!(running_resilver(&NvList::new()), None);
    }
}
