//! Waiting for what goes on in the background.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use libzfs_sys as sys;

use crate::error::{Errno, Error, ErrorKind, Operation, Result};
use crate::ffi::block_all_signals;
use crate::handle::Zfs;
use crate::name::{DatasetName, PoolName};
use crate::vdev::VdevGuid;

/// What the headers of 2.1 lack (`zpool_wait_activity_t`).
const ZPOOL_WAIT_RAIDZ_EXPAND: sys::zpool_wait_activity_t = 8;

/// What can go on in a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PoolActivity {
    /// Freeing what a discarded checkpoint kept.
    DiscardCheckpoint,
    /// Freeing the space of destroyed datasets.
    Free,
    /// Initialising vdevs.
    Initialize,
    /// Initialising this vdev, a device or file.
    InitializeVdev(VdevGuid),
    /// Replacing devices.
    Replace,
    /// Removing a device.
    Remove,
    /// A resilver, a sequential one too.
    Resilver,
    /// A scrub. It is over for this purpose when it is paused.
    Scrub,
    /// Trimming vdevs because it was asked for; automatic trimming does not count.
    Trim,
    /// Trimming this vdev, a device or file.
    TrimVdev(VdevGuid),
    /// Expanding a RAID-Z vdev. Since 2.3.
    RaidzExpand,
}

impl PoolActivity {
    fn number(self) -> (sys::zpool_wait_activity_t, Option<VdevGuid>) {
        match self {
            Self::DiscardCheckpoint => (sys::ZPOOL_WAIT_CKPT_DISCARD, None),
            Self::Free => (sys::ZPOOL_WAIT_FREE, None),
            Self::Initialize => (sys::ZPOOL_WAIT_INITIALIZE, None),
            Self::InitializeVdev(vdev) => (sys::ZPOOL_WAIT_INITIALIZE, Some(vdev)),
            Self::Replace => (sys::ZPOOL_WAIT_REPLACE, None),
            Self::Remove => (sys::ZPOOL_WAIT_REMOVE, None),
            Self::Resilver => (sys::ZPOOL_WAIT_RESILVER, None),
            Self::Scrub => (sys::ZPOOL_WAIT_SCRUB, None),
            Self::Trim => (sys::ZPOOL_WAIT_TRIM, None),
            Self::TrimVdev(vdev) => (sys::ZPOOL_WAIT_TRIM, Some(vdev)),
            Self::RaidzExpand => (ZPOOL_WAIT_RAIDZ_EXPAND, None),
        }
    }
}

/// What can go on in a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DatasetActivity {
    /// Freeing what deleted files held. There is nothing to wait for in a file system that is not
    /// mounted, or read-only.
    DeleteQueue,
}

impl Zfs {
    /// Waits until an activity in a pool is over; returns whether there was anything to wait for.
    ///
    /// That it is over does not mean that it was successful, or that another has not begun since.
    /// The pool can be exported or destroyed meanwhile, and while it is suspended the wait goes on.
    ///
    /// There is no time limit; for one, see [`wait_in_background`](Self::wait_in_background).
    ///
    /// Everybody may wait.
    ///
    /// ```no_run
    /// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
    /// use libzfs::{PoolActivity, Scrub};
    ///
    /// let pool = "tank".parse()?;
    /// zfs.scrub(&pool, Scrub::All)?;
    /// zfs.wait(&pool, PoolActivity::Scrub)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::Interrupted`]: a signal arrived for which the program has a handler, or that
    ///   stopped it for a while. The activity goes on;
    /// * [`ErrorKind::PoolNotFound`], also if the pool was exported or destroyed meanwhile;
    /// * [`ErrorKind::VdevNotFound`]: the pool has no such vdev, or it is no device or file;
    /// * [`ErrorKind::Unsupported`]: the module does not know the activity;
    /// * [`ErrorKind::ReadOnlyPool`], [`ErrorKind::PoolSuspended`]: it was so from the beginning
    #[doc(alias = "lzc_wait")]
    #[doc(alias = "lzc_wait_tag")]
    pub fn wait(&self, pool: &PoolName, activity: PoolActivity) -> Result<bool> {
        let target = Target::Pool(pool.clone(), activity);
        target.wait(self).map_err(|failed| target.error(failed))
    }

    /// Waits until an activity in a file system is over; returns whether there was anything to
    /// wait for.
    ///
    /// Everybody may wait.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::Interrupted`]: a signal arrived, as for [`wait`](Self::wait), or the file
    ///   system was unmounted meanwhile. Another call tells: with the file system unmounted there
    ///   is nothing to wait for;
    /// * [`ErrorKind::DatasetNotFound`];
    /// * [`ErrorKind::ReadOnlyPool`], [`ErrorKind::PoolSuspended`]: it was so from the beginning
    #[doc(alias = "lzc_wait_fs")]
    pub fn wait_for_dataset(
        &self,
        dataset: &DatasetName,
        activity: DatasetActivity,
    ) -> Result<bool> {
        let target = Target::Dataset(dataset.clone(), activity);
        target.wait(self).map_err(|failed| target.error(failed))
    }

    /// Begins to [`wait`](Self::wait) in a thread of its own, so that the wait can have a time
    /// limit.
    ///
    /// ```no_run
    /// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    /// use libzfs::PoolActivity;
    ///
    /// let mut waiter = zfs.wait_in_background(&"tank".parse()?, PoolActivity::Resilver)?;
    /// while waiter.wait_timeout(Duration::from_secs(10))?.is_none() {
    ///     println!("still resilvering");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::OutOfResources`]: no thread is to be had. Every other error is that of
    /// [`Waiter::wait_timeout`].
    #[doc(alias = "lzc_wait")]
    #[doc(alias = "lzc_wait_tag")]
    pub fn wait_in_background(&self, pool: &PoolName, activity: PoolActivity) -> Result<Waiter> {
        Waiter::begin(self, Target::Pool(pool.clone(), activity))
    }

    /// As [`wait_in_background`](Self::wait_in_background), for a file system.
    ///
    /// # Errors
    ///
    /// As for [`wait_in_background`](Self::wait_in_background).
    #[doc(alias = "lzc_wait_fs")]
    pub fn wait_for_dataset_in_background(
        &self,
        dataset: &DatasetName,
        activity: DatasetActivity,
    ) -> Result<Waiter> {
        Waiter::begin(self, Target::Dataset(dataset.clone(), activity))
    }
}

/// A wait that goes on in a thread of its own.
///
/// Nothing can call the thread back from the kernel: when this is dropped before the activity is
/// over, the thread stays until it is, or the program ends. It keeps nothing from being exported
/// or destroyed.
#[derive(Debug)]
pub struct Waiter {
    target: Target,
    thread: Receiver<Waited>,
    outcome: Option<Waited>,
}

impl Waiter {
    fn begin(zfs: &Zfs, target: Target) -> Result<Self> {
        let (done, thread) = mpsc::channel();
        let (zfs, waits_for) = (zfs.clone(), target.clone());
        thread::Builder::new()
            .name("libzfs-wait".into())
            .spawn(move || {
                block_all_signals();
                // Nobody may be listening any more.
                let _ = done.send(waits_for.wait_through_signals(&zfs));
            })
            .map_err(|error| Error::from_io(target.operation(), target.name(), error))?;
        Ok(Self {
            target,
            thread,
            outcome: None,
        })
    }

    /// Waits for at most `limit`: `None` if the activity is not over then, otherwise whether there
    /// was anything to wait for. May be called again, after the end too.
    ///
    /// # Errors
    ///
    /// As for [`Zfs::wait`] and [`Zfs::wait_for_dataset`]. Signals do not reach the thread, so that
    /// a wait for a pool is never [`ErrorKind::Interrupted`]. One for a file system is when that is
    /// unmounted, and when `setuid` or one of its kin is called anywhere in the process: that has
    /// the C library signal every thread, which cannot be blocked.
    pub fn wait_timeout(&mut self, limit: Duration) -> Result<Option<bool>> {
        let outcome = match self.outcome {
            Some(outcome) => outcome,
            None => match self.thread.recv_timeout(limit) {
                Ok(outcome) => outcome,
                Err(RecvTimeoutError::Timeout) => return Ok(None),
                // It does not end without a word, save by a panic.
                Err(RecvTimeoutError::Disconnected) => {
                    Err((ErrorKind::Other, Errno::new(libc::EIO)))
                }
            },
        };
        self.outcome = Some(outcome);
        match outcome {
            Ok(waited) => Ok(Some(waited)),
            Err(failed) => Err(self.target.error(failed)),
        }
    }
}

/// What a wait came to, in a form that can be told more than once.
type Waited = Result<bool, (ErrorKind, Errno)>;

/// What to wait for.
#[derive(Debug, Clone)]
enum Target {
    Pool(PoolName, PoolActivity),
    Dataset(DatasetName, DatasetActivity),
}

impl Target {
    fn operation(&self) -> Operation {
        match self {
            Self::Pool(..) => Operation::Wait,
            Self::Dataset(..) => Operation::WaitForDataset,
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Pool(pool, _) => pool.as_str(),
            Self::Dataset(dataset, _) => dataset.as_str(),
        }
    }

    fn error(&self, (kind, errno): (ErrorKind, Errno)) -> Error {
        Error::new(self.operation(), self.name(), kind, errno)
    }

    fn wait(&self, zfs: &Zfs) -> Waited {
        tracing::debug!(target = self.name(), wait_for = ?self, "wait");
        match self {
            Self::Pool(pool, activity) => wait_for_pool(zfs, pool, *activity),
            Self::Dataset(dataset, DatasetActivity::DeleteQueue) => zfs
                .library()
                .wait_fs(dataset.as_str(), sys::ZFS_WAIT_DELETEQ)
                .map_err(|errno| (self.kind(errno), errno)),
        }
    }

    /// As [`wait`](Self::wait), for a thread with all signals blocked that can be: those that the C
    /// library keeps for itself (for `setuid`) interrupt the wait for a pool, which goes on then.
    ///
    /// A file system that is unmounted, destroyed or promoted over interrupts its waits, too. It
    /// then waits for them all to be gone, and would stand still with one that came back.
    fn wait_through_signals(&self, zfs: &Zfs) -> Waited {
        let mut interrupted = false;
        loop {
            match (self, self.wait(zfs)) {
                (Self::Pool(..), Err((ErrorKind::Interrupted, _))) => interrupted = true,
                // What interrupts it is met while it waits.
                (_, waited) => return waited.map(|waited| waited || interrupted),
            }
        }
    }

    fn kind(&self, errno: Errno) -> ErrorKind {
        Error::from_errno(self.operation(), self.name(), errno).kind()
    }
}

fn wait_for_pool(zfs: &Zfs, pool: &PoolName, activity: PoolActivity) -> Waited {
    let (number, vdev) = activity.number();
    let waited = match vdev {
        None => zfs.library().wait(pool.as_str(), number),
        Some(vdev) => zfs.library().wait_tag(pool.as_str(), number, vdev.get()),
    };
    match waited {
        // So ends a wait for a pool that was exported, too.
        Ok(true) if zfs.is_missing(pool) => {
            Err((ErrorKind::PoolNotFound, Errno::new(libc::ENOENT)))
        }
        Ok(waited) => Ok(waited),
        Err(errno) => {
            let kind = match (errno.raw(), vdev) {
                (libc::EINVAL, Some(_)) => ErrorKind::VdevNotFound,
                (libc::EINVAL, None) => ErrorKind::Unsupported,
                _ => Error::from_errno(Operation::Wait, pool.as_str(), errno).kind(),
            };
            Err((kind, errno))
        }
    }
}
