//! What a listing yields.

use std::fmt;

use crate::error::{Error, ErrorKind, Operation, Result};
use crate::ffi::{DMU_OST_ZFS, DMU_OST_ZVOL, Found};
use crate::name::{BookmarkName, DatasetName, MAX_NAME_LEN, NameError, SnapshotName};
use crate::nvlist::NvList;
use crate::property::{self, NativeProperty, Properties};

/// The name of something that is listed, by what it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum EntryName {
    /// A file system.
    Filesystem(DatasetName),
    /// A volume.
    Volume(DatasetName),
    /// A snapshot.
    Snapshot(SnapshotName),
    /// A bookmark.
    Bookmark(BookmarkName),
}

impl EntryName {
    /// The whole name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Filesystem(name) | Self::Volume(name) => name.as_str(),
            Self::Snapshot(name) => name.as_str(),
            Self::Bookmark(name) => name.as_str(),
        }
    }

    /// The file system or volume that it is, or is of.
    pub fn dataset(&self) -> &DatasetName {
        match self {
            Self::Filesystem(name) | Self::Volume(name) => name,
            Self::Snapshot(name) => name.dataset(),
            Self::Bookmark(name) => name.dataset(),
        }
    }

    /// The snapshot's name, if it is one.
    pub fn snapshot(&self) -> Option<&SnapshotName> {
        match self {
            Self::Snapshot(name) => Some(name),
            _ => None,
        }
    }

    /// The bookmark's name, if it is one.
    pub fn bookmark(&self) -> Option<&BookmarkName> {
        match self {
            Self::Bookmark(name) => Some(name),
            _ => None,
        }
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl AsRef<str> for EntryName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

/// A file system, volume, snapshot or bookmark as it was when it was listed.
#[derive(Debug, Clone)]
pub struct Entry {
    pub(super) name: EntryName,
    pub(super) guid: u64,
    pub(super) create_txg: u64,
    pub(super) properties: Option<Properties>,
}

impl Entry {
    /// Its name, which says what it is.
    pub fn name(&self) -> &EntryName {
        &self.name
    }

    /// Its name alone.
    pub fn into_name(self) -> EntryName {
        self.name
    }

    /// What identifies it wherever it is replicated to; a bookmark has that of its snapshot.
    pub fn guid(&self) -> u64 {
        self.guid
    }

    /// The transaction group in which it was created; of a bookmark, that of its snapshot.
    pub fn create_txg(&self) -> u64 {
        self.create_txg
    }

    /// All of its properties, if they [were asked for](super::ListBuilder::properties).
    pub fn properties(&self) -> Option<&Properties> {
        self.properties.as_ref()
    }

    /// A dataset; none if the kernel has it for neither a file system nor a volume: it is what a
    /// raw receive that has only begun left, and `zfs list` does not show it either.
    pub(super) fn of_dataset(found: Found) -> Option<Result<Self>> {
        let kind = match found.objset_type {
            DMU_OST_ZFS => EntryName::Filesystem,
            DMU_OST_ZVOL => EntryName::Volume,
            _ => return None,
        };
        let name = match found.name.parse() {
            Ok(name) => kind(name),
            Err(error) => return Some(Err(unnameable(&found.name, error))),
        };
        Some(Ok(Self::found(name, found)))
    }

    pub(super) fn of_snapshot(found: Found) -> Result<Self> {
        match found.name.parse() {
            Ok(name) => Ok(Self::found(EntryName::Snapshot(name), found)),
            Err(error) => Err(unnameable(&found.name, error)),
        }
    }

    fn found(name: EntryName, found: Found) -> Self {
        Self {
            guid: found.guid,
            create_txg: found.create_txg,
            properties: found
                .properties
                .map(|list| Properties::new(found.name, list)),
            name,
        }
    }

    /// A bookmark and those of its properties that were asked for, which are kept if `keep`.
    pub(super) fn of_bookmark(
        dataset: &DatasetName,
        short: &str,
        list: NvList,
        keep: bool,
    ) -> Result<Self> {
        let name = dataset
            .bookmark(short)
            .map_err(|error| unnameable(&format!("{dataset}#{short}"), error))?;
        let properties = Properties::new(name.as_str(), list);
        let number = |property: &NativeProperty<u64>| match properties.get(property) {
            Ok(Some(property)) => property.value,
            _ => 0,
        };
        Ok(Self {
            guid: number(&property::GUID),
            create_txg: number(&property::CREATE_TXG),
            properties: keep.then_some(properties),
            name: EntryName::Bookmark(name),
        })
    }

    /// A snapshot of which no more than the name is known.
    pub(super) fn named(name: &str) -> Result<Self> {
        match name.parse() {
            Ok(name) => Ok(Self {
                name: EntryName::Snapshot(name),
                guid: 0,
                create_txg: 0,
                properties: None,
            }),
            Err(error) => Err(unnameable(name, error)),
        }
    }
}

/// Something has a name that none of our types holds: bookmarks have one of more than 255 bytes
/// after their dataset was renamed, and the module's parameter for the depth of names can be raised.
fn unnameable(name: &str, error: NameError) -> Error {
    let kind = if name.len() > MAX_NAME_LEN {
        ErrorKind::NameTooLong
    } else {
        ErrorKind::UnexpectedAnswer
    };
    Error::refused(Operation::List, name, kind, error)
}
