//! Snapshots: many at once, atomically.

use bstr::BStr;

use crate::dataset::{read, required, user_properties};
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::{Zfs, name_items};
use crate::name::SnapshotName;
use crate::nvlist::{NvList, Value};
use crate::property::{self, NativeProperty, Properties, Property};

impl Zfs {
    /// Reads a snapshot and all of its properties, in one call of the kernel.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SnapshotNotFound`], [`ErrorKind::PoolSuspended`]
    #[doc(alias = "ZFS_IOC_OBJSET_STATS")]
    pub fn snapshot(&self, name: &SnapshotName) -> Result<Snapshot> {
        let properties =
            self.read_properties(name.as_str())
                .map_err(|error| match error.kind() {
                    ErrorKind::DatasetNotFound => error.with_kind(ErrorKind::SnapshotNotFound),
                    _ => error,
                })?;
        Ok(Snapshot {
            name: name.clone(),
            properties,
        })
    }

    /// Creates snapshots of one pool in one transaction: all of them or none.
    ///
    /// Each dataset can be in the list once. An empty list is nothing to do.
    ///
    /// Needs the permission `snapshot` for each dataset.
    ///
    /// ```no_run
    /// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
    /// let names = ["tank/a@nightly".parse()?, "tank/b@nightly".parse()?];
    /// zfs.create_snapshots(&names)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::failures`] has each snapshot that was the reason, as
    /// [`ErrorKind::SnapshotExists`], [`ErrorKind::DatasetNotFound`],
    /// [`ErrorKind::DuplicateSnapshots`] and so on. None was created then.
    #[doc(alias = "lzc_snapshot")]
    pub fn create_snapshots(&self, snapshots: &[SnapshotName]) -> Result<()> {
        self.create_snapshots_with(snapshots, [])
    }

    /// As [`create_snapshots`](Self::create_snapshots), with user properties for each of them.
    ///
    /// Needs the permission `userprop` as well.
    ///
    /// # Errors
    ///
    /// As there, and [`ErrorKind::InvalidProperty`] if a name is none of a user property.
    #[doc(alias = "lzc_snapshot")]
    pub fn create_snapshots_with<'a>(
        &self,
        snapshots: &[SnapshotName],
        properties: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<()> {
        let operation = Operation::CreateSnapshots;
        let target = || name_items("snapshot", snapshots);
        let properties = user_properties(operation, &target(), properties)?;
        let refused = |kind, why: &str| Err(Error::refused(operation, target(), kind, why));
        if let Some(name) = snapshots
            .iter()
            .find(|name| name.short_name().contains('%'))
        {
            return refused(
                ErrorKind::InvalidName,
                &format!("{name}: % is kept for ZFS's own names"),
            );
        }
        if snapshots
            .windows(2)
            .any(|pair| pair[0].pool() != pair[1].pool())
        {
            return refused(ErrorKind::PoolsDiffer, "they are of one transaction");
        }
        let list = names(snapshots);
        if list.len() != snapshots.len() {
            // A list of C's would swallow the second of two equal names.
            return refused(ErrorKind::DuplicateSnapshots, "the same name twice");
        }
        tracing::debug!(snapshots = %target(), "create snapshots");
        let properties = (!properties.is_empty()).then_some(&properties);
        let result = self.library().snapshot(&list, properties);
        self.batch(
            operation,
            target,
            snapshots.first().map(SnapshotName::pool),
            result,
        )
        .map(drop)
    }

    /// Destroys snapshots of one pool in one transaction: all of them or none.
    ///
    /// Snapshots that do not exist are no error; they are gone, which is what was asked for. With
    /// [`Destroy::Deferred`], one that is held or has clones goes when those have gone.
    ///
    /// Needs the permissions `destroy` and `mount`.
    ///
    /// # Errors
    ///
    /// [`Error::failures`] has each snapshot that could not be destroyed,
    /// as [`ErrorKind::SnapshotHeld`] or [`ErrorKind::SnapshotCloned`]. None was destroyed then.
    #[doc(alias = "lzc_destroy_snaps")]
    pub fn destroy_snapshots(&self, snapshots: &[SnapshotName], how: Destroy) -> Result<()> {
        let target = || name_items("snapshot", snapshots);
        tracing::debug!(snapshots = %target(), ?how, "destroy snapshots");
        let result = self
            .library()
            .destroy_snaps(&names(snapshots), how == Destroy::Deferred);
        let pool = snapshots.first().map(SnapshotName::pool);
        self.batch(Operation::DestroySnapshots, target, pool, result)
            .map(drop)
    }
}

/// When snapshots are destroyed that are still held or have clones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Destroy {
    /// Never: that is an error.
    #[default]
    Now,
    /// When the last hold is released and the last clone is gone.
    Deferred,
}

fn names(snapshots: &[SnapshotName]) -> NvList {
    snapshots
        .iter()
        .map(|name| (name.as_str(), Value::Boolean))
        .collect()
}

/// A snapshot as it was when it was read, with all of its properties.
#[derive(Debug, Clone)]
pub struct Snapshot {
    name: SnapshotName,
    properties: Properties,
}

impl Snapshot {
    /// Its name.
    pub fn name(&self) -> &SnapshotName {
        &self.name
    }

    /// All properties, to read by name.
    pub fn properties(&self) -> &Properties {
        &self.properties
    }

    /// A native property with its source; `None` where the snapshot has none such.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnexpectedAnswer`]: the value has not the form that this crate knows.
    pub fn get<T>(&self, property: &NativeProperty<T>) -> Result<Option<Property<T>>> {
        read(&self.properties, self.name.as_str(), property)
    }

    /// A user property with its source, such as `com.example:set`.
    pub fn user_property(&self, name: &str) -> Option<Property<&BStr>> {
        self.properties.user(name)
    }

    /// What identifies the snapshot on both sides of a replication, whatever its name.
    ///
    /// # Errors
    ///
    /// As for [`get`](Self::get); so for all that follow.
    pub fn guid(&self) -> Result<u64> {
        required(&self.properties, self.name.as_str(), &property::GUID)
    }

    /// The transaction group in which it was created: what orders snapshots of one pool.
    pub fn create_txg(&self) -> Result<u64> {
        required(&self.properties, self.name.as_str(), &property::CREATE_TXG)
    }
}
