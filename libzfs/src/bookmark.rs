//! Bookmarks: what an incremental send can start from when its snapshot is gone.

use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::{Zfs, name_items};
use crate::name::{BookmarkName, DatasetName, IncrementalSource};
use crate::nvlist::{NvList, Value};
use crate::property::{self, Properties};

impl Zfs {
    /// Creates bookmarks of one pool in one transaction: all of them or none. Each is of a
    /// snapshot, or of another bookmark.
    ///
    /// Needs the permission `bookmark`.
    ///
    /// # Errors
    ///
    /// [`Error::failures`] has each that was the reason, as [`ErrorKind::BookmarkExists`],
    /// [`ErrorKind::SnapshotNotFound`] and so on. None was created then.
    #[doc(alias = "lzc_bookmark")]
    pub fn create_bookmarks(&self, bookmarks: &[(BookmarkName, IncrementalSource)]) -> Result<()> {
        let names: Vec<_> = bookmarks.iter().map(|(name, _)| name).collect();
        let target = || name_items("bookmark", &names);
        tracing::debug!(bookmarks = %target(), "create bookmarks");
        let list: NvList = bookmarks
            .iter()
            .map(|(name, of)| (name.as_str(), Value::from(of.as_str())))
            .collect();
        if list.len() != bookmarks.len() {
            let why = "the same name twice";
            return Err(Error::refused(
                Operation::CreateBookmarks,
                target(),
                ErrorKind::BookmarkExists,
                why,
            ));
        }
        let pool = names.first().map(|name| name.pool());
        let result = self.library().bookmark(&list);
        self.batch(Operation::CreateBookmarks, target, pool, result)
            .map(drop)
    }

    /// The bookmarks of a dataset, with their GUID and creation txg, in the order of the latter.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::DatasetNotFound`]
    #[doc(alias = "lzc_get_bookmarks")]
    pub fn bookmarks(&self, dataset: &DatasetName) -> Result<Vec<Bookmark>> {
        let operation = Operation::ReadBookmarks;
        let props: NvList = [&property::GUID, &property::CREATE_TXG, &property::CREATION]
            .map(|property| (property.name(), Value::Boolean))
            .into_iter()
            .collect();
        let list = self
            .library()
            .get_bookmarks(dataset.as_str(), &props)
            .map_err(|errno| Error::from_errno(operation, dataset.as_str(), errno))?;
        let mut bookmarks = Vec::with_capacity(list.len());
        for (short, value) in list {
            let bookmark = Bookmark::read(dataset, &short.to_string(), value).ok_or_else(|| {
                let why = format!("a bookmark {short} without its properties");
                Error::refused(
                    operation,
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

    /// Destroys bookmarks of one pool in one transaction. Ones that do not exist are no error.
    ///
    /// Needs the permission `destroy`.
    ///
    /// # Errors
    ///
    /// [`Error::failures`] has each that could not be destroyed.
    #[doc(alias = "lzc_destroy_bookmarks")]
    pub fn destroy_bookmarks(&self, bookmarks: &[BookmarkName]) -> Result<()> {
        let target = || name_items("bookmark", bookmarks);
        tracing::debug!(bookmarks = %target(), "destroy bookmarks");
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
}

impl Bookmark {
    fn read(dataset: &DatasetName, short: &str, value: Value) -> Option<Self> {
        let name = dataset.bookmark(short).ok()?;
        let properties = Properties::new(name.as_str(), value.into_list().ok()?);
        let number = |property| Some(properties.get(property).ok()??.value);
        Some(Self {
            guid: number(&property::GUID)?,
            create_txg: number(&property::CREATE_TXG)?,
            creation: number(&property::CREATION)?,
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
}
