//! Promoting clones: origin and clone change their places.

use crate::bookmark::Bookmark;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::name::{DatasetName, NameError, SnapshotName};
use crate::property::ORIGIN;

impl Zfs {
    /// Promotes a clone: the snapshot that it was made from and all before that become its own, and
    /// what they were snapshots of becomes a clone of it.
    ///
    /// After that the former origin can be destroyed. Bookmarks of the snapshots that move go with
    /// them. If the former origin was an encryption root, the clone is it from now on, with the same
    /// key, which counts as not loaded until it is [loaded](Self::load_key) for the clone.
    ///
    /// Needs the permission `promote` for the clone and for the dataset that it was made from, and
    /// `mount` for the clone.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::DatasetNotFound`], [`ErrorKind::NotAClone`];
    /// * [`ErrorKind::SnapshotExists`]: a snapshot that would move has the name of one of the
    ///   clone's own, which is in [`Error::failures`]. There can be more than the one that is named;
    /// * [`ErrorKind::BookmarkExists`]: the same of bookmarks, which are all named. The kernel would
    ///   panic, so that it is not asked. Names that differ in case only are taken for the same, as
    ///   they are where the property `casesensitivity` says so;
    /// * [`ErrorKind::NameTooLong`]: one that would move has too long a name for the clone;
    /// * [`ErrorKind::EncryptionRootWouldChange`]: the origin has its key from a dataset above it,
    ///   and the clone is not below that one;
    /// * [`ErrorKind::NoSpace`]: a quota has no room for what would move;
    /// * [`ErrorKind::QuotaExceeded`]: nor a `snapshot_limit` (which does not bind root);
    /// * [`ErrorKind::Busy`]: a snapshot that would move is being sent, or is mounted.
    #[doc(alias = "lzc_promote")]
    pub fn promote(&self, clone: &DatasetName) -> Result<()> {
        self.check_promotion(clone)
            .map_err(|error| error.with_operation(Operation::Promote))?;
        tracing::debug!(dataset = %clone, "promote");
        let promoted = self.library().promote(clone.as_str());
        self.recorded(Operation::Promote, clone, promoted)
            .map_err(|(errno, conflict)| {
                let error = Error::from_errno(Operation::Promote, clone.as_str(), errno);
                if conflict.is_empty() {
                    return error;
                }
                error.with_failures([(format!("{clone}@{conflict}"), errno)], 0)
            })
    }

    /// That it is a clone, and that it has room for the bookmarks that would move. The kernel means
    /// to see to that itself, but looks for them at the snapshot, which has none.
    fn check_promotion(&self, clone: &DatasetName) -> Result<()> {
        let operation = Operation::Promote;
        let refused =
            |kind, error: NameError| Error::refused(operation, clone.as_str(), kind, error);
        let Some(origin) = self.dataset(clone)?.get(&ORIGIN)? else {
            let kind = ErrorKind::NotAClone;
            return Err(Error::new(
                operation,
                clone.as_str(),
                kind,
                kind.usual_errno(),
            ));
        };
        let origin: SnapshotName = origin
            .value
            .parse()
            .map_err(|error| refused(ErrorKind::UnexpectedAnswer, error))?;
        let last = self.snapshot(&origin)?.create_txg()?;
        let own = self.bookmarks(clone)?;
        let mut conflicts = Vec::new();
        for bookmark in self.bookmarks(origin.dataset())? {
            let short = bookmark.name().short_name();
            if bookmark.create_txg() > last {
                continue;
            }
            if let Err(error) = clone.bookmark(short) {
                return Err(refused(ErrorKind::NameTooLong, error));
            }
            let same = own.iter().map(Bookmark::name).find(|own| {
                // Some datasets tell no cases apart, and which those are is nowhere here.
                own.short_name().eq_ignore_ascii_case(short)
            });
            conflicts.extend(same.map(ToString::to_string));
        }
        if conflicts.is_empty() {
            return Ok(());
        }
        let kind = ErrorKind::BookmarkExists;
        let errno = kind.usual_errno();
        let conflicts = conflicts.into_iter().map(|name| (name, errno));
        Err(Error::new(operation, clone.as_str(), kind, errno)
            .with_failures(conflicts, 0)
            .refine_failures(|_| Some(kind)))
    }
}
