//! New names for datasets and snapshots.

use crate::error::{Errno, Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::name::{DatasetName, SnapshotName};

impl Zfs {
    /// Renames a file system or a volume with all that is below it; with another parent, that moves
    /// it within its pool.
    ///
    /// What is mounted stays mounted where it is, even where an inherited `mountpoint` is another
    /// one now: to unmount before and mount again after is up to the caller. So nothing that is in
    /// use keeps a dataset from being renamed.
    ///
    /// Needs the permissions `rename` and `mount`, and `create` and `mount` for the new parent.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::PoolNotFound`], [`ErrorKind::DatasetNotFound`],
    ///   [`ErrorKind::ParentNotFound`], [`ErrorKind::DatasetExists`], [`ErrorKind::PoolsDiffer`];
    /// * [`ErrorKind::WrongParent`]: the new parent is a volume;
    /// * [`ErrorKind::InvalidName`]: a dataset cannot come to be below itself, a pool's root dataset
    ///   keeps its name, and `%` is kept for ZFS's own names;
    /// * [`ErrorKind::NameTooLong`]: so would be the name of a dataset or snapshot below it. Of
    ///   bookmarks the kernel does not see to that: one whose name is too long then can be neither
    ///   used nor destroyed, nor can the others be [listed](Self::bookmarks), before the dataset has
    ///   a shorter name again;
    /// * [`ErrorKind::EncryptionRootWouldChange`]: it has its key from its encryption root, and the
    ///   new parent is not below that;
    /// * [`ErrorKind::NoSpace`]: a quota of the new parent has no room for it;
    /// * [`ErrorKind::QuotaExceeded`]: nor a `filesystem_limit` or `snapshot_limit` (which do not
    ///   bind root).
    #[doc(alias = "lzc_rename")]
    pub fn rename_dataset(&self, from: &DatasetName, to: &DatasetName) -> Result<()> {
        let operation = Operation::Rename;
        let target = || format!("{from} to {to}");
        let refused = |kind, why: &str| Err(Error::refused(operation, target(), kind, why));
        if from.pool() != to.pool() {
            return refused(ErrorKind::PoolsDiffer, "a dataset stays in its pool");
        }
        if from.parent().is_none() || to.parent().is_none() {
            return refused(
                ErrorKind::InvalidName,
                "a pool's root dataset keeps its name",
            );
        }
        if from != to && to.is_within(from) {
            return refused(ErrorKind::InvalidName, "it would be below itself");
        }
        tracing::debug!(dataset = %from, %to, "rename");
        let renamed = self.library().rename(from.as_str(), to.as_str());
        self.recorded(operation, format_args!("{from} to {to}"), renamed)
            .map_err(|errno| {
                let error = Error::from_errno(operation, target(), errno);
                match error.kind() {
                    ErrorKind::DatasetNotFound if self.is_missing(&from.pool()) => {
                        error.with_kind(ErrorKind::PoolNotFound)
                    }
                    ErrorKind::DatasetNotFound
                        if self.dataset_exists(from).is_ok_and(|exists| exists) =>
                    {
                        error.with_kind(ErrorKind::ParentNotFound)
                    }
                    _ => error,
                }
            })
    }

    /// Renames a snapshot within its dataset. Its holds, clones and bookmarks stay what they are.
    ///
    /// If it is mounted below `.zfs/snapshot`, it is unmounted.
    ///
    /// Needs the permissions `rename`, `mount` and `create` for the dataset.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::PoolNotFound`], [`ErrorKind::SnapshotNotFound`],
    ///   [`ErrorKind::SnapshotExists`];
    /// * [`ErrorKind::InvalidName`]: the new name is one of another dataset, or has a `%`, which is
    ///   kept for ZFS's own names.
    #[doc(alias = "lzc_rename")]
    pub fn rename_snapshot(&self, from: &SnapshotName, to: &SnapshotName) -> Result<()> {
        self.rename_snapshots(from, to, || {
            self.library().rename(from.as_str(), to.as_str())
        })
    }

    /// Renames a snapshot and all of the same short name below its dataset, in one transaction: all
    /// of them or none.
    ///
    /// Needs the permissions of [`rename_snapshot`](Self::rename_snapshot), for the dataset alone.
    ///
    /// # Errors
    ///
    /// As there; the dataset itself must have the snapshot, those below it need not. One that exists
    /// under the new name anywhere is [`ErrorKind::SnapshotExists`], a name that is too long
    /// anywhere [`ErrorKind::NameTooLong`].
    #[doc(alias = "ZFS_IOC_RENAME")]
    pub fn rename_snapshots_recursively(
        &self,
        from: &SnapshotName,
        to: &SnapshotName,
    ) -> Result<()> {
        self.rename_snapshots(from, to, || {
            self.device().rename_snapshots(from.as_str(), to.as_str())
        })
    }

    fn rename_snapshots(
        &self,
        from: &SnapshotName,
        to: &SnapshotName,
        rename: impl FnOnce() -> Result<(), Errno>,
    ) -> Result<()> {
        let operation = Operation::RenameSnapshot;
        let target = || format!("{from} to {to}");
        if from.dataset() != to.dataset() {
            let why = "a snapshot stays with its dataset";
            return Err(Error::refused(
                operation,
                target(),
                ErrorKind::InvalidName,
                why,
            ));
        }
        tracing::debug!(snapshot = %from, %to, "rename");
        self.recorded(operation, format_args!("{from} to {to}"), rename())
            .map_err(|errno| {
                let error = Error::from_errno(operation, target(), errno);
                match error.kind() {
                    ErrorKind::SnapshotNotFound if self.is_missing(&from.pool()) => {
                        error.with_kind(ErrorKind::PoolNotFound)
                    }
                    _ => error,
                }
            })
    }
}
