//! What ZFS says of a property before anybody has set it: its type, its default, and where and by
//! whom it can be set.

use std::fmt;

use crate::nvlist::Value;

/// A native property, whatever the type of its values: what its name, or [`super::ALL`], leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PropertyInfo {
    pub(super) name: &'static str,
    pub(super) kind: PropertyKind,
    pub(super) access: Access,
    pub(super) types: Types,
    /// What had it in the releases before one.
    pub(super) types_before: Option<(Release, Types)>,
    pub(super) default: Fallback,
    /// The default of the releases before one.
    pub(super) default_before: Option<(Release, u64)>,
    pub(super) since: Option<Release>,
    /// Values that came later than the property.
    pub(super) newer_values: &'static [(u64, Release)],
    pub(super) hidden: bool,
}

/// The names of an enumeration's values. Of several names for a value the first is shown.
pub type IndexNames = &'static [(&'static str, u64)];

/// What the values of a property are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PropertyKind {
    /// A number that counts or identifies.
    Number,
    /// A size in bytes.
    Size,
    /// A time in seconds since 1970.
    Time,
    /// A ratio in hundredths: 150 is 1.50.
    Ratio,
    /// One of an enumeration's values, which the kernel has numbers for.
    Index(IndexNames),
    /// A text.
    Text,
    /// Several names or numbers, in an order of no meaning.
    List,
}

/// Whether and when a property can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Access {
    /// Never: it is a statistic or a state.
    ReadOnly,
    /// When the dataset is created.
    AtCreation,
    /// When the dataset is created; otherwise it gets the value of the dataset above.
    AtCreationOrInherited,
    /// When a pool is imported or created.
    AtImport,
    /// At any time, for one dataset or pool.
    Settable,
    /// At any time, for a dataset and those below it.
    Inheritable,
}

/// What an absent value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fallback {
    None,
    Number(u64),
    Text(&'static str),
}

/// A release of OpenZFS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release(pub(super) [u32; 3]);

impl Release {
    /// Whether the loaded module is of this release or a later one; also where it does not tell.
    pub fn is_running(self) -> bool {
        super::running_release().is_none_or(|running| running >= self)
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [major, minor, 0] => write!(f, "{major}.{minor}"),
            [major, minor, patch] => write!(f, "{major}.{minor}.{patch}"),
        }
    }
}

/// What can have properties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PropertyHolder {
    /// A file system.
    FileSystem,
    /// A volume.
    Volume,
    /// A snapshot, of either.
    Snapshot,
    /// A bookmark.
    Bookmark,
    /// A pool.
    Pool,
}

impl fmt::Display for PropertyHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::FileSystem => "filesystem",
            Self::Volume => "volume",
            Self::Snapshot => "snapshot",
            Self::Bookmark => "bookmark",
            Self::Pool => "pool",
        })
    }
}

/// A set of [`PropertyHolder`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Types(u8);

impl Types {
    pub(super) const FS: Self = Self(1);
    pub(super) const VOL: Self = Self(2);
    pub(super) const SNAP: Self = Self(4);
    pub(super) const BOOK: Self = Self(8);
    pub(super) const POOL: Self = Self(16);

    pub(super) const HEAD: Self = Self::FS.and(Self::VOL);
    pub(super) const ALL: Self = Self::HEAD.and(Self::SNAP);

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn contains(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl From<PropertyHolder> for Types {
    fn from(holder: PropertyHolder) -> Self {
        match holder {
            PropertyHolder::FileSystem => Self::FS,
            PropertyHolder::Volume => Self::VOL,
            PropertyHolder::Snapshot => Self::SNAP,
            PropertyHolder::Bookmark => Self::BOOK,
            PropertyHolder::Pool => Self::POOL,
        }
    }
}

impl PropertyInfo {
    /// Its name, as `zfs get` has it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What its values are.
    pub fn kind(&self) -> PropertyKind {
        self.kind
    }

    /// Whether and when it can be set.
    pub fn access(&self) -> Access {
        self.access
    }

    /// Whether a dataset gets it from the one above where it is not set.
    pub fn is_inheritable(&self) -> bool {
        matches!(
            self.access,
            Access::Inheritable | Access::AtCreationOrInherited
        )
    }

    /// Whether one of these has the property, with the module that is loaded.
    pub fn is_for(&self, holder: PropertyHolder) -> bool {
        self.running_types().contains(holder.into())
    }

    fn running_types(&self) -> Types {
        match self.types_before {
            Some((release, before)) if !release.is_running() => before,
            _ => self.types,
        }
    }

    /// Whether a snapshot of a file system or a volume has it: not all snapshots have all of the
    /// snapshots' properties.
    pub fn is_for_snapshots_of(&self, head: PropertyHolder) -> bool {
        self.is_for(PropertyHolder::Snapshot)
            && (self.types == Types::SNAP
                || matches!(self.kind, PropertyKind::Text | PropertyKind::List)
                || self.is_for(head))
    }

    /// The value that stands where none is set, in the kernel's form and for the module that is
    /// loaded; none where there is none, or that module lacks the property.
    pub fn default_value(&self) -> Option<Value> {
        if self.since.is_some_and(|since| !since.is_running()) {
            return None;
        }
        if let Some((release, before)) = self.default_before {
            if !release.is_running() {
                return Some(Value::U64(before));
            }
        }
        match self.default {
            Fallback::None => None,
            Fallback::Number(number) => Some(Value::U64(number)),
            Fallback::Text(text) => Some(text.into()),
        }
    }

    /// The release that it came with; none if it was there in 2.1.
    pub fn since(&self) -> Option<Release> {
        self.since
    }

    /// Whether `zfs get all` leaves it out.
    pub fn is_hidden(&self) -> bool {
        self.hidden
    }

    /// The release that a value of an enumeration came with, if it came later than the property.
    pub fn value_since(&self, value: u64) -> Option<Release> {
        self.newer_values
            .iter()
            .find(|(newer, _)| *newer == value)
            .map(|(_, release)| *release)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_have_an_order_and_a_short_name() {
        let release = Release([2, 2, 4]);
        assert!(release < Release([2, 3, 0]) && release > Release([2, 1, 11]));
        assert_eq!(
            (release.to_string(), Release([2, 4, 0]).to_string()),
            ("2.2.4".into(), "2.4".into())
        );
    }
}
