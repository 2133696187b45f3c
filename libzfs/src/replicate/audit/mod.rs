//! The auditor's question: is every copy what was promised of it?
//!
//! [`Copies::gather`] looks at a tree, and [`audit`] decides, from that and from nothing else.

mod breach;
mod gather;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::breach::Breach;
pub(super) use self::gather::seen_of;
use super::{DatasetState, KeyParameters, Marks, Policy, Tree, Verified};
use crate::name::DatasetName;

/// A tree of copies, as it was when it was looked at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Copies {
    /// The dataset that was looked at, with all below it.
    pub top: DatasetName,
    /// It and all below it.
    pub datasets: Vec<CopyState>,
    /// What could not be read, and why.
    pub unreadable: Vec<String>,
}

/// What there is to know of a copy for an audit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CopyState {
    /// Its name.
    pub name: DatasetName,
    /// Whether it is a volume.
    pub volume: bool,
    /// How it is encrypted, if it is.
    pub encryption: Option<CopyEncryption>,
    /// Whether nothing can be written to it but by a receive.
    pub read_only: bool,
    /// Its `canmount`, as ZFS names it; none of a volume.
    pub can_mount: Option<String>,
    /// Where it is mounted, in the mount namespace of whoever looked.
    pub mounted_at: Vec<PathBuf>,
    /// Its snapshots, earlier before later.
    pub snapshots: Vec<CopySnapshot>,
    /// Whether it is what an interrupted receive left, and nothing else yet.
    pub incomplete: bool,
    /// What those who verified it left, each with the marks of its replication.
    pub seen: Vec<(Marks, Verified)>,
}

/// How a copy is encrypted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CopyEncryption {
    /// The suite, as ZFS names it.
    pub suite: String,
    /// The dataset that it has its key from, maybe itself.
    pub root: DatasetName,
    /// Whether the key is loaded.
    pub key_available: bool,
    /// What is public of the key.
    pub key: KeyParameters,
}

/// A snapshot of a copy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CopySnapshot {
    /// Its name behind the `@`.
    pub name: String,
    /// What it is known by on both sides.
    pub guid: u64,
    /// The transaction group in which it came to be here.
    pub create_txg: u64,
    /// When it was taken, at the source, in seconds since 1970.
    pub creation: u64,
    /// The marks that hold it.
    pub anchored_by: Vec<Marks>,
}

/// What was promised of copies.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Promise {
    /// What they are for.
    pub policy: Policy,
    /// The replication that makes them, each of which it has to have verified. Without, copies that
    /// nobody verified break no promise.
    pub marks: Option<Marks>,
    /// How long ago the newest snapshot that was verified may have been taken.
    pub max_age: Option<Duration>,
    /// The top of the tree only has copies below it, and is none itself.
    pub container: bool,
}

/// What an audit comes to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Audit {
    /// The dataset that was audited, with all below it.
    pub top: DatasetName,
    /// What was promised.
    pub promise: Promise,
    /// Each copy.
    pub datasets: Vec<CopyAudit>,
    /// The datasets of the source that have no copy here.
    pub missing: Vec<DatasetName>,
    /// What could not be read, and why.
    pub unreadable: Vec<String>,
}

/// What an audit comes to for one copy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CopyAudit {
    /// What it is.
    #[serde(flatten)]
    pub state: CopyState,
    /// What it is a copy of, if the source was looked at and has it.
    pub source: Option<DatasetName>,
    /// The snapshots that both have, earlier before later, if the source was looked at.
    pub shared: Vec<Shared>,
    /// The newest snapshot that was verified and is still here.
    pub verified: Option<NewestVerified>,
    /// Where the promise is broken.
    pub breaches: Vec<Breach>,
}

/// A snapshot that is on both sides.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Shared {
    /// What it is known by.
    pub guid: u64,
    /// Its name behind the `@`, here.
    pub name: String,
    /// Its name on the source, behind the `@`, or `#` where there is only a bookmark left.
    pub source_name: String,
    /// Whether only a bookmark of it is left on the source.
    pub bookmark: bool,
}

/// A snapshot that was verified.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NewestVerified {
    /// Its name behind the `@`.
    pub snapshot: String,
    /// What it is known by.
    pub guid: u64,
    /// When it was verified, in seconds since 1970.
    pub time: u64,
    /// How many seconds ago it was taken.
    pub age: u64,
}

impl Audit {
    /// Whether nothing of the promise is broken anywhere.
    pub fn is_kept(&self) -> bool {
        self.missing.is_empty()
            && self.unreadable.is_empty()
            && self.datasets.iter().all(|copy| copy.breaches.is_empty())
    }

    /// Each place where it is broken: the copy, or the dataset of the source that has none.
    pub fn breaches(&self) -> impl Iterator<Item = (&DatasetName, &Breach)> {
        let copies = self.datasets.iter().flat_map(|copy| {
            let breaches = copy.breaches.iter();
            breaches.map(|breach| (&copy.state.name, breach))
        });
        copies.chain(self.missing.iter().map(|name| (name, &Breach::NoCopy)))
    }
}

/// Compares copies with what was promised of them, and with their source if that was looked at;
/// `now` is in seconds since 1970.
///
/// Which dataset of the source a copy is of is decided by the GUIDs of their snapshots.
pub fn audit(copies: &Copies, source: Option<&Tree>, promise: &Promise, now: u64) -> Audit {
    let mut unreadable = copies.unreadable.clone();
    for lost in source.iter().flat_map(|tree| &tree.unreadable) {
        unreadable.push(format!("{}: {}", lost.dataset, lost.why));
    }
    let source = source.map(|tree| Origins::new(copies, tree));
    let mut found = HashSet::new();
    let mut datasets = Vec::new();
    for state in &copies.datasets {
        if promise.container && state.name == copies.top {
            continue;
        }
        let auditor = Auditor {
            copies,
            state,
            promise,
            now,
        };
        let copy = auditor.run(source.as_ref());
        found.extend(copy.source.clone());
        datasets.push(copy);
    }
    Audit {
        top: copies.top.clone(),
        promise: promise.clone(),
        datasets,
        missing: source.map_or_else(Vec::new, |source| source.without(&found)),
        unreadable,
    }
}

/// Where the snapshots of a source are.
struct Origins<'a> {
    tree: &'a Tree,
    /// By GUID: the dataset, and the name of its snapshot or bookmark.
    points: HashMap<u64, (&'a DatasetState, &'a str, bool)>,
    copies_top: &'a DatasetName,
}

impl<'a> Origins<'a> {
    fn new(copies: &'a Copies, tree: &'a Tree) -> Self {
        let mut points = HashMap::new();
        for dataset in &tree.datasets {
            for point in &dataset.bookmarks {
                let bookmark = (dataset, point.name.as_str(), true);
                points.entry(point.guid).or_insert(bookmark);
            }
        }
        // A snapshot rather than its bookmark.
        for dataset in &tree.datasets {
            for point in &dataset.snapshots {
                points.insert(point.guid, (dataset, point.name.as_str(), false));
            }
        }
        Self {
            tree,
            points,
            copies_top: &copies.top,
        }
    }

    /// What it is a copy of: the dataset that has the newest of its snapshots that any has. Where a
    /// promoted clone took that along, it is the one of the right name that has a bookmark of it.
    fn of(&self, state: &CopyState) -> Option<&'a DatasetState> {
        let newest = state.snapshots.iter().rev();
        let by_guid = newest
            .filter_map(|snapshot| Some((snapshot.guid, self.points.get(&snapshot.guid)?.0)))
            .next();
        let named = || {
            let rest = state.name.as_str().strip_prefix(self.copies_top.as_str())?;
            let name = format!("{}{rest}", self.tree.top);
            let mut datasets = self.tree.datasets.iter();
            datasets.find(|dataset| dataset.name.as_str() == name)
        };
        match by_guid {
            Some((guid, owner)) => {
                let named = named().filter(|named| bookmark_of(named, guid).is_some());
                Some(named.unwrap_or(owner))
            }
            None => named(),
        }
    }

    fn shared(&self, state: &CopyState, with: &DatasetState) -> Vec<Shared> {
        let shared = |snapshot: &CopySnapshot| {
            let (dataset, name, bookmark) = *self.points.get(&snapshot.guid)?;
            let (name, bookmark) = match dataset.name == with.name {
                true => (name, bookmark),
                false => (bookmark_of(with, snapshot.guid)?, true),
            };
            Some(Shared {
                guid: snapshot.guid,
                name: snapshot.name.clone(),
                source_name: name.to_owned(),
                bookmark,
            })
        };
        state.snapshots.iter().filter_map(shared).collect()
    }

    /// What has no copy, though it has something to copy.
    fn without(&self, found: &HashSet<DatasetName>) -> Vec<DatasetName> {
        let mut missing: Vec<_> = self
            .tree
            .datasets
            .iter()
            .filter(|dataset| !dataset.snapshots.is_empty() && !found.contains(&dataset.name))
            .map(|dataset| dataset.name.clone())
            .collect();
        missing.sort();
        missing
    }
}

/// The name of a dataset's bookmark of a snapshot.
fn bookmark_of(dataset: &DatasetState, guid: u64) -> Option<&str> {
    let mut bookmarks = dataset.bookmarks.iter();
    let bookmark = bookmarks.find(|bookmark| bookmark.guid == guid)?;
    Some(&bookmark.name)
}

struct Auditor<'a> {
    copies: &'a Copies,
    state: &'a CopyState,
    promise: &'a Promise,
    now: u64,
}

impl Auditor<'_> {
    fn run(&self, source: Option<&Origins<'_>>) -> CopyAudit {
        let state = self.state;
        let mut breaches = self.locked();
        breaches.extend(self.settings());
        let origin = source.and_then(|source| source.of(state));
        let shared = source
            .zip(origin)
            .map_or_else(Vec::new, |(source, origin)| source.shared(state, origin));
        if source.is_some() && !state.incomplete {
            breaches.extend(self.compared(origin, &shared));
        }
        let verified = self.verified();
        if !state.incomplete {
            breaches.extend(self.verification(verified.as_ref()));
        }
        CopyAudit {
            state: state.clone(),
            source: origin.map(|origin| origin.name.clone()),
            shared,
            verified,
            breaches,
        }
    }

    /// Whether nobody can read it here.
    fn locked(&self) -> Vec<Breach> {
        let is_vault = self.promise.policy == Policy::Vault;
        let mut breaches = Vec::new();
        match &self.state.encryption {
            None => breaches.push(Breach::NotEncrypted),
            Some(encryption) => {
                if is_vault && encryption.key_available {
                    breaches.push(Breach::KeyAvailable);
                }
                if !encryption.root.is_within(&self.copies.top) {
                    breaches.push(Breach::RootElsewhere {
                        root: encryption.root.clone(),
                    });
                }
            }
        }
        if is_vault && !self.state.mounted_at.is_empty() {
            let at = self.state.mounted_at.clone();
            breaches.push(Breach::Mounted { at });
        }
        breaches
    }

    /// Whether nothing of it is used unasked.
    fn settings(&self) -> Vec<Breach> {
        let mut breaches = Vec::new();
        if self.state.incomplete {
            breaches.push(Breach::Incomplete);
            return breaches;
        }
        if !self.state.read_only {
            breaches.push(Breach::Writable);
        }
        // A standby is mounted by name.
        let is_standby = self.promise.policy == Policy::WarmStandby;
        match self.state.can_mount.as_deref() {
            None | Some("off") => {}
            Some("noauto") if is_standby => {}
            Some(value) => breaches.push(Breach::CanMount {
                value: value.to_owned(),
            }),
        }
        breaches
    }

    fn compared(&self, origin: Option<&DatasetState>, shared: &[Shared]) -> Vec<Breach> {
        let Some(newest) = shared.last() else {
            return vec![match origin {
                Some(origin) => Breach::NothingShared {
                    with: origin.name.clone(),
                },
                None => Breach::NoSource,
            }];
        };
        let later: Vec<_> = self
            .state
            .snapshots
            .iter()
            .rev()
            .take_while(|snapshot| snapshot.guid != newest.guid)
            .map(|snapshot| snapshot.name.clone())
            .collect();
        if later.is_empty() {
            return Vec::new();
        }
        vec![Breach::Diverged {
            shared: newest.name.clone(),
            later: later.into_iter().rev().collect(),
        }]
    }

    /// What of those who verified it counts.
    fn seen(&self) -> impl Iterator<Item = &(Marks, Verified)> {
        let marks = self.promise.marks.as_ref();
        let seen = self.state.seen.iter();
        seen.filter(move |(by, _)| marks.is_none_or(|marks| by == marks))
    }

    fn snapshot(&self, guid: u64) -> Option<&CopySnapshot> {
        let mut snapshots = self.state.snapshots.iter();
        snapshots.find(|snapshot| snapshot.guid == guid)
    }

    fn verified(&self) -> Option<NewestVerified> {
        let there = self
            .seen()
            .filter_map(|(_, seen)| Some((seen, self.snapshot(seen.guid)?)));
        let (seen, snapshot) = there.max_by_key(|(_, snapshot)| snapshot.create_txg)?;
        Some(NewestVerified {
            snapshot: snapshot.name.clone(),
            guid: snapshot.guid,
            time: seen.time,
            age: self.now.saturating_sub(snapshot.creation),
        })
    }

    fn verification(&self, verified: Option<&NewestVerified>) -> Vec<Breach> {
        let mut breaches = Vec::new();
        for (marks, seen) in self.seen() {
            let Some(snapshot) = self.snapshot(seen.guid) else {
                breaches.push(Breach::VerifiedGone {
                    marks: marks.clone(),
                });
                continue;
            };
            if !snapshot.anchored_by.contains(marks) {
                breaches.push(Breach::NotHeld {
                    snapshot: snapshot.name.clone(),
                    marks: marks.clone(),
                });
            }
            let key = self.state.encryption.as_ref().map(|is| is.key);
            if key.is_some_and(|key| key != seen.key) {
                breaches.push(Breach::KeyChanged {
                    marks: marks.clone(),
                });
            }
        }
        let limit = self.promise.max_age;
        match verified {
            None if self.promise.marks.is_some() || limit.is_some() => {
                breaches.push(Breach::NeverVerified);
            }
            Some(verified) if limit.is_some_and(|limit| verified.age > limit.as_secs()) => {
                breaches.push(Breach::Old {
                    snapshot: verified.snapshot.clone(),
                    age: verified.age,
                });
            }
            _ => {}
        }
        breaches
    }
}
