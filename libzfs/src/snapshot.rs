//! Snapshots: many at once, atomically.

use bstr::BStr;

use crate::dataset::{read, required, user_properties};
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::{Items, Zfs};
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

    /// Whether there is a snapshot of this name.
    ///
    /// # Errors
    ///
    /// Anything but that it, its dataset or its pool does not exist.
    #[doc(alias = "lzc_exists")]
    pub fn snapshot_exists(&self, name: &SnapshotName) -> Result<bool> {
        match self.snapshot(name) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::SnapshotNotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// How many bytes would be free if `first`, `last` and all snapshots between them were
    /// destroyed. They can be one and the same.
    ///
    /// Needs no permission.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::PoolNotFound`], [`ErrorKind::SnapshotNotFound`], which says which of the two;
    /// * [`ErrorKind::SnapshotMismatch`]: they are of different datasets, or `first` is the later
    ///   one.
    #[doc(alias = "lzc_snaprange_space")]
    pub fn snapshot_range_space(&self, first: &SnapshotName, last: &SnapshotName) -> Result<u64> {
        let operation = Operation::ReadRangeSpace;
        let target = || format!("{first} to {last}");
        if first.dataset() != last.dataset() {
            let kind = ErrorKind::SnapshotMismatch;
            let why = "they are of different datasets";
            return Err(Error::refused(operation, target(), kind, why));
        }
        self.library()
            .snaprange_space(first.as_str(), last.as_str())
            .map_err(|errno| {
                let error = Error::from_errno(operation, target(), errno);
                if error.kind() != ErrorKind::SnapshotNotFound {
                    return error;
                }
                if self.is_missing(&first.pool()) {
                    return error.with_kind(ErrorKind::PoolNotFound);
                }
                match self.snapshot_exists(last) {
                    Ok(true) => error.with_source(first.to_string()),
                    Ok(false) => error.with_source(last.to_string()),
                    Err(_) => error,
                }
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
    /// None was created then, and [`Error::failures`] has each that was the reason, where it was not
    /// all of them together.
    ///
    /// * [`ErrorKind::SnapshotExists`], [`ErrorKind::DatasetNotFound`],
    ///   [`ErrorKind::PoolNotFound`];
    /// * [`ErrorKind::DuplicateSnapshots`], [`ErrorKind::PoolsDiffer`]: they cannot be in one call;
    /// * [`ErrorKind::InvalidName`]: `%` is kept for ZFS's own names;
    /// * [`ErrorKind::Busy`]: the dataset is nothing but a partial receive;
    /// * [`ErrorKind::NoSpace`]: there is none for what the dataset's `refreservation` promises to
    ///   what is written from now on;
    /// * [`ErrorKind::QuotaExceeded`]: a `snapshot_limit` is reached (which does not bind root); it
    ///   is the dataset that is among the failures then;
    /// * [`ErrorKind::ReadOnlyPool`], [`ErrorKind::PermissionDenied`]
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
    /// As there, and
    ///
    /// * [`ErrorKind::InvalidProperty`]: a name is none of a user property, or a value has 8192
    ///   bytes or more;
    /// * [`ErrorKind::FeatureDisabled`]: the pool is of a version before 12.
    #[doc(alias = "lzc_snapshot")]
    pub fn create_snapshots_with<'a>(
        &self,
        snapshots: &[SnapshotName],
        properties: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<()> {
        let operation = Operation::CreateSnapshots;
        let target = name_snapshots(snapshots);
        let properties = user_properties(operation, &target, properties)?;
        let refused =
            |kind, why: &str| Err(Error::refused(operation, target.to_string(), kind, why));
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
        tracing::debug!(snapshots = %target, "create snapshots");
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
    /// None was destroyed then, and [`Error::failures`] has each that could not be, where it was not
    /// all of them together.
    ///
    /// * [`ErrorKind::SnapshotHeld`], [`ErrorKind::SnapshotCloned`];
    /// * [`ErrorKind::Busy`]: it is being sent, or is mounted, also with [`Destroy::Deferred`];
    /// * [`ErrorKind::PoolNotFound`], [`ErrorKind::PoolsDiffer`];
    /// * [`ErrorKind::FeatureDisabled`]: deferred, in a pool of a version before 18;
    /// * [`ErrorKind::ReadOnlyPool`], [`ErrorKind::PermissionDenied`]
    #[doc(alias = "lzc_destroy_snaps")]
    pub fn destroy_snapshots(&self, snapshots: &[SnapshotName], how: Destroy) -> Result<()> {
        let target = name_snapshots(snapshots);
        tracing::debug!(snapshots = %target, ?how, "destroy snapshots");
        let result = self
            .library()
            .destroy_snaps(&names(snapshots), how == Destroy::Deferred);
        let pool = snapshots.first().map(SnapshotName::pool);
        self.batch(Operation::DestroySnapshots, target, pool, result)
            .map(drop)
            .map_err(|error| {
                // The kernel has one number for holds, and for the snapshot's being in use.
                error.refine_failures(|failure| {
                    if failure.kind != ErrorKind::SnapshotHeld {
                        return None;
                    }
                    let is_held = how == Destroy::Now && self.has_holds(&failure.name);
                    (!is_held).then_some(ErrorKind::Busy)
                })
            })
    }

    /// Whether a snapshot has holds, unless it is certain that it has none.
    fn has_holds(&self, snapshot: &str) -> bool {
        let holds = snapshot.parse().ok().map(|snapshot| self.holds(&snapshot));
        !matches!(holds, Some(Ok(holds)) if holds.is_empty())
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

fn name_snapshots(snapshots: &[SnapshotName]) -> Items<'_, SnapshotName> {
    Items {
        what: "snapshot",
        items: snapshots,
        name: SnapshotName::as_str,
    }
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
