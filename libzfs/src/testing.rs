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

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use crate::error::{Errno, Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::name::{BookmarkName, DatasetName, PoolName, SnapshotName};
use crate::nvlist::{NvList, Value};

/// Environment variable: if it is set, and not to `0`, pools are not destroyed.
pub const KEEP_VAR: &str = "LIBZFS_TESTING_KEEP";

/// The size of a pool's file where none is given: 256 MiB, sparse.
pub const DEFAULT_SIZE: u64 = 256 << 20;

/// A pool on a sparse file in a directory of its own.
#[derive(Debug)]
pub struct Pool {
    zfs: Zfs,
    name: PoolName,
    directory: PathBuf,
    keep: bool,
    /// What makes sure that it is this pool that is destroyed, and by whom it was made.
    guid: u64,
    process: u32,
}

/// How a pool is to be; [`build`](Self::build) makes it.
#[derive(Debug, Clone)]
#[must_use = "no pool is made before build()"]
pub struct PoolBuilder {
    size: u64,
    label: String,
    keep: bool,
    properties: NvList,
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
        let keep =
            std::env::var_os(KEEP_VAR).is_some_and(|value| !value.is_empty() && value != "0");
        PoolBuilder {
            size: DEFAULT_SIZE,
            label: "test".into(),
            keep,
            properties: NvList::new(),
        }
    }

    /// The handle that the pool was made with.
    pub fn zfs(&self) -> &Zfs {
        &self.zfs
    }

    /// The pool's name.
    pub fn name(&self) -> &PoolName {
        &self.name
    }

    /// The directory of the pool's own, for its file and whatever else a test needs.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The name of a dataset in this pool; `""` is its root dataset.
    ///
    /// # Panics
    ///
    /// It is no dataset's name; so for the two that follow.
    #[track_caller]
    pub fn dataset(&self, path: &str) -> DatasetName {
        if path.is_empty() {
            self.name.root()
        } else {
            parsed(self.name.root().child(path))
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
        format!("{}{slash}{path}", self.name)
    }

    /// Mounts a file system of this pool for as long as the guard lives, at a new directory within
    /// the pool's own. Its `mountpoint` does not matter.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::KeyNotLoaded`], [`ErrorKind::DatasetNotFound`], [`ErrorKind::PermissionDenied`]
    pub fn mount(&self, dataset: &DatasetName) -> Result<Mount> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = self.directory.join(format!("mount-{number}"));
        let failed = |errno: Errno| Error::from_errno(Operation::Mount, dataset.as_str(), errno);
        fs::create_dir(&path).map_err(|error| failed(error.into()))?;
        let flags = MountFlags::NOSUID | MountFlags::NODEV;
        match mount(dataset.as_str(), &path, "zfs", flags, None) {
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

    /// Destroys the pool now and tells how it went, which dropping it cannot.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`]: something of it is in use.
    pub fn destroy(mut self) -> Result<()> {
        self.keep = true;
        self.tear_down()
    }

    fn tear_down(&self) -> Result<()> {
        let name = self.name.as_str();
        let failed = |errno| Error::from_errno(Operation::DestroyPool, name, errno);
        // A child of a fork has a copy of this value, but not the pool.
        if self.process != std::process::id() {
            return Ok(());
        }
        if self.zfs.dataset(&self.name.root())?.guid()? != self.guid {
            let why = "it is another pool of this name";
            return Err(Error::refused(
                Operation::DestroyPool,
                name,
                ErrorKind::PoolNotFound,
                why,
            ));
        }
        // What was detached is in use until its last user has let go, and the kernel until it has
        // tidied up.
        for _ in 0..50 {
            self.unmount_all();
            match self.zfs.device().pool_destroy(name) {
                Err(errno) if errno.raw() == libc::EBUSY => {
                    thread::sleep(Duration::from_millis(100));
                }
                result => {
                    result.map_err(failed)?;
                    self.remove_directory();
                    return Ok(());
                }
            }
        }
        Err(failed(Errno::new(libc::EBUSY)))
    }

    /// Removes the files, unless something is mounted among them that is not the pool's: what
    /// remains is in the system's directory for temporary files and hurts nobody.
    fn remove_directory(&self) {
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let mut points = mounts.lines().filter_map(|line| line.split(' ').nth(1));
        if !points.any(|point| Path::new(&unescape(point)).starts_with(&self.directory)) {
            let _ = fs::remove_dir_all(&self.directory);
        }
    }

    /// Unmounts what is mounted of this pool, the innermost first.
    fn unmount_all(&self) {
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let ours = |source: &str| {
            let dataset = source.split('@').next().unwrap_or(source);
            dataset == self.name.as_str() || dataset.starts_with(&format!("{}/", self.name))
        };
        for line in mounts.lines().rev() {
            let mut fields = line.split(' ');
            let (Some(source), Some(path), Some("zfs")) =
                (fields.next(), fields.next(), fields.next())
            else {
                continue;
            };
            if ours(&unescape(source)) {
                // What is still in use goes when its last user does.
                let _ = unmount(unescape(path), UnmountFlags::DETACH);
            }
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        if let Err(error) = self.tear_down() {
            tracing::error!(pool = %self.name, %error, "a test's pool stays behind");
        }
    }
}

/// Space, tab, newline and backslash are octal numbers in `/proc/self/mounts`.
fn unescape(field: &str) -> String {
    [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ]
    .iter()
    .fold(field.to_owned(), |text, (escape, plain)| {
        text.replace(escape, plain)
    })
}

#[track_caller]
fn parsed<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    match result {
        Ok(name) => name,
        Err(error) => panic!("{error}"),
    }
}

impl PoolBuilder {
    /// The size of the pool's file in bytes; at least 64 MiB (`SPA_MINDEVSIZE`).
    pub fn size(mut self, bytes: u64) -> Self {
        self.size = bytes;
        self
    }

    /// What the pool's name has in it, to be recognised in logs.
    pub fn label(mut self, label: &str) -> Self {
        self.label = label.to_owned();
        self
    }

    /// Whether the pool stays when its [`Pool`] is dropped.
    pub fn keep(mut self, keep: bool) -> Self {
        self.keep = keep;
        self
    }

    /// Sets a property of the pool, in the form that the kernel takes.
    pub fn property(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.properties.insert(name, value);
        self
    }

    /// Makes the pool.
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::ZfsNotAvailable`]: no module; a test that needs one should fail then, not
    ///   pass without having run;
    /// * [`ErrorKind::PermissionDenied`], [`ErrorKind::NoSpace`]
    #[doc(alias = "ZFS_IOC_POOL_CREATE")]
    #[doc(alias = "zpool_create")]
    pub fn build(self) -> Result<Pool> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("lzt-{}-{}-{number}", self.label, std::process::id());
        let name: PoolName = name.parse().map_err(|error: crate::NameError| {
            Error::refused(Operation::CreatePool, name, ErrorKind::InvalidName, error)
        })?;
        let failed = |errno: Errno| Error::from_errno(Operation::CreatePool, name.as_str(), errno);
        let io_failed = |error: io::Error| failed(error.into());

        let zfs = Zfs::open()?;
        let directory = tempfile::Builder::new()
            .prefix(&format!("{name}-"))
            .tempdir()
            .map_err(io_failed)?;
        let file = directory.path().join("vdev");
        File::create(&file)
            .and_then(|file| file.set_len(self.size))
            .map_err(io_failed)?;

        let mut properties = self.properties;
        properties.insert("cachefile", "none");
        for feature in supported_features().map_err(io_failed)? {
            properties.insert(format!("feature@{feature}"), 0_u64);
        }
        let path = file
            .to_str()
            .ok_or_else(|| failed(Errno::new(libc::EINVAL)))?;
        let vdev = NvList::new().with("type", "file").with("path", path);
        let root = NvList::new()
            .with("type", "root")
            .with("children", vec![vdev]);
        zfs.device()
            .pool_create(name.as_str(), &root, &properties)
            .map_err(failed)?;
        tracing::debug!(pool = %name, directory = %directory.path().display(), "pool made");
        let guid = match zfs.dataset(&name.root()).and_then(|root| root.guid()) {
            Ok(guid) => guid,
            Err(error) => {
                let _ = zfs.device().pool_destroy(name.as_str());
                return Err(error);
            }
        };
        Ok(Pool {
            zfs,
            name,
            directory: directory.keep(),
            keep: self.keep,
            guid,
            process: std::process::id(),
        })
    }
}

/// The short names of all pool features that the module has, which a pool gets only if it is asked
/// for each.
fn supported_features() -> io::Result<Vec<String>> {
    let mut features = Vec::new();
    for entry in fs::read_dir("/sys/module/zfs/features.pool")? {
        let name = fs::read_to_string(entry?.path().join("uname"))?;
        features.push(name.trim_end().to_owned());
    }
    Ok(features)
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
    /// [`ErrorKind::Busy`]: a file in it is open.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_unescaped() {
        assert_eq!(unescape("tank/a\\040b"), "tank/a b");
    }
}
