//! What was sent, by the bookmarks of the set.

use super::SpoolSender;
use crate::name::{BookmarkName, DatasetName, SnapshotName};
use crate::replicate::{DatasetState, Intermediates, Marks, Point, Result, Tree};

/// A bookmark that a dataset is to have of a snapshot of what it is a clone of.
pub(super) struct LostMark {
    pub(super) clone: DatasetName,
    pub(super) ancestor: SnapshotName,
    pub(super) guid: u64,
}

impl SpoolSender<'_> {
    /// Where what was sent last of a dataset went to a clone of it, with its bookmark, because that was
    /// promoted: the dataset is a clone of it now, although it is older. It is to have a bookmark of its
    /// own again, and has it in what was seen.
    ///
    /// A clone that was not sent itself before it was promoted may as well have got the name since, and
    /// with that the place of the other: it keeps the marks.
    pub(super) fn lost_marks(&self, here: &mut Tree) -> Result<Vec<LostMark>> {
        let mut lost = Vec::new();
        let mut marks = Vec::new();
        for (at, clone) in here.datasets.iter().enumerate() {
            let Some(guid) = clone.origin.filter(|_| self.last(clone).is_none()) else {
                continue;
            };
            let owners = here.datasets.iter();
            let owner = owners
                .filter_map(|owner| Some((owner, owner.has_snapshot(guid)?)))
                .min_by_key(|(_, origin)| origin.create_txg);
            let Some((owner, origin)) = owner else {
                continue;
            };
            let is_sent = self
                .last(owner)
                .is_some_and(|last| last.create_txg > origin.create_txg);
            let was_its_own =
                |mark: &&Point| (clone.create_txg..=origin.create_txg).contains(&mark.create_txg);
            let newest = |marks: &mut dyn Iterator<Item = &Point>| {
                marks
                    .filter(was_its_own)
                    .max_by_key(|mark| mark.create_txg)
                    .cloned()
            };
            let sent = newest(&mut marked(owner, &self.set));
            // What was begun behind it may be on its way.
            let begun = newest(&mut self.begun(owner));
            let (Some(mark), true) = (sent, is_sent) else {
                continue;
            };
            if begun.is_some_and(|begun| begun.create_txg > mark.create_txg) {
                continue;
            }
            if let Some(ancestor) = owner.has_snapshot(mark.guid) {
                lost.push(LostMark {
                    clone: clone.name.clone(),
                    ancestor: owner.snapshot(ancestor)?,
                    guid: mark.guid,
                });
                marks.push((at, mark));
            }
        }
        for (at, mark) in marks {
            here.datasets[at].bookmarks.push(mark);
        }
        Ok(lost)
    }

    /// What the receiver has once it has received all that was sent.
    pub(super) fn sent(&self, here: &Tree) -> Tree {
        let copies = here.datasets.iter().filter_map(|state| {
            let last = self.last(state)?.clone();
            let is_sent = |point: &&Point| {
                self.request.intermediates == Intermediates::All
                    && point.create_txg < last.create_txg
                    && point.name.starts_with(&self.request.snapshots)
            };
            let mut snapshots: Vec<_> = state.snapshots.iter().filter(is_sent).cloned().collect();
            snapshots.push(Point {
                name: last.guid.to_string(),
                ..last
            });
            let mut copy = DatasetState {
                snapshots,
                bookmarks: Vec::new(),
                partial: None,
                ..state.clone()
            };
            // Each copy is an encryption root of its own, wherever the source has its key from.
            if let Some(encryption) = &mut copy.encryption {
                encryption.root = state.name.clone();
            }
            Some(copy)
        });
        Tree {
            top: here.top.clone(),
            datasets: copies.collect(),
            unreadable: here.unreadable.clone(),
        }
    }

    /// What was sent last of a dataset.
    pub(super) fn last<'s>(&self, state: &'s DatasetState) -> Option<&'s Point> {
        let newest = |points: &mut dyn Iterator<Item = &'s Point>| {
            points.max_by_key(|point| point.create_txg)
        };
        let mut known = state
            .snapshots
            .iter()
            .chain(&state.bookmarks)
            .filter(|point| self.known.contains(&point.guid));
        newest(&mut known).or_else(|| newest(&mut marked(state, &self.set)))
    }

    /// The bookmarks of what an earlier run began with and may have sent.
    pub(super) fn begun<'s>(
        &self,
        state: &'s DatasetState,
    ) -> impl Iterator<Item = &'s Point> + use<'s> {
        marked(state, &self.set.begun())
    }

    pub(super) fn mark_again(&self, lost: &LostMark) -> Result<BookmarkName> {
        self.source
            .bookmark_ancestor(&self.set, &lost.clone, &lost.ancestor, lost.guid)
    }
}

fn marked<'s>(state: &'s DatasetState, marks: &Marks) -> impl Iterator<Item = &'s Point> + use<'s> {
    let marks = marks.clone();
    let bookmarks = state.bookmarks.iter();
    bookmarks.filter(move |bookmark| marks.is_bookmark(&bookmark.name, bookmark.guid))
}
