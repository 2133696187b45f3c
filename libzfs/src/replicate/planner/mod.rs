//! How a plan is made.

mod common;
mod key;

use std::collections::{HashMap, HashSet};

use self::common::{Place, common};
use super::{
    Action, Base, DatasetState, Finding, Intermediates, Obstacle, Partial, Plan, Point, Request,
    Step, Transfer, Tree, Unreadable,
};
use crate::name::{DatasetName, NameError, SnapshotName};

/// Computes what brings `destination` up to date with `source`.
///
/// Nothing is looked at but the arguments, so that the same ones always make the same plan.
pub fn plan(source: &Tree, destination: &Tree, request: &Request) -> Plan {
    let mut planner = Planner::new(source, destination, request);
    planner.run();
    planner.plan
}

struct Planner<'a> {
    source: Vec<&'a DatasetState>,
    source_top: &'a DatasetName,
    /// The copies, by the names that they have once the renames before are done.
    copies: HashMap<DatasetName, &'a DatasetState>,
    destination_top: &'a DatasetName,
    request: &'a Request,
    /// What could not be read, of the source and of the destination.
    unreadable: [&'a [Unreadable]; 2],
    /// What will be on the destination, by GUID: the snapshots, by their names there.
    arrived: HashMap<u64, SnapshotName>,
    /// Datasets of the source that have, or will have, a copy.
    replicated: HashSet<&'a DatasetName>,
    /// The copies that belong to a dataset of the source.
    claimed: HashSet<u64>,
    plan: Plan,
}

/// What to do about one dataset, or what keeps it from being done.
type Planned<T> = Result<T, Obstacle>;

impl From<NameError> for Obstacle {
    fn from(error: NameError) -> Self {
        Self::BadName {
            why: error.to_string(),
        }
    }
}

impl<'a> Planner<'a> {
    fn new(source: &'a Tree, destination: &'a Tree, request: &'a Request) -> Self {
        let copies = destination.datasets.iter();
        let mut arrived = HashMap::new();
        for copy in destination.sorted() {
            for point in &copy.snapshots {
                if let Ok(name) = copy.snapshot(point) {
                    arrived.entry(point.guid).or_insert(name);
                }
            }
        }
        Self {
            source: source.sorted(),
            source_top: &source.top,
            copies: copies.map(|copy| (copy.name.clone(), copy)).collect(),
            destination_top: &destination.top,
            request,
            unreadable: [&source.unreadable, &destination.unreadable],
            arrived,
            replicated: HashSet::new(),
            claimed: HashSet::new(),
            plan: Plan {
                source: source.top.clone(),
                destination: destination.top.clone(),
                request: request.clone(),
                steps: Vec::new(),
                findings: Vec::new(),
            },
        }
    }

    fn run(&mut self) {
        let source = self.source.clone();
        self.leave_unreadable();
        self.claim(&source);
        let mut waiting = source.clone();
        // A clone waits for its origin, a child for its parent.
        while !waiting.is_empty() {
            let before = waiting.len();
            let mut left = Vec::new();
            for (at, dataset) in waiting.iter().enumerate() {
                if self.waits(dataset, &waiting[at..], &left) {
                    left.push(*dataset);
                } else {
                    self.dataset(dataset);
                }
            }
            waiting = left;
            if waiting.len() == before {
                for dataset in waiting.drain(..) {
                    self.find(&dataset.name, Obstacle::OriginBehind);
                }
            }
        }
        let mut vanished: Vec<_> = self
            .copies
            .iter()
            .filter(|(name, copy)| {
                *name != self.destination_top && !self.claimed.contains(&copy.guid)
            })
            .map(|(name, _)| name.clone())
            .collect();
        vanished.sort();
        for name in vanished {
            self.find(&name, Obstacle::Vanished);
        }
        let [_, copies] = self.unreadable;
        for copy in copies {
            let obstacle = copy.obstacle();
            let mut findings = self.plan.findings.iter();
            if findings.all(|finding| finding.obstacle != obstacle) {
                self.find(&copy.dataset, obstacle);
            }
        }
    }

    /// Of what cannot be read on the source, neither the copy nor any below that is given up or taken
    /// for another's.
    fn leave_unreadable(&mut self) {
        let [source, _] = self.unreadable;
        for lost in source {
            self.find(&lost.dataset, lost.obstacle());
            let Ok(at) = self.becomes(&lost.dataset) else {
                continue;
            };
            if self.copies.contains_key(&at) {
                self.replicated.insert(&lost.dataset);
            }
            let copies = self.copies.values();
            let below = copies.filter(|copy| copy.name.is_within(&at));
            self.claimed.extend(below.map(|copy| copy.guid));
        }
    }

    /// Where nothing was seen on the destination, there is nothing.
    fn check_readable(&self, copy: &DatasetName) -> Planned<()> {
        let [_, copies] = self.unreadable;
        match copies.iter().find(|lost| copy.is_within(&lost.dataset)) {
            Some(lost) => Err(lost.obstacle()),
            None => Ok(()),
        }
    }

    /// Takes down which copies have both the right name and a snapshot of the source, so that none
    /// of them is taken for one that was renamed.
    fn claim(&mut self, source: &[&'a DatasetState]) {
        for dataset in source {
            let Ok(name) = self.becomes(&dataset.name) else {
                continue;
            };
            if let Some(copy) = self.copies.get(&name) {
                if self.common(dataset, copy).is_some() {
                    self.claimed.insert(copy.guid);
                }
            }
        }
    }

    /// Whether the dataset needs one that is still to come.
    fn waits(
        &self,
        dataset: &DatasetState,
        behind: &[&DatasetState],
        left: &[&DatasetState],
    ) -> bool {
        let parent = dataset.name.parent();
        // What has a copy needs its origin no more.
        let copy = self.becomes(&dataset.name).ok();
        let copy = copy.and_then(|name| self.copies.get(&name));
        let is_new = copy.is_none_or(|copy| self.common(dataset, copy).is_none());
        let origin = dataset.origin.filter(|_| is_new);
        let needs = |other: &&DatasetState| {
            other.name != dataset.name
                && (Some(&other.name) == parent.as_ref()
                    || origin.is_some_and(|origin| other.has_snapshot(origin).is_some()))
        };
        behind.iter().any(needs) || left.iter().any(needs)
    }

    fn find(&mut self, dataset: &DatasetName, obstacle: Obstacle) {
        self.plan.findings.push(Finding {
            dataset: dataset.clone(),
            obstacle,
        });
    }

    /// The name of the copy of a dataset of the source.
    fn becomes(&self, name: &DatasetName) -> Planned<DatasetName> {
        let top = self.source_top;
        // The tree may be what another machine says that it has.
        if !name.is_within(top) {
            return Err(Obstacle::BadName {
                why: format!("it is not below {top}"),
            });
        }
        match name.as_str()[top.as_str().len()..].strip_prefix('/') {
            Some(rest) => Ok(self.destination_top.child(rest)?),
            None => Ok(self.destination_top.clone()),
        }
    }

    fn dataset(&mut self, dataset: &'a DatasetState) {
        let findings = self.plan.findings.len();
        let mut actions = Vec::new();
        match self.actions(dataset, &mut actions) {
            Ok(destination) => {
                self.replicated.insert(&dataset.name);
                if !actions.is_empty() {
                    self.plan.steps.push(Step {
                        source: dataset.name.clone(),
                        destination,
                        actions,
                    });
                }
            }
            Err(obstacle) => {
                // What was noticed on the way is of no interest for what is not done.
                self.plan.findings.truncate(findings);
                if let Some(Action::Rename { from }) = actions.first() {
                    self.undo_rename(dataset, from);
                }
                // What cannot be read is there.
                let is_there = matches!(obstacle, Obstacle::Unreadable { .. });
                self.find(&dataset.name, obstacle);
                if is_there || self.has_copy(dataset) {
                    self.replicated.insert(&dataset.name);
                }
            }
        }
    }

    /// Whether there is a copy, up to date or not, with the right name: a place for what is below.
    fn has_copy(&self, dataset: &DatasetState) -> bool {
        let name = self.becomes(&dataset.name).ok();
        let copy = name.and_then(|name| self.copies.get(&name));
        copy.is_some_and(|copy| {
            self.claimed.contains(&copy.guid) && self.common(dataset, copy).is_some()
        })
    }

    fn actions(
        &mut self,
        dataset: &'a DatasetState,
        actions: &mut Vec<Action>,
    ) -> Planned<DatasetName> {
        let name = self.becomes(&dataset.name)?;
        if dataset.encryption.is_none() {
            return Err(Obstacle::NotEncrypted);
        }
        let has_parent_in_tree = dataset.name != *self.source_top;
        let parent = dataset.name.parent();
        if has_parent_in_tree && !parent.is_some_and(|parent| self.replicated.contains(&parent)) {
            return Err(Obstacle::ParentNotReplicated);
        }
        let copy = match self.copies.get(&name).copied() {
            Some(copy) => Some(copy),
            None => {
                self.check_readable(&name)?;
                self.renamed(dataset, &name, actions)?
            }
        };
        match copy {
            Some(copy) => self.go_on(dataset, copy, &name, actions)?,
            None => self.begin(dataset, &name, actions)?,
        }
        Ok(name)
    }

    /// The copy that has another name, which it will not keep.
    fn renamed(
        &mut self,
        dataset: &DatasetState,
        name: &DatasetName,
        actions: &mut Vec<Action>,
    ) -> Planned<Option<&'a DatasetState>> {
        let mut found: Vec<_> = self
            .copies
            .iter()
            .filter(|(at, copy)| {
                *at != self.destination_top
                    && !self.claimed.contains(&copy.guid)
                    && self.is_nearest(dataset, copy)
            })
            .map(|(at, copy)| (at.clone(), *copy))
            .collect();
        let (from, copy) = match (found.pop(), found.is_empty()) {
            (None, _) => return Ok(None),
            (Some(one), true) => one,
            (Some(one), false) => {
                found.push(one);
                let mut copies: Vec<_> = found.into_iter().map(|(at, _)| at).collect();
                copies.sort();
                return Err(Obstacle::SeveralCopies { copies });
            }
        };
        self.claimed.insert(copy.guid);
        actions.push(Action::Rename { from: from.clone() });
        self.rename(&from, name)?;
        Ok(Some(copy))
    }

    /// Whether the copy has something in common with the dataset, and nothing later with another: that
    /// is what a clone leaves behind that was promoted.
    fn is_nearest(&self, dataset: &DatasetState, copy: &DatasetState) -> bool {
        let shared = |dataset| common(dataset, copy).map(|common| common.there.create_txg);
        let of_this = shared(dataset);
        of_this.is_some() && self.source.iter().all(|other| shared(other) <= of_this)
    }

    /// Takes down that a copy has another name, with what is below it.
    fn rename(&mut self, from: &DatasetName, name: &DatasetName) -> Planned<()> {
        let moved: Vec<_> = self
            .copies
            .keys()
            .filter(|at| at.is_within(from))
            .cloned()
            .collect();
        for at in moved {
            let rest = &at.as_str()[from.as_str().len()..];
            let to = format!("{name}{rest}").parse()?;
            if let Some(copy) = self.copies.remove(&at) {
                for point in &copy.snapshots {
                    self.arrived
                        .insert(point.guid, DatasetName::snapshot(&to, &point.name)?);
                }
                self.copies.insert(to, copy);
            }
        }
        Ok(())
    }

    /// The copy keeps its name, since nothing is done for the dataset.
    fn undo_rename(&mut self, dataset: &DatasetState, from: &DatasetName) {
        if let Ok(name) = self.becomes(&dataset.name) {
            // It had this name, so that it can have it.
            let _ = self.rename(&name, from);
            // What is below has a source, which is only not replicated.
            let copies = self.copies.values();
            let below = copies.filter(|copy| copy.name.is_within(from));
            self.claimed.extend(below.map(|copy| copy.guid));
        }
    }

    /// The first stream, where there is no copy yet.
    fn begin(
        &mut self,
        dataset: &'a DatasetState,
        name: &DatasetName,
        actions: &mut Vec<Action>,
    ) -> Planned<()> {
        let base = self.origin(dataset)?;
        let wanted = self.wanted(dataset, None, None);
        if wanted.is_empty() {
            return Err(self.nothing_of(dataset));
        }
        self.check_key_of_origin(dataset, base.as_ref())?;
        self.send(dataset, name, base, &wanted, None, actions)
    }

    /// What it is that there is no copy and nothing to make one of.
    fn nothing_of(&self, dataset: &DatasetState) -> Obstacle {
        match dataset.name == *self.source_top {
            true => Obstacle::NothingToSend,
            false => Obstacle::NoSnapshot,
        }
    }

    /// The snapshot that a clone goes on from, if the destination has it or gets it.
    fn origin(&mut self, dataset: &DatasetState) -> Planned<Option<Base>> {
        let Some(guid) = dataset.origin else {
            return Ok(None);
        };
        let owner = self.source.iter().find_map(|owner| {
            let point = owner.has_snapshot(guid)?;
            Some(owner.snapshot(point))
        });
        match (owner, self.arrived.get(&guid)) {
            (Some(name), Some(origin)) => Ok(Some(Base::Snapshot {
                name: name?,
                guid,
                origin: Some(origin.clone()),
            })),
            _ => {
                self.find(&dataset.name, Obstacle::OriginNotReplicated);
                Ok(None)
            }
        }
    }

    /// What is sent where there is a copy.
    fn go_on(
        &mut self,
        dataset: &'a DatasetState,
        copy: &'a DatasetState,
        name: &DatasetName,
        actions: &mut Vec<Action>,
    ) -> Planned<()> {
        self.claimed.insert(copy.guid);
        let Some(common) = self.common(dataset, copy) else {
            return self.begin_again(dataset, copy, name, actions);
        };
        let there = common.there;
        let mut later: Vec<_> = copy
            .snapshots
            .iter()
            .filter(|point| point.create_txg > there.create_txg)
            .collect();
        if !later.is_empty() {
            later.sort_by_key(|point| point.create_txg);
            return Err(Obstacle::Diverged {
                destination: name.clone(),
                common: there.name.clone(),
                later: later.into_iter().map(|point| point.name.clone()).collect(),
            });
        }
        let wanted = self.wanted(dataset, Some(common.here.create_txg), copy.partial.as_ref());
        let resumed = self.resumable(dataset, copy, name, Some(there.guid), &wanted, actions)?;
        if let Place::Ancestor(owner) = common.place {
            // Also for later, when the former clone may have lost it.
            let (ancestor, guid) = (owner.snapshot(common.here)?, common.here.guid);
            actions.push(Action::BookmarkAncestor { ancestor, guid });
        }
        if wanted.is_empty() {
            // Whatever else was done, the copy is looked at afterwards.
            if !actions.is_empty() || common.is_unanchored(dataset, copy) {
                actions.push(common.anchor(dataset, name)?);
            }
            return Ok(());
        }
        self.check_key(dataset, copy, name)?;
        if matches!(common.place, Place::Bookmark) {
            self.find(&dataset.name, Obstacle::FromBookmark);
        }
        let base = common.base(dataset)?;
        self.send(dataset, name, Some(base), &wanted, resumed, actions)
    }

    /// What is sent where something has the name that has no snapshot in common: that is well if it
    /// is what an interrupted first receive left.
    fn begin_again(
        &mut self,
        dataset: &'a DatasetState,
        copy: &'a DatasetState,
        name: &DatasetName,
        actions: &mut Vec<Action>,
    ) -> Planned<()> {
        if !copy.snapshots.is_empty() || copy.partial.is_none() {
            return Err(Obstacle::NoCommonSnapshot {
                destination: name.clone(),
                has_snapshots: !copy.snapshots.is_empty(),
            });
        }
        let base = self.origin(dataset)?;
        let wanted = self.wanted(dataset, None, copy.partial.as_ref());
        let from = base.as_ref().map(Base::guid);
        let resumed = self.resumable(dataset, copy, name, from, &wanted, actions)?;
        if wanted.is_empty() {
            return Err(self.nothing_of(dataset));
        }
        self.check_key_of_origin(dataset, base.as_ref())?;
        self.send(dataset, name, base, &wanted, resumed, actions)
    }

    /// The partial state of a copy, if the first stream can go on with it. What cannot be gone on
    /// with is discarded, if it was sent from here.
    fn resumable(
        &self,
        dataset: &DatasetState,
        copy: &'a DatasetState,
        name: &DatasetName,
        from: Option<u64>,
        wanted: &[&Point],
        actions: &mut Vec<Action>,
    ) -> Planned<Option<&'a Partial>> {
        let Some(partial) = &copy.partial else {
            return Ok(None);
        };
        let fits = if !partial.raw {
            Err("it is not raw".to_owned())
        } else if partial.from_guid != from {
            Err("it does not go on from the newest common snapshot".to_owned())
        } else if !wanted.iter().any(|point| point.guid == partial.to_guid) {
            Err("its snapshot is not to be sent any more".to_owned())
        } else {
            Ok(())
        };
        match fits {
            Ok(()) => Ok(Some(partial)),
            Err(why) if partial.dataset.as_ref() == Some(&dataset.name) => {
                let token = partial.token.clone();
                actions.push(Action::DiscardPartial { token, why });
                Ok(None)
            }
            Err(_) => Err(Obstacle::ForeignPartial {
                destination: name.clone(),
                sent_from: partial.dataset.clone(),
            }),
        }
    }

    /// The snapshots to send, earlier before later: those behind the transaction group.
    fn wanted(
        &self,
        dataset: &'a DatasetState,
        after: Option<u64>,
        partial: Option<&Partial>,
    ) -> Vec<&'a Point> {
        let mut wanted: Vec<_> = dataset
            .snapshots
            .iter()
            .filter(|point| {
                after.is_none_or(|after| point.create_txg > after)
                    && point.name.starts_with(&self.request.snapshots)
            })
            .collect();
        wanted.sort_by_key(|point| point.create_txg);
        if self.request.intermediates == Intermediates::Newest {
            // What clones of the tree go on from has to arrive as well; and what was begun is
            // finished, or what takes longer than the next snapshot would never be.
            let last = wanted.len().saturating_sub(1);
            let is_begun = |guid| partial.is_some_and(|partial| partial.to_guid == guid);
            let mut at = 0;
            wanted.retain(|point| {
                at += 1;
                at - 1 == last || self.is_origin(point.guid) || is_begun(point.guid)
            });
        }
        wanted
    }

    fn is_origin(&self, guid: u64) -> bool {
        self.source.iter().any(|clone| clone.origin == Some(guid))
    }

    /// Has these sent one after the other.
    fn send(
        &mut self,
        dataset: &DatasetState,
        name: &DatasetName,
        mut base: Option<Base>,
        wanted: &[&Point],
        resumed: Option<&Partial>,
        actions: &mut Vec<Action>,
    ) -> Planned<()> {
        let mut wanted = wanted;
        if let Some(partial) = resumed {
            // The interrupted one comes first, whichever of them it was.
            let at = wanted
                .iter()
                .position(|point| point.guid == partial.to_guid);
            wanted = &wanted[at.unwrap_or(0)..];
        }
        let mut resumed = resumed.map(|partial| partial.token.clone());
        for point in wanted {
            let snapshot = dataset.snapshot(point)?;
            self.arrived.insert(point.guid, name.snapshot(&point.name)?);
            let next = Base::Snapshot {
                name: snapshot.clone(),
                guid: point.guid,
                origin: None,
            };
            actions.push(Action::Transfer(Transfer {
                snapshot,
                guid: point.guid,
                base: base.replace(next),
                resumed: resumed.take(),
                estimate: None,
            }));
        }
        Ok(())
    }
}

impl Unreadable {
    fn obstacle(&self) -> Obstacle {
        Obstacle::Unreadable {
            dataset: self.dataset.clone(),
            why: self.why.clone(),
        }
    }
}
