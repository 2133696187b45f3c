//! Pools on files, for tests: made in one line, gone when dropped.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use libzfs::testing::Pool;
//!
//! let pool = Pool::create()?;
//! let zfs = pool.zfs();
//! zfs.create(&pool.dataset("data")).run()?;
//! zfs.create_snapshots(&[pool.snapshot("data@one")])?;
//! # Ok(())
//! # }
//! ```
//!
//! Making a pool needs root and a loaded module. No `zpool` process is started, and nothing is
//! written to the system's cache of pools. A pool is destroyed when its [`Pool`] is dropped, after
//! a panic too. For a look at what a test left, set the environment variable
//! `LIBZFS_TESTING_KEEP=1` or call [`PoolBuilder::keep`]: then the pool stays, with its files.
//!
//! A test can have several pools. For the errors of odd ones there are pools without features
//! ([`PoolBuilder::without_features`]), read-only ones ([`ExportedPool::import_read_only`]), full
//! ones ([`Pool::fill`]), suspended ones ([`Pool::suspend`]) and ones with a device that fails
//! ([`Pool::fail_device`]). What another user may do is tried with [`as_user`], after permissions
//! were delegated to him ([`Pool::allow`]).

mod builder;
mod export;
mod fault;
mod fill;
mod mount;
mod suspend;
mod user;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

pub use self::builder::PoolBuilder;
pub use self::export::ExportedPool;
pub use self::fault::{DeviceFault, FailingDevice};
pub use self::mount::Mount;
pub use self::suspend::Suspension;
pub use self::user::{NOBODY, as_user};
use crate::error::{Errno, Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::mount::has_mounts;
use crate::name::{BookmarkName, DatasetName, PoolName, SnapshotName};

/// Environment variable: if it is set, and not to `0`, pools are not destroyed.
pub const KEEP_VAR: &str = "LIBZFS_TESTING_KEEP";

/// The size of a pool's file where none is given: 256 MiB, sparse.
pub const DEFAULT_SIZE: u64 = 256 << 20;

/// A pool on sparse files in a directory of its own.
#[derive(Debug)]
pub struct Pool {
    zfs: Zfs,
    home: Home,
}

/// What a pool keeps while it is exported.
#[derive(Debug, Clone)]
struct Home {
    name: PoolName,
    directory: PathBuf,
    vdevs: Vec<Vdev>,
    keep: bool,
    /// What makes sure that it is this pool that is destroyed, and by whom it was made.
    guid: u64,
    process: u32,
}

/// A file that is one of a pool's devices.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Vdev {
    /// Where it is.
    pub path: PathBuf,
    /// What ZFS knows it by.
    pub guid: u64,
}

impl Pool {
    /// A pool of [`DEFAULT_SIZE`] with all features, under a name that no other has.
    ///
    /// # Errors
    ///
    /// As for [`PoolBuilder::build`].
    pub fn create() -> Result<Self> {
        Self::builder().build()
    }

    /// A pool that is to be different from the usual.
    pub fn builder() -> PoolBuilder {
        PoolBuilder::new()
    }

    /// The handle that the pool was made with.
    pub fn zfs(&self) -> &Zfs {
        &self.zfs
    }

    /// The pool's name.
    pub fn name(&self) -> &PoolName {
        &self.home.name
    }

    /// The directory of the pool's own, for its files and whatever else a test needs.
    pub fn directory(&self) -> &Path {
        &self.home.directory
    }

    /// The files that are its devices.
    pub fn vdevs(&self) -> &[Vdev] {
        &self.home.vdevs
    }

    /// The name of a dataset in this pool; `""` is its root dataset.
    ///
    /// # Panics
    ///
    /// It is no dataset's name; so for the two that follow.
    #[track_caller]
    pub fn dataset(&self, path: &str) -> DatasetName {
        if path.is_empty() {
            self.home.name.root()
        } else {
            parsed(self.home.name.root().child(path))
        }
    }

    /// The name of a snapshot in this pool, from `dataset@snapshot` or `@snapshot`.
    #[track_caller]
    pub fn snapshot(&self, path: &str) -> SnapshotName {
        parsed(self.join(path, '@').parse())
    }

    /// The name of a bookmark in this pool, from `dataset#bookmark` or `#bookmark`.
    #[track_caller]
    pub fn bookmark(&self, path: &str) -> BookmarkName {
        parsed(self.join(path, '#').parse())
    }

    fn join(&self, path: &str, delimiter: char) -> String {
        let slash = if path.starts_with(delimiter) { "" } else { "/" };
        format!("{}{slash}{path}", self.home.name)
    }

    /// Destroys the pool now and tells how it went, which dropping it cannot.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`]: something of it is in use.
    pub fn destroy(mut self) -> Result<()> {
        self.home.keep = true;
        self.tear_down()
    }

    fn tear_down(&self) -> Result<()> {
        let operation = Operation::DestroyPool;
        let name = self.home.name.as_str();
        if !self.home.is_ours() {
            return Ok(());
        }
        if self.zfs.dataset(&self.home.name.root())?.guid()? != self.home.guid {
            let why = "it is another pool of this name";
            let kind = ErrorKind::PoolNotFound;
            return Err(Error::refused(operation, name, kind, why));
        }
        self.home
            .when_idle(operation, || self.zfs.device().pool_destroy(name, None))?;
        self.home.remove_directory();
        Ok(())
    }
}

impl Home {
    /// Whether this process made the pool: a child of a fork has a copy of this value, but not the
    /// pool.
    fn is_ours(&self) -> bool {
        self.process == std::process::id()
    }

    /// Unmounts what is mounted of the pool and does what needs that.
    ///
    /// What was detached is in use until its last user has let go, and the kernel until it has
    /// tidied up.
    fn when_idle(&self, operation: Operation, work: impl Fn() -> Result<(), Errno>) -> Result<()> {
        let mut tries = 0;
        loop {
            mount::unmount_all(&self.name);
            match work() {
                Err(errno) if errno.raw() == libc::EBUSY && tries < 50 => {
                    tries += 1;
                    thread::sleep(Duration::from_millis(100));
                }
                result => {
                    return result
                        .map_err(|errno| Error::from_errno(operation, self.name.as_str(), errno));
                }
            }
        }
    }

    /// Removes the files, unless something is mounted among them that is not the pool's: what
    /// remains is in the system's directory for temporary files and hurts nobody.
    fn remove_directory(&self) {
        if !has_mounts(&self.directory) {
            let _ = fs::remove_dir_all(&self.directory);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if self.home.keep {
            return;
        }
        if let Err(error) = self.tear_down() {
            tracing::error!(pool = %self.home.name, %error, "a test's pool stays behind");
        }
    }
}

#[track_caller]
fn parsed<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    match result {
        Ok(name) => name,
        Err(error) => panic!("{error}"),
    }
}
