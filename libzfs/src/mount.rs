//! What is mounted, and where; with the feature `mount` also mounting and unmounting.

#[cfg(feature = "mount")]
mod change;
mod table;

use std::fs;

#[cfg(feature = "mount")]
pub use self::change::MountBuilder;
pub use self::table::MountPoint;
use crate::error::{Error, Operation, Result};
use crate::handle::Zfs;
use crate::name::DatasetName;

/// Where the kernel lists what is mounted for this process.
const TABLE: &str = "/proc/self/mountinfo";

/// What of ZFS is mounted, in the order of mounting.
pub(crate) fn mounted() -> std::io::Result<Vec<MountPoint>> {
    Ok(table::parse(&fs::read(TABLE)?))
}

/// Whether anything, of ZFS or not, is mounted in or below `directory`.
#[cfg(feature = "testing")]
pub(crate) fn has_mounts(directory: &std::path::Path) -> bool {
    let table = fs::read(TABLE).unwrap_or_default();
    table::paths(&table).any(|path| path.starts_with(directory))
}

impl Zfs {
    /// What of ZFS is mounted in the calling process's mount namespace, in the order of mounting:
    /// file systems, and snapshots below `.zfs/snapshot`. Needs no permission.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`](crate::ErrorKind::Io): `/proc` is not there.
    pub fn mount_points(&self) -> Result<Vec<MountPoint>> {
        mounted().map_err(|error| Error::from_io(Operation::ReadMounts, TABLE, error))
    }

    /// Where a file system is mounted in the calling process's mount namespace; nothing if it is
    /// not. It can be mounted at several places. That the file system exists is not asked.
    ///
    /// ```no_run
    /// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
    /// for place in zfs.mount_points_of(&"tank/prod".parse()?)? {
    ///     println!("{}", place.path().display());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`mount_points`](Self::mount_points).
    #[doc(alias = "zfs_is_mounted")]
    #[doc(alias = "mounted")]
    pub fn mount_points_of(&self, dataset: &DatasetName) -> Result<Vec<MountPoint>> {
        let mut points = self.mount_points()?;
        points.retain(|point| point.source() == dataset.as_str());
        Ok(points)
    }
}
