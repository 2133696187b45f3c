//! Mounting and unmounting.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::{env, fs};

use rustix::mount::{UnmountFlags, unmount};

use crate::error::{Errno, Error, ErrorKind, Operation, Result};
use crate::ffi::{Libzfs, Refusal};
use crate::handle::Zfs;
use crate::name::DatasetName;
use crate::property::{self, CanMount, KeyStatus};

/// With it libzfs starts `mount`, and shows what that prints.
const HELPER_VAR: &str = "ZFS_MOUNT_HELPER";

impl Zfs {
    /// Begins to mount a file system; see [`MountBuilder`].
    #[doc(alias = "zfs_mount")]
    pub fn mount(&self, dataset: &DatasetName) -> MountBuilder {
        MountBuilder {
            zfs: self.clone(),
            dataset: dataset.clone(),
            path: None,
            read_only: false,
        }
    }

    /// Unmounts a file system from all places where it is mounted in the calling process's mount
    /// namespace, the last first, those of its directories (bind mounts) too. Where one fails,
    /// those before it stay.
    ///
    /// This is the system call alone. What `zfs unmount` does besides is left out, because it would
    /// start programs: where the file system is shared (`sharenfs`, `sharesmb`), it stays so, and
    /// is busy for as long as a client uses it. The mount point's directory stays.
    ///
    /// Needs the privilege to unmount (`CAP_SYS_ADMIN`).
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::NotMounted`]: so it is for what is no file system or does not exist;
    /// * [`ErrorKind::Busy`]: a file in it is open, something is mounted below it, or something
    ///   else over it;
    /// * [`ErrorKind::PermissionDenied`]
    #[doc(alias = "zfs_unmount")]
    pub fn unmount(&self, dataset: &DatasetName) -> Result<()> {
        let name = dataset.as_str();
        let points = self
            .mount_points_of(dataset)
            .map_err(|error| error.with_operation(Operation::Unmount))?;
        if points.is_empty() {
            let kind = ErrorKind::NotMounted;
            return Err(Error::new(
                Operation::Unmount,
                name,
                kind,
                kind.usual_errno(),
            ));
        }
        for point in points.iter().rev() {
            let path = point.path();
            // It may be covered by what was unmounted a moment ago.
            if point.is_covered() && !self.is_uppermost(dataset, path)? {
                let why = format!("something else is mounted over {}", path.display());
                return Err(Error::refused(
                    Operation::Unmount,
                    name,
                    ErrorKind::Busy,
                    why,
                ));
            }
            tracing::debug!(dataset = name, path = %path.display(), "unmount");
            unmount(path, UnmountFlags::NOFOLLOW).map_err(|errno| {
                let errno = Errno::new(errno.raw_os_error());
                Error::from_errno(Operation::Unmount, name, errno)
                    .with_source(path.display().to_string())
            })?;
        }
        Ok(())
    }

    fn is_uppermost(&self, dataset: &DatasetName, path: &Path) -> Result<bool> {
        let points = self.mount_points_of(dataset)?;
        Ok(points
            .iter()
            .any(|point| point.path() == path && !point.is_covered()))
    }
}

/// A file system about to be mounted; [`run`](Self::run) mounts it.
///
/// ```no_run
/// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
/// let copy = "vault/prod".parse()?;
/// let path = zfs.mount(&copy).at("/mnt/restore").read_only().run()?;
/// println!("{} is at {}", copy, path.display());
/// zfs.unmount(&copy)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is mounted before run()"]
pub struct MountBuilder {
    zfs: Zfs,
    dataset: DatasetName,
    path: Option<PathBuf>,
    read_only: bool,
}

impl MountBuilder {
    /// Mounts it at this absolute path, whatever its `mountpoint` and `canmount` say.
    #[doc(alias = "zfs_mount_at")]
    pub fn at(mut self, path: impl Into<PathBuf>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Mounts it only for reading, also if its `readonly` is off. What is mounted elsewhere already
    /// can be mounted once more only as it is there, and is [`Busy`](ErrorKind::Busy) otherwise.
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Mounts it and returns where: at its `mountpoint`, or [`at`](Self::at) a path, which is made
    /// if it is not there.
    ///
    /// The mount options are those of the properties (`readonly`, `exec`, `setuid`, `devices`,
    /// `atime`, ...); a file system of a pool that is imported read-only is mounted so. It is not
    /// shared (`sharenfs`, `sharesmb`), and what is below it is not mounted with it. No key is
    /// asked for.
    ///
    /// The path is the dataset's word: one that was received can have it from its sender. Leave
    /// `mountpoint` out of what is received, or say where.
    ///
    /// It is done by libzfs, which is looked for as `libzfs.so.7`, `.6`, `.5` and `.4`, and used by
    /// one thread at a time: a child that was forked while another thread mounts must not mount.
    ///
    /// Needs the privilege to mount (`CAP_SYS_ADMIN`); Linux has none that can be delegated.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::Unsupported`]: libzfs is not installed;
    /// * [`ErrorKind::ZfsNotAvailable`]: `/dev/zfs` has gone since;
    /// * [`ErrorKind::DatasetNotFound`], [`ErrorKind::NotAFileSystem`];
    /// * [`ErrorKind::KeyNotLoaded`];
    /// * [`ErrorKind::AlreadyMounted`], at that place or, where none was given, at any;
    /// * [`ErrorKind::NoMountpoint`]: `mountpoint` is `none` or `legacy`;
    /// * [`ErrorKind::CannotMount`]: `canmount` is off, or it is zoned, or incomplete;
    /// * [`ErrorKind::MountpointNotEmpty`]: the property `overlay` is off, and something is in the
    ///   directory;
    /// * [`ErrorKind::MountpointUnusable`]: it is no directory, or cannot be made;
    /// * [`ErrorKind::WouldStartProgram`]: `ZFS_MOUNT_HELPER` is set;
    /// * [`ErrorKind::Busy`], [`ErrorKind::PermissionDenied`]
    pub fn run(self) -> Result<PathBuf> {
        let name = self.dataset.as_str();
        let refused = |kind, why: String| Err(Error::refused(Operation::Mount, name, kind, why));
        if env::var_os(HELPER_VAR).is_some() {
            let why = format!("{HELPER_VAR} is set, with which libzfs starts /bin/mount");
            return refused(ErrorKind::WouldStartProgram, why);
        }
        self.check_dataset()?;
        // It opens /dev/zfs once more, and where that is gone it would wait, or start modprobe.
        let not_opened = |errno| {
            Error::from_errno(Operation::Open, name, errno).with_operation(Operation::Mount)
        };
        if !Path::new("/dev/zfs").exists() {
            return Err(not_opened(Errno::new(libc::ENOENT)));
        }
        let Some(libzfs) = Libzfs::init().map_err(not_opened)? else {
            return refused(ErrorKind::Unsupported, "libzfs is not installed".into());
        };
        let dataset = libzfs.open(name).map_err(|refusal| self.explain(refusal))?;
        let path = match &self.path {
            Some(path) if !path.is_absolute() => {
                let why = format!("{} is no absolute path", path.display());
                return refused(ErrorKind::MountpointUnusable, why);
            }
            Some(path) => path.clone(),
            None => dataset
                .mountpoint()
                .map_err(|refusal| self.explain(refusal))?,
        };
        if !path.is_absolute() {
            let why = format!("mountpoint is {}", path.display());
            return refused(ErrorKind::NoMountpoint, why);
        }
        self.check_path(&path)?;
        self.make_directory(&path)?;
        tracing::debug!(dataset = name, path = %path.display(), "mount");
        let options = self.read_only.then_some(c"ro");
        dataset
            .mount_at(&path, options)
            .map_err(|refusal| self.explain(refusal))?;
        // Of what it takes for not mountable libzfs says nothing.
        if self.zfs.mount_points_of(&self.dataset)?.is_empty() {
            return refused(ErrorKind::CannotMount, "libzfs left it unmounted".into());
        }
        Ok(path)
    }

    /// What libzfs would not say, or not in a form for programs.
    fn check_dataset(&self) -> Result<()> {
        let name = self.dataset.as_str();
        let refused =
            |kind: ErrorKind, why: &str| Err(Error::refused(Operation::Mount, name, kind, why));
        let stats = self.zfs.device().objset_stats(name);
        let stats = stats.map_err(|errno| Error::from_errno(Operation::Mount, name, errno))?;
        if stats.is_volume {
            return refused(ErrorKind::NotAFileSystem, "it is a volume");
        }
        if stats.inconsistent {
            return refused(ErrorKind::CannotMount, "its receive has not ended");
        }
        let dataset = self.zfs.dataset(&self.dataset)?;
        if dataset.key_status()? == KeyStatus::Unavailable {
            let kind = ErrorKind::KeyNotLoaded;
            return Err(Error::new(Operation::Mount, name, kind, kind.usual_errno()));
        }
        let can_mount = dataset.get(&property::CANMOUNT)?.map(|p| p.value);
        if self.path.is_none() && can_mount == Some(CanMount::Off) {
            return refused(ErrorKind::CannotMount, "canmount is off");
        }
        Ok(())
    }

    fn check_path(&self, path: &Path) -> Result<()> {
        let name = self.dataset.as_str();
        let refused = |kind, why| Err(Error::refused(Operation::Mount, name, kind, why));
        let points = self.zfs.mount_points_of(&self.dataset)?;
        let there = |point: &&super::MountPoint| self.path.is_none() || point.path() == path;
        if let Some(point) = points.iter().find(there) {
            let why = point.path().display().to_string();
            return refused(ErrorKind::AlreadyMounted, why);
        }
        let properties = self.zfs.dataset(&self.dataset)?;
        let overlay = properties.properties().raw("overlay");
        let overlay = overlay.and_then(|p| p.value.as_u64()) != Some(0);
        if !overlay && fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some()) {
            return refused(ErrorKind::MountpointNotEmpty, path.display().to_string());
        }
        Ok(())
    }

    /// Makes the mount point where nothing is. Libzfs would do it, but fails at names that are no
    /// text in the process's locale.
    fn make_directory(&self, path: &Path) -> Result<()> {
        if fs::symlink_metadata(path).is_ok() {
            return Ok(());
        }
        let made = DirBuilder::new().recursive(true).mode(0o755).create(path);
        made.map_err(|error| {
            let errno = Errno::from(error);
            let kind = match errno.raw() {
                libc::EACCES | libc::EPERM => ErrorKind::PermissionDenied,
                _ => ErrorKind::MountpointUnusable,
            };
            Error::new(Operation::Mount, self.dataset.as_str(), kind, errno)
                .with_source(format!("{} cannot be made", path.display()))
        })
    }

    fn explain(&self, refusal: Refusal) -> Error {
        let Refusal { errno, text } = refusal;
        let error = Error::from_errno(Operation::Mount, self.dataset.as_str(), errno);
        let error = match errno.raw() {
            libc::ENOTDIR | libc::ELOOP | libc::ENAMETOOLONG => {
                error.with_kind(ErrorKind::MountpointUnusable)
            }
            // The key is loaded, and the dataset exists, or it was so just now.
            libc::EACCES if !self.is_locked() => error.with_kind(ErrorKind::PermissionDenied),
            libc::ENOENT if self.exists() => error.with_kind(ErrorKind::MountpointUnusable),
            _ => error,
        };
        error.with_source(text)
    }

    fn is_locked(&self) -> bool {
        let status = self.zfs.dataset(&self.dataset).and_then(|d| d.key_status());
        status.is_ok_and(|status| status == KeyStatus::Unavailable)
    }

    fn exists(&self) -> bool {
        self.zfs.dataset_exists(&self.dataset).unwrap_or_default()
    }
}
