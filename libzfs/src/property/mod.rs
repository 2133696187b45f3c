//! Properties: a value with its source, typed where ZFS gives it a type.
//!
//! Every dataset carries native properties, whose types ZFS knows, and user properties, which are
//! texts whose names have a `:`. Each native property of datasets is a constant here, such as
//! [`ENCRYPTION`], and each of pools one in [`pool`]; what ZFS says of them, by name, is
//! [`info`] and [`pool::info`].
//!
//! * [`Properties`] is what the kernel said of one dataset or pool. [`Zfs::dataset`] and
//!   [`Zfs::snapshot`] read most of it in one call; [`Zfs::all_properties`] reads all that
//!   `zfs get all` shows.
//! * [`Zfs::set_properties`] sets many at once, [`Zfs::inherit_property`] and
//!   [`Zfs::revert_property`] take a value back, also from a whole tree.
//! * [`Zfs::space_of`] and its like read what users, groups and projects take.
//!
//! ```no_run
//! # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
//! use libzfs::property::{self, Compression};
//!
//! let data = "tank/data".parse()?;
//! zfs.set_properties(&data)
//!     .set(&property::COMPRESSION, Compression::ZstdLevel(7))
//!     .set(&property::QUOTA, 10 << 30)
//!     .set_text("com.example:keep", "30d")
//!     .run()?;
//! let quota = zfs.dataset(&data)?.get(&property::QUOTA)?;
//! # Ok(())
//! # }
//! ```
//!
//! [`Zfs::dataset`]: crate::Zfs::dataset
//! [`Zfs::snapshot`]: crate::Zfs::snapshot
//! [`Zfs::all_properties`]: crate::Zfs::all_properties
//! [`Zfs::set_properties`]: crate::Zfs::set_properties
//! [`Zfs::inherit_property`]: crate::Zfs::inherit_property
//! [`Zfs::revert_property`]: crate::Zfs::revert_property
//! [`Zfs::space_of`]: crate::Zfs::space_of

mod check;
mod dataset;
mod exact;
mod index;
mod info;
mod inherit;
mod list;
mod mounts;
mod native;
pub mod pool;
mod read;
mod set;
mod set_pool;
mod space;
mod text;
mod value;

use std::fmt;
use std::sync::OnceLock;

use crate::handle::kernel_release;
use crate::name::DatasetName;

pub use self::dataset::*;
pub use self::index::{
    AclInherit, AclMode, AclType, CacheMode, CanMount, CaseSensitivity, Checksum, Compression,
    Dedup, DirectIo, DnodeSize, Encryption, FailMode, Health, KeyStatus, LogBias, Normalization,
    RedundantMetadata, SnapDev, SnapDir, SyncMode, VolMode, Xattr,
};
pub use self::info::{Access, IndexNames, PropertyHolder, PropertyInfo, PropertyKind, Release};
pub use self::list::{Properties, UnknownForm};
pub use self::native::NativeProperty;
pub use self::read::HasProperties;
pub use self::set::{PropertiesSet, SetProperties, SetsProperties};
pub use self::set_pool::SetPoolProperties;
pub use self::space::{OwnerKind, Sid, SpaceMeasure, SpaceOwner};
pub(crate) use self::value::check_name;
pub use self::value::{PropertyValue, ValueError};

/// What ZFS says of the property of datasets, snapshots and bookmarks that has this name; none if
/// this crate knows none.
#[doc(alias = "zfs_name_to_prop")]
pub fn info(name: &str) -> Option<&'static PropertyInfo> {
    ALL.iter().find(|info| info.name() == name)
}

/// The release of the module, which does not change while one is open: it cannot be unloaded.
fn running_release() -> Option<Release> {
    static RUNNING: OnceLock<Option<Release>> = OnceLock::new();
    *RUNNING.get_or_init(|| kernel_release().map(Release))
}

/// Where a property's value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// Set on the dataset itself.
    Local,
    /// Not set anywhere; the default of the property.
    Default,
    /// Set on a dataset above, or received there.
    Inherited(DatasetName),
    /// Received with a stream.
    Received,
    /// An option of the mount, for as long as it is mounted; only
    /// [`Zfs::all_properties`](crate::Zfs::all_properties) finds out.
    Temporary,
    /// Statistics and states: a value that nobody sets (`zfs get` shows `-`).
    None,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.pad("local"),
            Self::Default => f.pad("default"),
            Self::Inherited(from) => write!(f, "inherited from {from}"),
            Self::Received => f.pad("received"),
            Self::Temporary => f.pad("temporary"),
            Self::None => f.pad("-"),
        }
    }
}

/// A property's value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Property<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub source: Source,
}

impl<T> Property<T> {
    /// The same source with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Property<U> {
        Property {
            value: f(self.value),
            source: self.source,
        }
    }
}

impl<T: fmt::Display> fmt::Display for Property<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_tables_keys() {
        for table in [ALL, pool::ALL] {
            let mut names: Vec<_> = table.iter().map(PropertyInfo::name).collect();
            names.sort_unstable();
            let before = names.len();
            names.dedup();
            assert_eq!(names.len(), before);
        }
        assert_eq!(info("quota"), Some(QUOTA.info()));
        assert_eq!(pool::info("ashift"), Some(pool::ASHIFT.info()));
        assert_eq!((info("ashift"), pool::info("quota")), (None, None));
    }
}
