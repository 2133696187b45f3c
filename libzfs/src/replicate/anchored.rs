//! How what is going to be sent is held and bookmarked.

use std::sync::{Mutex, PoisonError};

use super::replication::Replication;
use super::{Action, Base, Error, Result, Step};
use crate::name::SnapshotName;

/// How many datasets have their snapshots held at once at most. What was held for one that is not
/// begun, because the run ended before, stays held until one comes to it.
const DATASETS: usize = 16;
/// How many snapshots are held at once at most, which a request to a server has room for.
const SNAPSHOTS: usize = 1000;

/// Of which steps of a plan the snapshots of the source are held and bookmarked.
pub(super) struct Anchored<'a> {
    replication: &'a Replication<'a>,
    steps: &'a [Step],
    states: Mutex<Vec<State>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Done,
    /// It could not be done with others.
    Alone,
}

impl<'a> Anchored<'a> {
    pub(super) fn new(replication: &'a Replication<'a>, steps: &'a [Step]) -> Self {
        Self {
            replication,
            steps,
            states: Mutex::new(vec![State::New; steps.len()]),
        }
    }

    /// Has the snapshots of a step be held and bookmarked, if they are not yet, and with them those of
    /// some others that are about to begin: how long that takes is a matter of how often it is done,
    /// and not of how many they are, since the pool is waited for each time.
    pub(super) fn anchor(&self, at: usize, is_next: impl Fn(usize) -> bool) -> Result<()> {
        let Replication { source, marks, .. } = self.replication;
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let mut snapshots = snapshots(&self.steps[at]);
        match states[at] {
            State::Done => return Ok(()),
            State::New if snapshots.len() <= SNAPSHOTS => {
                let of_one = snapshots.len();
                let mut together = vec![at];
                for other in at + 1..self.steps.len() {
                    if together.len() == DATASETS {
                        break;
                    }
                    if states[other] != State::New || !is_next(other) {
                        continue;
                    }
                    let more = self::snapshots(&self.steps[other]);
                    if snapshots.len() + more.len() > SNAPSHOTS {
                        break;
                    }
                    snapshots.extend(more);
                    together.push(other);
                }
                let anchored = source.anchor(marks, &snapshots);
                let state = match &anchored {
                    Ok(()) => State::Done,
                    // Which says nothing of any of them.
                    Err(Error::Lost(_)) => return anchored,
                    Err(_) => State::Alone,
                };
                together.iter().for_each(|step| states[*step] = state);
                match anchored {
                    // What is wrong with one of them is no matter of the others.
                    Err(error) if together.len() > 1 => {
                        tracing::debug!(%error, "snapshots are held dataset by dataset");
                        snapshots.truncate(of_one);
                    }
                    anchored => return anchored,
                }
            }
            State::New | State::Alone => {}
        }
        drop(states);
        let mut some = snapshots.chunks(SNAPSHOTS);
        some.try_for_each(|some| source.anchor(marks, some))
    }
}

/// The snapshots of the source that must not be lost meanwhile: those that are sent, and what the first
/// of them goes on from, which a first run to a copy of somebody else's has not marked yet.
fn snapshots(step: &Step) -> Vec<(SnapshotName, u64)> {
    let mut snapshots = Vec::new();
    for action in &step.actions {
        match action {
            Action::Transfer(transfer) => {
                match &transfer.base {
                    Some(Base::Snapshot { name, guid, .. })
                        if snapshots.is_empty() && *name.dataset() == step.source =>
                    {
                        snapshots.push((name.clone(), *guid));
                    }
                    _ => {}
                }
                snapshots.push((transfer.snapshot.clone(), transfer.guid));
            }
            Action::Anchor { snapshot, guid, .. } => {
                snapshots.extend(snapshot.clone().map(|name| (name, *guid)));
            }
            _ => {}
        }
    }
    snapshots
}
