//! File systems of a pool, mounted for a moment.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::Pool;
use crate::error::{Errno, Error, Operation, Result};
use crate::mount::mounted;
use crate::name::{DatasetName, PoolName};

impl Pool {
    /// Mounts a file system of this pool for as long as the guard lives, at a new directory within
    /// the pool's own. Its `mountpoint` does not matter.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::KeyNotLoaded`](crate::ErrorKind::KeyNotLoaded),
    /// [`ErrorKind::DatasetNotFound`](crate::ErrorKind::DatasetNotFound),
    /// [`ErrorKind::PermissionDenied`](crate::ErrorKind::PermissionDenied)
    pub fn mount(&self, dataset: &DatasetName) -> Result<Mount> {
        self.mount_with(dataset, MountFlags::empty())
    }

    /// As [`mount`](Self::mount), only for reading: what a pool that is imported read-only allows, and
    /// what leaves a copy as it was received.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn mount_read_only(&self, dataset: &DatasetName) -> Result<Mount> {
        self.mount_with(dataset, MountFlags::RDONLY)
    }

    fn mount_with(&self, dataset: &DatasetName, flags: MountFlags) -> Result<Mount> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = self.directory().join(format!("mount-{number}"));
        let failed = |errno: Errno| Error::from_errno(Operation::Mount, dataset.as_str(), errno);
        fs::create_dir(&path)
            .map_err(|error| Error::from_io(Operation::Mount, dataset.as_str(), error))?;
        // What only the flag says the kernel learns too late: it has then begun to account for users,
        // which changes the file system.
        let options = flags.contains(MountFlags::RDONLY).then_some(c"ro");
        let flags = flags | MountFlags::NOSUID | MountFlags::NODEV;
        match mount(dataset.as_str(), &path, "zfs", flags, options) {
            Ok(()) => Ok(Mount {
                path,
                dataset: dataset.clone(),
            }),
            Err(errno) => {
                let _ = fs::remove_dir(&path);
                Err(failed(Errno::new(errno.raw_os_error())))
            }
        }
    }
}

/// A mounted file system; unmounted when dropped.
#[derive(Debug)]
pub struct Mount {
    path: PathBuf,
    dataset: DatasetName,
}

impl Mount {
    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Unmounts it now and tells how it went.
    ///
    /// It is tried for a second: a process that another thread is just starting has this one's
    /// files open until it runs its program.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy): a file in it is open.
    pub fn unmount(self) -> Result<()> {
        let mut tries = 0;
        loop {
            match unmount(&self.path, UnmountFlags::empty()) {
                Ok(()) => return Ok(()),
                Err(rustix::io::Errno::BUSY) if tries < 20 => {
                    tries += 1;
                    thread::sleep(Duration::from_millis(50));
                }
                Err(errno) => {
                    let errno = Errno::new(errno.raw_os_error());
                    let dataset = self.dataset.as_str();
                    return Err(Error::from_errno(Operation::Unmount, dataset, errno));
                }
            }
        }
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Not mounted any more after `unmount`.
        let _ = unmount(&self.path, UnmountFlags::DETACH);
        let _ = fs::remove_dir(&self.path);
    }
}

/// Unmounts what is mounted of this pool, the innermost first.
pub(super) fn unmount_all(pool: &PoolName) {
    let ours = |source: &str| {
        let dataset = source.split('@').next().unwrap_or(source);
        dataset == pool.as_str() || dataset.starts_with(&format!("{pool}/"))
    };
    for point in mounted().unwrap_or_default().iter().rev() {
        if ours(point.source()) {
            // What is still in use goes when its last user does.
            let _ = unmount(point.path(), UnmountFlags::DETACH);
        }
    }
}
