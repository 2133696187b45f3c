//! Clones: file systems and volumes that begin as a snapshot.

use crate::error::{Errno, Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::name::{DatasetName, SnapshotName};
use crate::nvlist::NvList;
use crate::property::{self, Access, PropertyInfo, PropertyValue};

impl Zfs {
    /// Begins to clone the snapshot `origin` as the new dataset `name`; see [`CloneBuilder`].
    #[doc(alias = "lzc_clone")]
    pub fn clone_snapshot(&self, origin: &SnapshotName, name: &DatasetName) -> CloneBuilder {
        CloneBuilder {
            zfs: self.clone(),
            origin: origin.clone(),
            name: name.clone(),
            properties: NvList::new(),
            invalid: None,
        }
    }
}

/// A clone about to be made; [`run`](Self::run) makes it.
///
/// It is of the kind that its origin is: a file system or a volume. Nothing is mounted. A clone of
/// an encrypted snapshot is encrypted with its origin's key, wherever it is, and needs that loaded
/// to be read, not to be made.
///
/// ```no_run
/// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
/// let origin = "tank/prod@nightly".parse()?;
/// zfs.clone_snapshot(&origin, &"tank/test".parse()?)
///     .set("readonly", true)
///     .run()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is cloned before run()"]
pub struct CloneBuilder {
    zfs: Zfs,
    origin: SnapshotName,
    name: DatasetName,
    properties: NvList,
    /// Why the first property that was refused was so.
    invalid: Option<String>,
}

impl CloneBuilder {
    /// Sets a property, native or of the user's own, as
    /// [`DatasetBuilder::set`](crate::DatasetBuilder::set) does.
    pub fn set(mut self, name: &str, value: impl Into<PropertyValue>) -> Self {
        // The kernel would write it down all the same, `encryption` too, and then tell it of what is
        // as its origin is.
        let access = property::info(name).map(PropertyInfo::access);
        let is_settable = matches!(access, None | Some(Access::Settable | Access::Inheritable));
        match value.into().to_native(name) {
            Ok(value) if is_settable => {
                self.properties.insert(name, value);
            }
            Ok(_) => {
                let why = format!("a clone has its {name} from its origin");
                self.invalid.get_or_insert(why);
            }
            Err(error) => {
                self.invalid.get_or_insert(error.to_string());
            }
        }
        self
    }

    /// Makes the clone.
    ///
    /// Needs the permission `clone` for the origin, `create` and `mount` for the parent, and those
    /// of the properties that are set.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::PoolNotFound`], [`ErrorKind::ParentNotFound`],
    ///   [`ErrorKind::SnapshotNotFound`], [`ErrorKind::DatasetExists`];
    /// * [`ErrorKind::PoolsDiffer`]: a clone is in the pool of its origin;
    /// * [`ErrorKind::WrongParent`]: the parent is a volume. `lzc_clone` itself would put a clone
    ///   there;
    /// * [`ErrorKind::InvalidName`]: it is a pool's, or has a `%`, which is kept for ZFS itself;
    /// * [`ErrorKind::InvalidProperty`]: the kernel does not say which. There is no clone then;
    /// * [`ErrorKind::NoSpace`], [`ErrorKind::QuotaExceeded`] for a `filesystem_limit` (which does
    ///   not bind root), [`ErrorKind::ReadOnlyPool`], [`ErrorKind::PermissionDenied`]
    pub fn run(self) -> Result<()> {
        if let Some(why) = &self.invalid {
            return Err(self.refused(ErrorKind::InvalidProperty, why.as_str()));
        }
        if self.name.as_str().contains('%') {
            return Err(self.refused(ErrorKind::InvalidName, "% is kept for ZFS's own names"));
        }
        if self.name.pool() != self.origin.pool() {
            return Err(self.refused(ErrorKind::PoolsDiffer, "a clone is where its origin is"));
        }
        self.check_parent()?;
        tracing::debug!(origin = %self.origin, dataset = %self.name, "clone");
        let (name, origin) = (self.name.as_str(), self.origin.as_str());
        self.zfs
            .library()
            .clone(name, origin, &self.properties)
            .map_err(|errno| self.failed(errno))?;
        self.zfs.record(
            Operation::Clone,
            format_args!("{} to {}", self.origin, self.name),
        );
        Ok(())
    }

    /// That the parent is there and can have children: the kernel has the same number for it as for
    /// an origin that is missing, and takes no notice of its kind.
    fn check_parent(&self) -> Result<()> {
        let Some(parent) = self.name.parent() else {
            return Err(self.refused(ErrorKind::InvalidName, "a pool's root dataset is no clone"));
        };
        match self.zfs.device().objset_stats(parent.as_str()) {
            Ok(stats) if stats.is_volume => {
                Err(self.refused(ErrorKind::WrongParent, format!("{parent} is a volume")))
            }
            Ok(_) => Ok(()),
            Err(errno) => {
                let kind = match errno.raw() {
                    libc::ENOENT if self.zfs.is_missing(&self.name.pool()) => {
                        ErrorKind::PoolNotFound
                    }
                    libc::ENOENT => ErrorKind::ParentNotFound,
                    _ => return Err(self.failed(errno)),
                };
                Err(self.failed(errno).with_kind(kind))
            }
        }
    }

    fn target(&self) -> String {
        format!("{} to {}", self.origin, self.name)
    }

    fn failed(&self, errno: Errno) -> Error {
        Error::from_errno(Operation::Clone, self.target(), errno)
    }

    fn refused(
        &self,
        kind: ErrorKind,
        why: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        Error::refused(Operation::Clone, self.target(), kind, why)
    }
}
