//! A pool whose devices have gone.

use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::Pool;
use crate::error::{Errno, Error, Operation, Result};
use crate::ffi::ANY_IO;

/// How long a pool may take to notice that its devices are gone, or back again.
const LIMIT: Duration = Duration::from_secs(60);

impl Pool {
    /// Suspends the pool for as long as the guard lives: its devices seem to be gone, and a write
    /// has met that. Whatever else writes to the pool hangs until the guard is dropped, also a
    /// program in a mounted file system.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`](crate::ErrorKind::TimedOut): the pool did not notice in a minute,
    /// [`ErrorKind::ReadOnlyPool`](crate::ErrorKind::ReadOnlyPool): it is never written to
    #[doc(alias = "ZFS_IOC_INJECT_FAULT")]
    pub fn suspend(&self) -> Result<Suspension<'_>> {
        let name = self.name().as_str();
        let failed = |errno| Error::from_errno(Operation::SuspendPool, name, errno);
        let mut suspension = Suspension {
            pool: self,
            faults: Vec::new(),
            writer: None,
        };
        let device = self.zfs().device();
        for vdev in self.vdevs() {
            let fault = device
                .inject_fault(name, vdev.guid, ANY_IO, libc::ENXIO)
                .map_err(failed)?;
            suspension.faults.push(fault);
        }
        let (zfs, pool) = (self.zfs().clone(), name.to_owned());
        // A write that meets the absence waits for the devices to come back, and cannot be killed.
        suspension.writer = Some(thread::spawn(move || {
            let device = zfs.device();
            let written = device.pool_reopen(&pool);
            match written.and_then(|()| device.pool_sync(&pool)) {
                // What the pool wrote by itself has met it before.
                Err(errno) if errno.raw() == libc::EAGAIN => Ok(()),
                written => written,
            }
        }));
        let deadline = Instant::now() + LIMIT;
        loop {
            let writer = suspension.writer.as_ref();
            let is_written = writer.is_some_and(JoinHandle::is_finished);
            if self.is_suspended().map_err(failed)? {
                break;
            }
            if is_written {
                return Err(suspension
                    .end()
                    .err()
                    .unwrap_or_else(|| failed(Errno::new(libc::EIO))));
            }
            if Instant::now() > deadline {
                return Err(failed(Errno::new(libc::ETIMEDOUT)));
            }
            thread::sleep(Duration::from_millis(50));
        }
        tracing::debug!(pool = name, "suspended");
        Ok(suspension)
    }

    fn is_suspended(&self) -> Result<bool, Errno> {
        let stats = self.zfs().device().pool_stats(self.name().as_str())?;
        Ok(stats.contains("suspended"))
    }
}

/// A pool that is suspended; it goes on when this is dropped.
#[derive(Debug)]
pub struct Suspension<'a> {
    pool: &'a Pool,
    faults: Vec<u64>,
    writer: Option<JoinHandle<Result<(), Errno>>>,
}

impl Suspension<'_> {
    /// Gives the pool its devices back and tells how it went, which dropping this cannot.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`](crate::ErrorKind::TimedOut): the pool is still suspended after a
    /// minute.
    #[doc(alias = "ZFS_IOC_CLEAR")]
    pub fn resume(mut self) -> Result<()> {
        self.end()
    }

    fn end(&mut self) -> Result<()> {
        let device = self.pool.zfs().device();
        let name = self.pool.name().as_str();
        let failed = |errno| Error::from_errno(Operation::SuspendPool, name, errno);
        while let Some(fault) = self.faults.pop() {
            device.clear_fault(fault).map_err(failed)?;
        }
        let Some(writer) = self.writer.take() else {
            return Ok(());
        };
        let deadline = Instant::now() + LIMIT;
        loop {
            // As long as something fails while it is cleared, the pool stays suspended.
            let cleared = device.pool_clear(name, None);
            for _ in 0..20 {
                if writer.is_finished() && !self.pool.is_suspended().map_err(failed)? {
                    let result = writer.join().unwrap_or(Err(Errno::new(libc::EIO)));
                    return result.map_err(failed);
                }
                thread::sleep(Duration::from_millis(50));
            }
            if Instant::now() > deadline {
                return Err(failed(cleared.err().unwrap_or(Errno::new(libc::ETIMEDOUT))));
            }
        }
    }
}

impl Drop for Suspension<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::error!(%error, "a test's pool stays suspended");
        }
    }
}
