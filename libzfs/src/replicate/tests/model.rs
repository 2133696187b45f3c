//! Two sides that behave as ZFS does, as far as a plan can tell.

use std::collections::BTreeMap;

use crate::name::DatasetName;
use crate::replicate::{
    Action, Base, DatasetState, EncryptionState, KeyParameters, Plan, Point, Tree,
};

pub(super) fn name(text: &str) -> DatasetName {
    text.parse().unwrap()
}

/// One side: datasets by name, and what numbers the next things get.
#[derive(Clone, Debug)]
pub(super) struct Side {
    pub(super) top: DatasetName,
    pub(super) datasets: BTreeMap<String, DatasetState>,
    txg: u64,
    guid: u64,
}

impl Side {
    pub(super) fn new(top: &str, first_guid: u64) -> Self {
        Self {
            top: name(top),
            datasets: BTreeMap::new(),
            txg: 0,
            guid: first_guid,
        }
    }

    fn next(&mut self) -> (u64, u64) {
        self.txg += 1;
        self.guid += 1;
        (self.txg, self.guid)
    }

    pub(super) fn tree(&self) -> Tree {
        Tree {
            top: self.top.clone(),
            // Not in order, which a plan must not need.
            datasets: self.datasets.values().rev().cloned().collect(),
            unreadable: Vec::new(),
        }
    }

    pub(super) fn get(&mut self, dataset: &str) -> &mut DatasetState {
        self.datasets.get_mut(dataset).unwrap()
    }

    pub(super) fn create(&mut self, dataset: &str) {
        let (create_txg, guid) = self.next();
        let above = name(dataset).parent();
        let above = above.and_then(|above| self.datasets.get(above.as_str()));
        let root = above.and_then(|above| Some(above.encryption.as_ref()?.root.clone()));
        let state = DatasetState {
            name: name(dataset),
            guid,
            create_txg,
            volume: false,
            encryption: Some(EncryptionState {
                root: root.unwrap_or_else(|| name(dataset)),
                key: KeyParameters::default(),
                last_key: None,
            }),
            origin: None,
            snapshots: Vec::new(),
            bookmarks: Vec::new(),
            partial: None,
            properties: BTreeMap::new(),
            anchors: None,
        };
        assert!(self.datasets.insert(dataset.to_owned(), state).is_none());
    }

    pub(super) fn snapshot(&mut self, dataset: &str, short: &str) -> u64 {
        let (create_txg, guid) = self.next();
        self.get(dataset).snapshots.push(Point {
            name: short.to_owned(),
            guid,
            create_txg,
        });
        guid
    }

    pub(super) fn bookmark(&mut self, dataset: &str, short: &str) {
        let state = self.get(dataset);
        let point = state.snapshots.iter().find(|point| point.name == short);
        let point = point.unwrap().clone();
        state.bookmarks.push(point);
    }

    /// Bookmarks what another dataset has.
    fn bookmark_in(&mut self, dataset: &str, guid: u64) {
        let mark = self.find(guid).unwrap().1.clone();
        self.get(dataset).bookmarks.push(mark);
    }

    pub(super) fn destroy_snapshot(&mut self, dataset: &str, short: &str) {
        let snapshots = &mut self.get(dataset).snapshots;
        let before = snapshots.len();
        snapshots.retain(|point| point.name != short);
        assert_eq!(snapshots.len() + 1, before);
    }

    pub(super) fn clone_of(&mut self, dataset: &str, short: &str, clone: &str) {
        let point = self.get(dataset).snapshots.iter();
        let origin = point
            .clone()
            .find(|point| point.name == short)
            .unwrap()
            .guid;
        self.create(clone);
        self.get(clone).origin = Some(origin);
    }

    pub(super) fn promote_if_clone(&mut self, clone: &str) {
        let origin = self.get(clone).origin;
        if origin.is_some_and(|origin| self.find(origin).is_some()) {
            self.promote(clone);
        }
    }

    /// Makes what it is a clone of a clone of it, which takes the snapshots along that they share, with
    /// their bookmarks.
    pub(super) fn promote(&mut self, clone: &str) {
        let origin = self.get(clone).origin.unwrap();
        let owner = self.find(origin).unwrap().0.name.to_string();
        let until = self.find(origin).unwrap().1.create_txg;
        let of_owner = self.get(&owner);
        let before = of_owner.origin.replace(origin);
        let take = |points: &mut Vec<Point>| -> Vec<Point> {
            let (taken, left) = std::mem::take(points)
                .into_iter()
                .partition(|point| point.create_txg <= until);
            *points = left;
            taken
        };
        let (snapshots, bookmarks) = (take(&mut of_owner.snapshots), take(&mut of_owner.bookmarks));
        let of_clone = self.get(clone);
        of_clone.origin = before;
        of_clone.snapshots.splice(..0, snapshots);
        of_clone.bookmarks.splice(..0, bookmarks);
    }

    /// Everything of it and below it.
    pub(super) fn destroy(&mut self, dataset: &str) {
        let top = name(dataset);
        self.datasets.retain(|_, state| !state.name.is_within(&top));
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) {
        let (from, to) = (name(from), name(to));
        assert!(!self.datasets.contains_key(to.as_str()) && !to.is_within(&from));
        assert!(self.datasets.contains_key(to.parent().unwrap().as_str()));
        let moved = |old: &DatasetName| match old.is_within(&from) {
            true => name(&format!("{to}{}", &old.as_str()[from.as_str().len()..])),
            false => old.clone(),
        };
        let all = std::mem::take(&mut self.datasets);
        for (_, mut state) in all {
            state.name = moved(&state.name);
            if let Some(encryption) = &mut state.encryption {
                encryption.root = moved(&encryption.root);
            }
            self.datasets.insert(state.name.to_string(), state);
        }
    }

    fn find(&self, guid: u64) -> Option<(&DatasetState, &Point)> {
        self.datasets
            .values()
            .find_map(|state| Some((state, state.has_snapshot(guid)?)))
    }
}

/// Does what the plan says, as ZFS would or would not let it be done.
pub(super) fn carry_out(plan: &Plan, source: &mut Side, destination: &mut Side) {
    for step in &plan.steps {
        let at = step.destination.as_str();
        for action in &step.actions {
            match action {
                Action::Rename { from } => destination.rename(from.as_str(), at),
                Action::DiscardPartial { .. } => {
                    let state = destination.get(at);
                    state.partial = None;
                    if state.snapshots.is_empty() {
                        destination.destroy(at);
                    }
                }
                Action::BookmarkAncestor { ancestor, guid } => {
                    let (owner, point) = source.find(*guid).unwrap();
                    assert_eq!(owner.snapshot(point).unwrap(), *ancestor);
                    source.bookmark_in(step.source.as_str(), *guid);
                }
                Action::Anchor { .. } => {}
                Action::Transfer(transfer) => {
                    let (from, point) = source.find(transfer.guid).unwrap();
                    assert_eq!(from.name, *transfer.snapshot.dataset());
                    assert_eq!(from.name, step.source);
                    let point = point.clone();
                    let encryption = from.encryption.clone();
                    receive(destination, source, at, transfer, &point, encryption);
                }
            }
        }
    }
}

fn receive(
    destination: &mut Side,
    source: &Side,
    at: &str,
    transfer: &crate::replicate::Transfer,
    point: &Point,
    encryption: Option<EncryptionState>,
) {
    match &transfer.base {
        Some(Base::Snapshot { name, guid, .. }) => {
            let (owner, base) = source.find(*guid).unwrap();
            assert_eq!(owner.snapshot(base).unwrap(), *name);
        }
        Some(Base::Bookmark { name, guid }) => {
            let owner = &source.datasets[name.dataset().as_str()];
            let marks = owner.bookmarks.iter();
            let named = |mark: &&Point| mark.name == name.short_name();
            assert_eq!(marks.clone().find(named).unwrap().guid, *guid);
        }
        None => {}
    }
    let (create_txg, _) = destination.next();
    if !destination.datasets.contains_key(at) {
        let origin = match &transfer.base {
            None => None,
            Some(Base::Snapshot {
                origin: Some(origin),
                guid,
                ..
            }) => {
                // Behind a promotion, two copies may have it.
                let owner = &destination.datasets[origin.dataset().as_str()];
                let there = owner.has_snapshot(*guid).unwrap();
                assert_eq!(there.name, origin.short_name());
                Some(*guid)
            }
            other => panic!("{at} is not there to go on from {other:?}"),
        };
        assert!(
            at == destination.top.as_str()
                || destination
                    .datasets
                    .contains_key(name(at).parent().unwrap().as_str())
        );
        destination.create(at);
        let state = destination.get(at);
        state.origin = origin;
        let key = encryption.unwrap().key;
        let encryption = state.encryption.as_mut().unwrap();
        (encryption.root, encryption.key) = (name(at), key);
    } else if let Some(partial) = destination.get(at).partial.take() {
        assert_eq!(transfer.resumed.as_ref(), Some(&partial.token));
        assert_eq!(partial.to_guid, transfer.guid);
        assert_eq!(partial.from_guid, transfer.base.as_ref().map(Base::guid));
    } else {
        let newest = destination.get(at).snapshots.last().unwrap().guid;
        assert_eq!(transfer.base.as_ref().map(Base::guid), Some(newest));
    }
    let state = destination.get(at);
    assert!(state.snapshots.iter().all(|there| there.name != point.name));
    state.snapshots.push(Point {
        create_txg,
        ..point.clone()
    });
}
