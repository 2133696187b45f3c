//! What a dataset and its copy have in common, which the next stream goes on from.

use std::collections::HashMap;

use super::{Planned, Planner};
use crate::name::DatasetName;
use crate::replicate::{Action, Base, DatasetState, Point};

/// The newest point that both have.
pub(super) struct Common<'a> {
    pub(super) here: &'a Point,
    pub(super) there: &'a Point,
    pub(super) place: Place<'a>,
}

/// Where the source has it.
pub(super) enum Place<'a> {
    Snapshot,
    Bookmark,
    /// As a snapshot of this, of which the dataset is a clone.
    Ancestor(&'a DatasetState),
}

impl Common<'_> {
    /// Whether something else is held than this, as far as it was looked for.
    pub(super) fn is_unanchored(&self, dataset: &DatasetState, copy: &DatasetState) -> bool {
        let guid = self.here.guid;
        let is_only = |anchors: &Option<Vec<u64>>| {
            let anchors = anchors.as_ref();
            anchors.is_none_or(|anchors| anchors.as_slice() == [guid])
        };
        // A bookmark cannot be held, and what is another's is held by that.
        let is_own = matches!(self.place, Place::Snapshot);
        !is_only(&copy.anchors) || is_own && !is_only(&dataset.anchors)
    }

    pub(super) fn anchor(&self, dataset: &DatasetState, name: &DatasetName) -> Planned<Action> {
        let snapshot = match self.place {
            Place::Snapshot => Some(dataset.snapshot(self.here)?),
            Place::Bookmark | Place::Ancestor(_) => None,
        };
        Ok(Action::Anchor {
            copy: name.snapshot(&self.there.name)?,
            snapshot,
            guid: self.here.guid,
        })
    }

    pub(super) fn base(&self, dataset: &DatasetState) -> Planned<Base> {
        let guid = self.here.guid;
        let owner = match self.place {
            Place::Snapshot => dataset,
            Place::Ancestor(owner) => owner,
            Place::Bookmark => {
                let name = dataset.bookmark(self.here)?;
                return Ok(Base::Bookmark { name, guid });
            }
        };
        Ok(Base::Snapshot {
            name: owner.snapshot(self.here)?,
            guid,
            origin: None,
        })
    }
}

impl<'a> Planner<'a> {
    /// What the next stream goes on from.
    pub(super) fn common(
        &self,
        dataset: &'a DatasetState,
        copy: &'a DatasetState,
    ) -> Option<Common<'a>> {
        let taken = self.taken_along(dataset, copy);
        match (common(dataset, copy), taken) {
            (Some(own), Some(taken)) if taken.here.create_txg > own.here.create_txg => Some(taken),
            (own, taken) => own.or(taken),
        }
    }

    /// The newest snapshot that a clone took along when it was promoted: the dataset is a clone of that
    /// now, although it is older, and its copy still has it. What is not a copy of the one may be one of
    /// the other, so that the former clone has to have its own.
    fn taken_along(&self, dataset: &'a DatasetState, copy: &'a DatasetState) -> Option<Common<'a>> {
        let guid = dataset.origin?;
        let owners = self.source.iter().copied();
        // In the same pool, what was received is newer than what was sent.
        let (owner, origin) = owners
            .filter_map(|owner| Some((owner, owner.has_snapshot(guid)?)))
            .min_by_key(|(_, origin)| origin.create_txg)?;
        let was_its_own = dataset.create_txg..=origin.create_txg;
        // What is below can never get the name.
        if !owner.name.is_within(&dataset.name) {
            let its_own = self.copies.get(&self.becomes(&owner.name).ok()?)?;
            if its_own.guid == copy.guid || common(owner, its_own).is_none() {
                return None;
            }
        }
        let taken = owner.snapshots.iter();
        let taken = taken.filter(|point| was_its_own.contains(&point.create_txg));
        newest(taken, copy, Place::Ancestor(owner))
    }
}

/// The newest snapshot of the copy that the dataset has a snapshot or a bookmark of.
pub(super) fn common<'a>(dataset: &'a DatasetState, copy: &'a DatasetState) -> Option<Common<'a>> {
    let snapshot = newest(dataset.snapshots.iter(), copy, Place::Snapshot);
    let bookmark = newest(dataset.bookmarks.iter(), copy, Place::Bookmark);
    // A snapshot rather than its bookmark.
    match (snapshot, bookmark) {
        (Some(snapshot), Some(bookmark)) if bookmark.here.create_txg > snapshot.here.create_txg => {
            Some(bookmark)
        }
        (snapshot, bookmark) => snapshot.or(bookmark),
    }
}

/// The newest of these points of the source that a copy has.
fn newest<'a>(
    points: impl Iterator<Item = &'a Point>,
    copy: &'a DatasetState,
    place: Place<'a>,
) -> Option<Common<'a>> {
    let there = copy.snapshots.iter().map(|point| (point.guid, point));
    let there: HashMap<u64, &Point> = there.collect();
    let common = points.filter_map(|here| Some((here, *there.get(&here.guid)?)));
    let newest = common.max_by_key(|(here, _)| here.create_txg);
    newest.map(|(here, there)| Common { here, there, place })
}
