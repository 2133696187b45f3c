//! Redaction: what is left out of a send.
//!
//! A *redaction bookmark* of a snapshot has a list of the blocks that are hidden: those that clones
//! of the snapshot have changed or removed, as far as their own snapshots know. A send with it
//! leaves these blocks out; see [`SendBuilder::redacted`](crate::SendBuilder::redacted).

use std::thread;

use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::{Zfs, kernel_release};
use crate::name::{BookmarkName, DatasetName, SnapshotName};
use crate::nvlist::{NvList, Value};
use crate::property::{self, Properties};
use crate::transfer;

/// What a redaction bookmark was made of (`redact_snaps`).
const REDACT_SNAPS: &str = "redact_snaps";
/// How many redaction snapshots one bookmark is made of at most. OpenZFS 2.1 has 1 MiB for what it
/// keeps of them, about 360 bytes each, and follows a null pointer if there are more.
const MAX_REDACTION_SNAPSHOTS: usize = 2048;

/// Whether it was made to the end (`redact_complete`).
const REDACT_COMPLETE: &str = "redact_complete";

impl Zfs {
    /// Makes the redaction bookmark `bookmark` of `snapshot`: a list of the blocks that
    /// `redaction_snapshots` changed or removed, which are snapshots of clones of `snapshot`
    /// (`zfs redact`).
    ///
    /// It reads the metadata of all of them and takes its time. If the machine stops meanwhile, it
    /// is continued by calling it again with the same names; until then nothing is sent with the
    /// bookmark.
    ///
    /// **If this process is killed meanwhile, destroy the bookmark**: the kernel takes it for
    /// complete then, and what it does not know of would be sent. Other signals do not reach it. Nor
    /// does the kernel tell if it cannot read the metadata of a redaction snapshot; it takes what it
    /// has read for all there is. (Both as its sources have it, in 2.1, 2.3 and 2.4.)
    ///
    /// Needs root: there is no permission to delegate.
    ///
    /// ```no_run
    /// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
    /// // tank/public is a clone of tank/prod@mon in which all that is secret was removed.
    /// let (snapshot, public) = ("tank/prod@mon".parse()?, "tank/public@mon".parse()?);
    /// let bookmark = "tank/prod#public-mon".parse()?;
    /// zfs.redact(&snapshot, &bookmark, &[public])?;
    /// zfs.send(&snapshot)
    ///     .redacted(&bookmark)
    ///     .write_to(&std::fs::File::create("/srv/public-mon.zfs")?)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::InvalidArgument`]: the bookmark is not one of the snapshot's dataset, or
    ///   there are no redaction snapshots;
    /// * [`ErrorKind::SnapshotNotFound`]: one of them; the error says which;
    /// * [`ErrorKind::NotADescendant`]: a redaction snapshot is not one of a clone of the snapshot
    ///   (or later in the same dataset);
    /// * [`ErrorKind::PoolsDiffer`];
    /// * [`ErrorKind::BookmarkExists`], also as complete redaction bookmark of the same snapshots, or
    ///   as one of another snapshot, complete or not;
    /// * [`ErrorKind::RedactionDiffers`]: it exists with other redaction snapshots;
    /// * [`ErrorKind::AlreadyRedacted`]: one of the snapshots was received redacted;
    /// * [`ErrorKind::KeyNotLoaded`]: one of them is encrypted;
    /// * [`ErrorKind::TooManySnapshots`]: more than 2048 redaction snapshots, with some more of which 2.1 panics, or
    ///   fewer without the pool's feature `redaction_list_spill` (since OpenZFS 2.3);
    /// * [`ErrorKind::FeatureDisabled`]: the pool's feature `redaction_bookmarks`;
    /// * [`ErrorKind::PermissionDenied`], [`ErrorKind::ReadOnlyPool`], [`ErrorKind::NoSpace`];
    /// * [`ErrorKind::Io`] and others that come midway: the kernel leaves a bookmark that says that it
    ///   is complete and is not, which is destroyed again. If that fails, the error's source says
    ///   that the bookmark is unsafe: **destroy it** before anything is sent with it.
    #[doc(alias = "lzc_redact")]
    pub fn redact(
        &self,
        snapshot: &SnapshotName,
        bookmark: &BookmarkName,
        redaction_snapshots: &[SnapshotName],
    ) -> Result<()> {
        let operation = Operation::Redact;
        let refused =
            |kind, why: &str| Err(Error::refused(operation, snapshot.as_str(), kind, why));
        if bookmark.dataset() != snapshot.dataset() {
            let why = "its redaction bookmark has to be one of the same dataset";
            return refused(ErrorKind::InvalidArgument, why);
        }
        if redaction_snapshots.is_empty() {
            return refused(ErrorKind::InvalidArgument, "no redaction snapshots");
        }
        if redaction_snapshots.len() > MAX_REDACTION_SNAPSHOTS {
            let why = format!("more than {MAX_REDACTION_SNAPSHOTS}");
            return refused(ErrorKind::TooManySnapshots, &why);
        }
        tracing::debug!(%snapshot, %bookmark, by = redaction_snapshots.len(), "redact");
        let list: NvList = redaction_snapshots
            .iter()
            .map(|name| (name.as_str(), Value::Boolean))
            .collect();
        let is_new = self.check_unfinished(snapshot, bookmark)?;
        let failed = |error| Error::from_io(operation, snapshot.as_str(), error);
        let result = thread::scope(|scope| {
            // A signal would end it, and leave a bookmark that says it is complete.
            let work = || {
                let short = bookmark.short_name();
                let redacted = self.library().redact(snapshot.as_str(), short, &list);
                self.recorded(operation, snapshot, redacted)
            };
            let worker = transfer::spawn_scoped(scope, "zfs-redact", work).map_err(failed)?;
            Ok(transfer::joined(worker.join()))
        })?;
        result.map_err(|errno| {
            let error = Error::from_errno(operation, snapshot.as_str(), errno);
            if is_new {
                if let Err(unsafe_still) = self.destroy_if_complete(bookmark, error.kind()) {
                    let why = format!(
                        "{bookmark} is unsafe: it may say that it is complete and is not, and \
                         could not be destroyed ({unsafe_still})"
                    );
                    return error.with_source(why);
                }
            }
            if error.kind() != ErrorKind::SnapshotNotFound {
                return error;
            }
            // Which of the names is missing the kernel does not say.
            let missing = redaction_snapshots
                .iter()
                .find(|name| self.snapshot(name).is_err());
            match missing {
                Some(missing) if self.snapshot(snapshot).is_ok() => {
                    error.with_source(missing.to_string())
                }
                _ => error,
            }
        })
    }

    /// Refuses a bookmark that exists of another snapshot: the kernel would go on with one that is
    /// not finished as if it was of this one. Returns whether there is none, or one to go on with.
    fn check_unfinished(&self, snapshot: &SnapshotName, bookmark: &BookmarkName) -> Result<bool> {
        let operation = Operation::Redact;
        let here = |error: Error| error.with_operation(operation);
        let there = match self.bookmark(bookmark) {
            Ok(there) => there,
            Err(error) if is_absent(error.kind()) => return Ok(true),
            Err(error) => return Err(here(error)),
        };
        match self.snapshot(snapshot) {
            Ok(of) if of.guid().map_err(here)? != there.guid() => {
                let why = format!("{bookmark} is one of another snapshot");
                let kind = ErrorKind::BookmarkExists;
                return Err(Error::refused(operation, snapshot.as_str(), kind, why));
            }
            // The kernel tells which of the names is missing.
            Err(error) if error.kind() != ErrorKind::SnapshotNotFound => return Err(here(error)),
            _ => {}
        }
        Ok(there.redaction().is_some_and(|known| !known.is_complete))
    }

    /// After a redaction failed: destroys its bookmark, unless that is known to be no use to a send.
    fn destroy_if_complete(&self, bookmark: &BookmarkName, failed: ErrorKind) -> Result<()> {
        if matches!(
            failed,
            ErrorKind::BookmarkExists | ErrorKind::RedactionDiffers
        ) {
            return Ok(());
        }
        match self.redaction_of(bookmark) {
            Ok(known) if known.as_ref().is_none_or(|known| !known.complete) => return Ok(()),
            Err(error) if is_absent(error.kind()) => return Ok(()),
            known => tracing::debug!(%bookmark, ?known, "a redaction that failed midway"),
        }
        self.destroy_bookmarks(std::slice::from_ref(bookmark))
    }

    /// The redaction bookmarks of a dataset.
    pub(crate) fn redaction_bookmarks(
        &self,
        dataset: &DatasetName,
    ) -> Result<Vec<(BookmarkName, Redaction)>> {
        let wanted: NvList = [property::GUID.name(), REDACT_SNAPS, REDACT_COMPLETE]
            .into_iter()
            .map(|name| (name, Value::Boolean))
            .collect();
        let list = self
            .device()
            .bookmarks(dataset.as_str(), &wanted)
            .map_err(|errno| {
                Error::from_errno(Operation::ReadBookmarks, dataset.as_str(), errno)
            })?;
        let known = list.into_iter().filter_map(|(short, properties)| {
            let name = dataset.bookmark(&short.to_string()).ok()?;
            let properties = Properties::new(name.as_str(), properties.into_list().ok()?);
            Some((name, Redaction::read(&properties)?))
        });
        Ok(known.collect())
    }

    /// What `bookmark` hides; `None` if it is a bookmark and nothing more.
    pub(crate) fn redaction_of(&self, bookmark: &BookmarkName) -> Result<Option<Redaction>> {
        let known = self.redaction_bookmarks(bookmark.dataset())?;
        Ok(known
            .into_iter()
            .find(|(name, _)| name == bookmark)
            .map(|(_, redaction)| redaction))
    }

    /// Makes sure that `bookmark` is a complete redaction bookmark of `snapshot`.
    pub(crate) fn check_redaction(
        &self,
        snapshot: &SnapshotName,
        bookmark: &BookmarkName,
    ) -> Result<()> {
        let refused = |kind, why: &str| {
            let why = format!("{bookmark}{why}");
            Err(Error::refused(
                Operation::Send,
                snapshot.as_str(),
                kind,
                why,
            ))
        };
        if bookmark.dataset() != snapshot.dataset() {
            let why = " is one of another dataset";
            return refused(ErrorKind::NotRedactionBookmark, why);
        }
        let guid = self.snapshot(snapshot)?.guid()?;
        let Some(redaction) = self.redaction_of(bookmark)? else {
            let bookmarks = self.bookmarks(bookmark.dataset())?;
            return if bookmarks.iter().any(|there| there.name() == bookmark) {
                refused(ErrorKind::NotRedactionBookmark, " hides nothing")
            } else {
                refused(ErrorKind::BookmarkNotFound, "")
            };
        };
        if redaction.guid != guid {
            let why = " is one of another snapshot";
            return refused(ErrorKind::NotRedactionBookmark, why);
        }
        if !redaction.complete {
            return refused(ErrorKind::RedactionIncomplete, "");
        }
        Ok(())
    }
}

/// Whether an error in reading a bookmark means that there is none.
fn is_absent(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::BookmarkNotFound | ErrorKind::DatasetNotFound | ErrorKind::PoolNotFound
    )
}

/// What a redaction bookmark says of itself.
#[derive(Debug)]
pub(crate) struct Redaction {
    /// The GUID of the snapshot that it is of.
    pub(crate) guid: u64,
    /// The GUIDs of the redaction snapshots.
    pub(crate) snaps: Vec<u64>,
    pub(crate) complete: bool,
}

impl Redaction {
    fn read(properties: &Properties) -> Option<Self> {
        Some(Self {
            guid: properties.get(&property::GUID).ok()??.value,
            snaps: redact_snaps(properties)?,
            // What does not say that it is complete is not taken for it.
            complete: matches!(
                properties.raw(REDACT_COMPLETE).map(|found| found.value),
                Some(Value::Bool(true))
            ),
        })
    }
}

/// The GUIDs of the snapshots that a snapshot or bookmark is redacted by, if it is.
pub(crate) fn redact_snaps(properties: &Properties) -> Option<Vec<u64>> {
    match properties.raw(REDACT_SNAPS)?.value {
        Value::U64Array(guids) => Some(guids.clone()),
        _ => None,
    }
}

/// Whether the kernel sends the last block of a file too, when it sends what a redaction bookmark
/// had it leave out (openzfs/zfs#18477). A receiver does not notice that it is missing.
pub(crate) fn sends_last_blocks() -> bool {
    kernel_release().is_some_and(has_last_block_fix)
}

fn has_last_block_fix(release: [u32; 3]) -> bool {
    match release {
        [2, 3, patch] => patch >= 8,
        [2, 4, patch] => patch >= 3,
        other => other > [2, 4, 0],
    }
}

/// Whether two lists have the same GUIDs, in whatever order.
pub(crate) fn same_snapshots(a: &[u64], b: &[u64]) -> bool {
    let sorted = |guids: &[u64]| {
        let mut guids = guids.to_vec();
        guids.sort_unstable();
        guids
    };
    sorted(a) == sorted(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_that_lose_blocks_are_known() {
        for lossy in [[2, 1, 11], [2, 2, 9], [2, 3, 7], [2, 4, 0], [2, 4, 2]] {
            assert!(!has_last_block_fix(lossy), "{lossy:?}");
        }
        for fixed in [[2, 3, 8], [2, 3, 9], [2, 4, 3], [2, 5, 0], [3, 0, 0]] {
            assert!(has_last_block_fix(fixed), "{fixed:?}");
        }
    }

    #[test]
    fn the_order_of_guids_does_not_matter_and_their_number_does() {
        assert!(same_snapshots(&[1, 2, 3], &[3, 1, 2]));
        assert!(!same_snapshots(&[1, 2], &[1, 2, 2]));
        assert!(!same_snapshots(&[1, 2], &[1]));
        assert!(same_snapshots(&[], &[]));
    }
}
