//! Holds and bookmarks, by which neither side loses what the next stream goes on from.

use std::collections::HashSet;

use super::verified::Verified;
use crate::bookmark::Bookmark;
use crate::error::ErrorKind;
use crate::handle::Zfs;
use crate::name::{BookmarkName, DatasetName, IncrementalSource, SnapshotName};
use crate::replicate::{Error, Marks, Result};

/// Holds those that are not held yet.
pub(super) fn hold(zfs: &Zfs, marks: &Marks, snapshots: &[(SnapshotName, u64)]) -> Result<()> {
    again_if_overtaken(|| hold_now(zfs, marks, snapshots))
}

/// Does it again if another run has just done some of it.
fn again_if_overtaken(work: impl Fn() -> Result<()>) -> Result<()> {
    match work() {
        Err(error) if error.is_one_of(&[ErrorKind::HoldExists, ErrorKind::BookmarkExists]) => {
            work()
        }
        done => done,
    }
}

fn hold_now(zfs: &Zfs, marks: &Marks, snapshots: &[(SnapshotName, u64)]) -> Result<()> {
    let mut wanted = Vec::new();
    for (name, _) in snapshots {
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
    again_if_overtaken(|| bookmark_now(zfs, marks, snapshots))
}

fn bookmark_now(zfs: &Zfs, marks: &Marks, snapshots: &[(SnapshotName, u64)]) -> Result<()> {
    let mut wanted = Vec::new();
    for of_one in snapshots.chunk_by(|(a, _), (b, _)| a.dataset() == b.dataset()) {
        let there: HashSet<_> = bookmarks(zfs, marks, of_one[0].0.dataset())?
            .iter()
            .map(Bookmark::guid)
            .collect();
        for (name, guid) in of_one.iter().filter(|(_, guid)| !there.contains(guid)) {
            let bookmark = marks.bookmark(name.dataset(), *guid)?;
            wanted.push((bookmark, IncrementalSource::from(name)));
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    Ok(zfs.create_bookmarks(&wanted)?)
}

/// Bookmarks a snapshot in a clone of its dataset.
pub(super) fn bookmark_in(
    zfs: &Zfs,
    marks: &Marks,
    clone: &DatasetName,
    ancestor: &SnapshotName,
    guid: u64,
) -> Result<BookmarkName> {
    let there = bookmarks(zfs, marks, clone)?;
    if let Some(bookmark) = there.iter().find(|bookmark| bookmark.guid() == guid) {
        return Ok(bookmark.name().clone());
    }
    let number = getrandom::u64()
        .map_err(|error| Error::Refused(format!("there is no random number: {error}")))?;
    let bookmark = marks.extra_bookmark(clone, guid, number)?;
    zfs.create_bookmarks(&[(bookmark.clone(), ancestor.into())])?;
    Ok(bookmark)
}

/// Takes the marks from what is older than these snapshots of the sources, but the bookmark of the one
/// before.
pub(super) fn settle_source(
    zfs: &Zfs,
    marks: &Marks,
    kept: &[(DatasetName, Vec<u64>)],
) -> Result<()> {
    let (mut released, mut excess) = (Vec::new(), Vec::new());
    for (dataset, keep) in kept {
        let mut there = bookmarks(zfs, marks, dataset)?;
        there.sort_by_key(Bookmark::create_txg);
        let newest_kept = there
            .iter()
            .rposition(|bookmark| keep.contains(&bookmark.guid()));
        there.truncate(no_later(newest_kept, keep, there.len()));
        let marked = there
            .iter()
            .map(|bookmark| (bookmark.guid(), bookmark.create_txg()));
        released.extend(held_but(zfs, marks, dataset, marked, keep)?);
        let first_kept = there
            .iter()
            .position(|bookmark| keep.contains(&bookmark.guid()));
        let before = first_kept.and_then(|first| first.checked_sub(1));
        let is_excess = |(at, bookmark): &(usize, &Bookmark)| {
            Some(*at) != before && !keep.contains(&bookmark.guid())
        };
        let of_one = there.iter().enumerate().filter(is_excess);
        excess.extend(of_one.map(|(_, bookmark)| bookmark.name().clone()));
    }
    release(zfs, marks, &released)?;
    if excess.is_empty() {
        return Ok(());
    }
    Ok(zfs.destroy_bookmarks(&excess)?)
}

/// Takes the marks from what is older than these snapshots of copies; a copy with none of them is
/// forgotten.
pub(super) fn settle_target(
    zfs: &Zfs,
    marks: &Marks,
    kept: &[(DatasetName, Vec<u64>)],
) -> Result<()> {
    let (mut released, mut forgotten) = (Vec::new(), Vec::new());
    for (dataset, keep) in kept {
        let Some(verified) = Verified::of(&zfs.dataset(dataset)?, marks) else {
            continue;
        };
        let mut marked: Vec<_> = verified.marked().collect();
        marked.sort_by_key(|(_, txg)| *txg);
        let newest_kept = marked.iter().rposition(|(guid, _)| keep.contains(guid));
        marked.truncate(no_later(newest_kept, keep, marked.len()));
        released.extend(held_but(zfs, marks, dataset, marked, keep)?);
        if keep.is_empty() {
            forgotten.push(dataset);
        }
    }
    release(zfs, marks, &released)?;
    for dataset in forgotten {
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

/// Those of these snapshots, given by GUID and transaction group, that have the marks' hold and are not
/// to keep it.
fn held_but(
    zfs: &Zfs,
    marks: &Marks,
    dataset: &DatasetName,
    marked: impl IntoIterator<Item = (u64, u64)>,
    keep: &[u64],
) -> Result<impl Iterator<Item = SnapshotName>> {
    let marked = marked.into_iter().filter(|(guid, _)| !keep.contains(guid));
    let held = held(zfs, marks, dataset, &marked.collect::<Vec<_>>())?;
    Ok(held.into_iter().map(|(name, _)| name))
}

fn release(zfs: &Zfs, marks: &Marks, released: &[SnapshotName]) -> Result<()> {
    if released.is_empty() {
        return Ok(());
    }
    // What is missing is what was to be brought about.
    let _ = zfs.release(&marks.tag(), released)?;
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
    marks.is_bookmark(bookmark.name().short_name(), bookmark.guid())
}
