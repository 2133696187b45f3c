//! Holds and bookmarks, by which neither side loses what the next stream goes on from.

use super::check_guid;
use crate::bookmark::Bookmark;
use crate::error::ErrorKind;
use crate::handle::Zfs;
use crate::name::{DatasetName, IncrementalSource, SnapshotName};
use crate::replicate::{Marks, Result};

use super::verified::Verified;

/// Holds those that are not held yet.
pub(super) fn hold(zfs: &Zfs, marks: &Marks, snapshots: &[(SnapshotName, u64)]) -> Result<()> {
    let mut wanted = Vec::new();
    for (name, guid) in snapshots {
        check_guid(zfs, name, *guid)?;
        if !is_held(zfs, marks, name)? {
            wanted.push(name.clone());
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    Ok(zfs.hold(&marks.tag(), &wanted)?.all()?)
}

/// Bookmarks those that are not bookmarked yet. Done before they are held, so that what is held is
/// always known by a bookmark.
pub(super) fn bookmark(zfs: &Zfs, marks: &Marks, snapshots: &[(SnapshotName, u64)]) -> Result<()> {
    let Some((first, _)) = snapshots.first() else {
        return Ok(());
    };
    let there = bookmarks(zfs, marks, first.dataset())?;
    let mut wanted = Vec::new();
    for (name, guid) in snapshots {
        check_guid(zfs, name, *guid)?;
        if there.iter().all(|bookmark| bookmark.guid() != *guid) {
            let bookmark = marks.bookmark(name.dataset(), *guid)?;
            wanted.push((bookmark, IncrementalSource::from(name)));
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    Ok(zfs.create_bookmarks(&wanted)?)
}

/// Takes the marks from what is older than these snapshots of the source, but the bookmark of the one
/// before.
pub(super) fn settle_source(
    zfs: &Zfs,
    marks: &Marks,
    dataset: &DatasetName,
    keep: &[u64],
) -> Result<()> {
    let mut there = bookmarks(zfs, marks, dataset)?;
    there.sort_by_key(Bookmark::create_txg);
    let newest_kept = there
        .iter()
        .rposition(|bookmark| keep.contains(&bookmark.guid()));
    there.truncate(no_later(newest_kept, keep, there.len()));
    let marked: Vec<_> = there
        .iter()
        .map(|bookmark| (bookmark.guid(), bookmark.create_txg()))
        .collect();
    release(zfs, marks, dataset, &marked, keep)?;
    let first_kept = there
        .iter()
        .position(|bookmark| keep.contains(&bookmark.guid()));
    let before = first_kept.and_then(|first| first.checked_sub(1));
    let excess: Vec<_> = there
        .iter()
        .enumerate()
        .filter(|(at, bookmark)| Some(*at) != before && !keep.contains(&bookmark.guid()))
        .map(|(_, bookmark)| bookmark.name().clone())
        .collect();
    if excess.is_empty() {
        return Ok(());
    }
    Ok(zfs.destroy_bookmarks(&excess)?)
}

/// Takes the marks from what is older than these snapshots of a copy; with none of them, forgets the
/// copy.
pub(super) fn settle_target(
    zfs: &Zfs,
    marks: &Marks,
    dataset: &DatasetName,
    keep: &[u64],
) -> Result<()> {
    let Some(verified) = Verified::of(&zfs.dataset(dataset)?, marks) else {
        return Ok(());
    };
    let mut marked: Vec<_> = verified.marked().collect();
    marked.sort_by_key(|(_, txg)| *txg);
    let newest_kept = marked.iter().rposition(|(guid, _)| keep.contains(guid));
    marked.truncate(no_later(newest_kept, keep, marked.len()));
    release(zfs, marks, dataset, &marked, keep)?;
    if keep.is_empty() {
        zfs.inherit_property(dataset, &marks.property())?;
    }
    Ok(())
}

/// How many of so many, the oldest first, are no later than the newest that is kept. What is later is
/// that of another run, which has come further; so may be all, where none is known that is kept.
fn no_later(newest_kept: Option<usize>, keep: &[u64], len: usize) -> usize {
    match newest_kept {
        Some(newest) => newest + 1,
        None if keep.is_empty() => len,
        None => 0,
    }
}

fn release(
    zfs: &Zfs,
    marks: &Marks,
    dataset: &DatasetName,
    marked: &[(u64, u64)],
    keep: &[u64],
) -> Result<()> {
    let released: Vec<_> = marked
        .iter()
        .copied()
        .filter(|(guid, _)| !keep.contains(guid))
        .collect();
    let released: Vec<_> = held(zfs, marks, dataset, &released)?
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    if released.is_empty() {
        return Ok(());
    }
    // What is missing is what was to be brought about.
    let _ = zfs.release(&marks.tag(), &released)?;
    Ok(())
}

/// Those of these snapshots, given by GUID and transaction group, that have the marks' hold.
pub(super) fn held(
    zfs: &Zfs,
    marks: &Marks,
    dataset: &DatasetName,
    among: &[(u64, u64)],
) -> Result<Vec<(SnapshotName, u64)>> {
    let txgs = || among.iter().map(|(_, txg)| *txg);
    let (Some(first), Some(last)) = (txgs().min(), txgs().max()) else {
        return Ok(Vec::new());
    };
    let mut held = Vec::new();
    for entry in zfs.list(dataset).snapshots().created(first..=last).run()? {
        let entry = entry?;
        let guid = entry.guid();
        if !among.iter().any(|(among, _)| *among == guid) {
            continue;
        }
        if let Some(name) = entry.name().snapshot() {
            if is_held(zfs, marks, name)? {
                held.push((name.clone(), guid));
            }
        }
    }
    Ok(held)
}

/// Whether a snapshot has the marks' hold; one that is gone has none.
pub(super) fn is_held(zfs: &Zfs, marks: &Marks, snapshot: &SnapshotName) -> Result<bool> {
    match zfs.holds(snapshot) {
        Ok(holds) => {
            let tag = marks.tag();
            Ok(holds.iter().any(|hold| hold.tag == tag.as_str()))
        }
        Err(error) if error.kind() == ErrorKind::SnapshotNotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The bookmarks of the marks.
pub(super) fn bookmarks(zfs: &Zfs, marks: &Marks, dataset: &DatasetName) -> Result<Vec<Bookmark>> {
    let mut there = zfs.bookmarks(dataset)?;
    there.retain(|bookmark| is_mark(marks, bookmark));
    Ok(there)
}

pub(super) fn is_mark(marks: &Marks, bookmark: &Bookmark) -> bool {
    let prefix = marks.bookmark_prefix();
    let guid = bookmark.name().short_name().strip_prefix(&prefix);
    guid.is_some_and(|guid| guid == format!("{:016x}", bookmark.guid()))
}
