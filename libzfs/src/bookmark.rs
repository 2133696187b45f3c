//! Bookmarks: what an incremental send can start from when its snapshot is gone.

use bstr::ByteVec;

use crate::error::{Error, ErrorKind, Failure, Operation, Result};
use crate::handle::{Items, Zfs};
use crate::name::{BookmarkName, DatasetName, IncrementalSource, MAX_NAME_LEN, PoolName};
use crate::nvlist::{NvList, Value};
use crate::property::{self, NativeProperty, Properties};

/// Of a redaction bookmark: the GUIDs of the snapshots that it redacts for.
const REDACT_SNAPS: &str = "redact_snaps";
/// Of a redaction bookmark: whether its list is finished.
const REDACT_COMPLETE: &str = "redact_complete";

impl Zfs {
    /// Creates bookmarks of one pool in one transaction: all of them or none. Each is of a
    /// snapshot, or of another bookmark.
    ///
    /// Needs the permission `bookmark`.
    ///
    /// # Errors
    ///
    /// None was created then, and [`Error::failures`] has each that was the reason, where it was not
    /// all of them together.
    ///
    /// * [`ErrorKind::BookmarkExists`], also for a name that is there twice;
    /// * [`ErrorKind::DatasetNotFound`]: that of the new bookmark; [`ErrorKind::SnapshotNotFound`],
    ///   [`ErrorKind::BookmarkNotFound`]: what it is to be of;
    /// * [`ErrorKind::BookmarkSourceNotAncestor`]: that is no earlier point of the same dataset, or
    ///   of what it is a clone of;
    /// * [`ErrorKind::PoolNotFound`], [`ErrorKind::PoolsDiffer`];
    /// * [`ErrorKind::InvalidName`]: `%` is kept for ZFS's own names;
    /// * [`ErrorKind::FeatureDisabled`]: the pool has not the feature `bookmarks`;
    /// * [`ErrorKind::ReadOnlyPool`], [`ErrorKind::PermissionDenied`]
    #[doc(alias = "lzc_bookmark")]
    pub fn create_bookmarks(&self, bookmarks: &[(BookmarkName, IncrementalSource)]) -> Result<()> {
        let operation = Operation::CreateBookmarks;
        let target = Items {
            what: "bookmark",
            items: bookmarks,
            name: |(name, _)| name.as_str(),
        };
        let refused =
            |kind, why: &str| Err(Error::refused(operation, target.to_string(), kind, why));
        let list: NvList = bookmarks
            .iter()
            .map(|(name, of)| (name.as_str(), Value::from(of.as_str())))
            .collect();
        if list.len() != bookmarks.len() {
            return refused(ErrorKind::BookmarkExists, "the same name twice");
        }
        let pool = bookmarks.first().map(|(name, _)| name.pool());
        let elsewhere = |other: PoolName| Some(other) != pool;
        if bookmarks
            .iter()
            .any(|(name, of)| elsewhere(name.pool()) || elsewhere(of.dataset().pool()))
        {
            // The kernel says of some that the name is invalid, of others that it is no ancestor.
            return refused(ErrorKind::PoolsDiffer, "they are of one transaction");
        }
        tracing::debug!(bookmarks = %target, "create bookmarks");
        let result = self.library().bookmark(&list);
        self.batch(operation, target, pool.clone(), result)
            .map(drop)
            .map_err(|error| error.refine_failures(|failure| self.missing_dataset(failure)))
    }

    /// The kernel has one number for a bookmark's dataset and for its source.
    fn missing_dataset(&self, failure: &Failure) -> Option<ErrorKind> {
        if failure.errno.raw() != libc::ENOENT {
            return None;
        }
        let name: BookmarkName = failure.name.parse().ok()?;
        let exists = self.dataset_exists(name.dataset()).ok()?;
        (!exists).then_some(ErrorKind::DatasetNotFound)
    }

    /// Reads a bookmark.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BookmarkNotFound`], [`ErrorKind::DatasetNotFound`]
    #[doc(alias = "lzc_get_bookmark_props")]
    pub fn bookmark(&self, name: &BookmarkName) -> Result<Bookmark> {
        let properties = self.read_bookmark(name)?;
        Bookmark::read(name.clone(), properties).ok_or_else(|| {
            let kind = ErrorKind::UnexpectedAnswer;
            let why = "not all of its properties";
            Error::refused(Operation::ReadBookmark, name.as_str(), kind, why)
        })
    }

    /// All properties of a bookmark.
    pub(crate) fn read_bookmark(&self, name: &BookmarkName) -> Result<NvList> {
        let mut properties = self
            .library()
            .get_bookmark_props(name.as_str())
            .map_err(|errno| Error::from_errno(Operation::ReadBookmark, name.as_str(), errno))?;
        // What is redacted is told only in the list, and only if asked for by name.
        let redaction = [REDACT_SNAPS, REDACT_COMPLETE];
        for (short, values) in self.list_bookmarks(name.dataset(), &redaction)? {
            match values.into_list() {
                Ok(values) if short == name.short_name() => {
                    for (property, value) in values {
                        properties.insert(property, value);
                    }
                }
                _ => {}
            }
        }
        Ok(properties)
    }

    /// Whether there is a bookmark of this name.
    ///
    /// # Errors
    ///
    /// Anything but that it, its dataset or its pool does not exist.
    #[doc(alias = "lzc_exists")]
    pub fn bookmark_exists(&self, name: &BookmarkName) -> Result<bool> {
        match self.library().get_bookmark_props(name.as_str()) {
            Ok(_) => Ok(true),
            Err(errno) if matches!(errno.raw(), libc::ESRCH | libc::ENOENT) => Ok(false),
            Err(errno) => {
                let name = name.as_str();
                Err(Error::from_errno(Operation::ReadBookmark, name, errno))
            }
        }
    }

    /// The bookmarks of a dataset, in the order of their creation txg.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::DatasetNotFound`]; [`ErrorKind::NameTooLong`] if the dataset was renamed, and one
    /// of its bookmarks has no name of at most 255 bytes any more: the error says which.
    #[doc(alias = "lzc_get_bookmarks")]
    pub fn bookmarks(&self, dataset: &DatasetName) -> Result<Vec<Bookmark>> {
        let properties = [
            property::GUID.name(),
            property::CREATE_TXG.name(),
            property::CREATION.name(),
            property::IVSET_GUID.name(),
            property::REFERENCED.name(),
            property::LOGICAL_REFERENCED.name(),
            REDACT_SNAPS,
            REDACT_COMPLETE,
        ];
        let list = self.list_bookmarks(dataset, &properties)?;
        let mut bookmarks = Vec::with_capacity(list.len());
        for (short, values) in list {
            let short = Vec::from(short).into_string_lossy();
            let name = dataset.bookmark(&short).map_err(|error| {
                let name = format!("{dataset}#{short}");
                let kind = if name.len() > MAX_NAME_LEN {
                    ErrorKind::NameTooLong
                } else {
                    ErrorKind::UnexpectedAnswer
                };
                Error::refused(Operation::ReadBookmarks, name, kind, error)
            })?;
            let read = |values: NvList| Bookmark::read(name, values);
            let bookmark = values.into_list().ok().and_then(read).ok_or_else(|| {
                let why = format!("a bookmark {short} without its properties");
                Error::refused(
                    Operation::ReadBookmarks,
                    dataset.as_str(),
                    ErrorKind::UnexpectedAnswer,
                    why,
                )
            })?;
            bookmarks.push(bookmark);
        }
        bookmarks.sort_by_key(Bookmark::create_txg);
        Ok(bookmarks)
    }

    /// The bookmarks of a dataset with these properties, as far as each has them.
    fn list_bookmarks(&self, dataset: &DatasetName, properties: &[&str]) -> Result<NvList> {
        let properties = properties
            .iter()
            .map(|name| (*name, Value::Boolean))
            .collect();
        self.device()
            .bookmarks(dataset.as_str(), &properties)
            .map_err(|errno| Error::from_errno(Operation::ReadBookmarks, dataset.as_str(), errno))
    }

    /// Destroys bookmarks of one pool in one transaction. Ones that do not exist are no error.
    ///
    /// Needs the permission `destroy`.
    ///
    /// # Errors
    ///
    /// None was destroyed then, and [`Error::failures`] has each that could not be, where it was not
    /// all of them together.
    ///
    /// * [`ErrorKind::Busy`]: a redaction bookmark that a send is using;
    /// * [`ErrorKind::PoolNotFound`], [`ErrorKind::PoolsDiffer`];
    /// * [`ErrorKind::InvalidName`]: there is none with a `%`;
    /// * [`ErrorKind::ReadOnlyPool`], [`ErrorKind::PermissionDenied`]
    #[doc(alias = "lzc_destroy_bookmarks")]
    pub fn destroy_bookmarks(&self, bookmarks: &[BookmarkName]) -> Result<()> {
        let target = Items {
            what: "bookmark",
            items: bookmarks,
            name: BookmarkName::as_str,
        };
        tracing::debug!(bookmarks = %target, "destroy bookmarks");
        let list = bookmarks
            .iter()
            .map(|name| (name.as_str(), Value::Boolean))
            .collect();
        let pool = bookmarks.first().map(BookmarkName::pool);
        let result = self.library().destroy_bookmarks(&list);
        self.batch(Operation::DestroyBookmarks, target, pool, result)
            .map(drop)
    }
}

/// A bookmark as it was when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bookmark {
    name: BookmarkName,
    guid: u64,
    create_txg: u64,
    creation: u64,
    ivset_guid: Option<u64>,
    referenced: Option<u64>,
    logical_referenced: Option<u64>,
    redaction: Option<Redaction>,
}

/// What a redaction bookmark says of the streams that are made with it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Redaction {
    /// The GUIDs of the snapshots whose changes are left out of the stream.
    pub snapshots: Vec<u64>,
    /// Whether the list of what is left out is finished; one that was interrupted is of no use.
    pub is_complete: bool,
}

impl Bookmark {
    fn read(name: BookmarkName, list: NvList) -> Option<Self> {
        let properties = Properties::new(name.as_str(), list);
        let number = |property: &NativeProperty<u64>| -> Option<u64> {
            Some(properties.get(property).ok()??.value)
        };
        let redaction = properties.raw(REDACT_SNAPS).and_then(|snapshots| {
            let complete = properties.raw(REDACT_COMPLETE);
            Some(Redaction {
                snapshots: snapshots.value.as_u64_array()?.to_vec(),
                is_complete: complete.and_then(|p| p.value.as_bool()) == Some(true),
            })
        });
        Some(Self {
            guid: number(&property::GUID)?,
            create_txg: number(&property::CREATE_TXG)?,
            creation: number(&property::CREATION)?,
            ivset_guid: number(&property::IVSET_GUID).filter(|&guid| guid != 0),
            referenced: number(&property::REFERENCED),
            logical_referenced: number(&property::LOGICAL_REFERENCED),
            redaction,
            name,
        })
    }

    /// Its name.
    pub fn name(&self) -> &BookmarkName {
        &self.name
    }

    /// The GUID of the snapshot that it was made from.
    pub fn guid(&self) -> u64 {
        self.guid
    }

    /// The transaction group in which that snapshot was created.
    pub fn create_txg(&self) -> u64 {
        self.create_txg
    }

    /// When that snapshot was created, in seconds since 1970.
    pub fn creation(&self) -> u64 {
        self.creation
    }

    /// Of an encrypted snapshot, what a raw incremental stream from here has to find at its
    /// destination; none where the pool had not the feature `bookmark_v2` when it was made.
    #[doc(alias = "ivsetguid")]
    pub fn ivset_guid(&self) -> Option<u64> {
        self.ivset_guid
    }

    /// How many bytes that snapshot referred to; none where the pool had not the feature
    /// `bookmark_written` when the bookmark was made.
    pub fn referenced(&self) -> Option<u64> {
        self.referenced
    }

    /// The same before compression.
    #[doc(alias = "logicalreferenced")]
    pub fn logical_referenced(&self) -> Option<u64> {
        self.logical_referenced
    }

    /// What it redacts, if it is a redaction bookmark.
    #[doc(alias = "redact_snaps")]
    pub fn redaction(&self) -> Option<&Redaction> {
        self.redaction.as_ref()
    }
}
