//! How what is going to be sent is held and bookmarked.

use std::sync::{Mutex, PoisonError};

use super::replication::Replication;
use super::{Action, Result, Step};
use crate::name::SnapshotName;

/// How many snapshots are held at once at most, which a request to a server has room for.
const AT_ONCE: usize = 1000;

/// Of which steps of a plan the snapshots of the source are held and bookmarked.
pub(super) struct Anchored<'a> {
    replication: &'a Replication<'a>,
    steps: &'a [Step],
    state: Mutex<State>,
}

struct State {
    done: Vec<bool>,
    /// Steps before this one are tried one by one.
    alone: usize,
}

impl<'a> Anchored<'a> {
    pub(super) fn new(replication: &'a Replication<'a>, steps: &'a [Step]) -> Self {
        let done = vec![false; steps.len()];
        Self {
            replication,
            steps,
            state: Mutex::new(State { done, alone: 0 }),
        }
    }

    /// Has the snapshots of a step be held and bookmarked, if they are not yet, and with them those of
    /// the next ones: how long that takes is a matter of how often it is done, and not of how many they
    /// are, since the pool is waited for each time.
    pub(super) fn anchor(&self, at: usize) -> Result<()> {
        let Replication { source, marks, .. } = self.replication;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.done[at] {
            return Ok(());
        }
        let mut snapshots = snapshots(&self.steps[at]);
        if at >= state.alone {
            let of_one = snapshots.len();
            let mut end = at + 1;
            for step in &self.steps[end..] {
                let more = self::snapshots(step);
                if state.done[end] || snapshots.len() + more.len() > AT_ONCE {
                    break;
                }
                snapshots.extend(more);
                end += 1;
            }
            if snapshots.len() <= AT_ONCE {
                match source.anchor(marks, &snapshots) {
                    Ok(()) => {
                        state.done[at..end].fill(true);
                        return Ok(());
                    }
                    // What is wrong with one of them is no matter of the others.
                    Err(error) => tracing::debug!(%error, "held dataset by dataset from now on"),
                }
            }
            state.alone = end;
            snapshots.truncate(of_one);
        }
        drop(state);
        let mut some = snapshots.chunks(AT_ONCE);
        some.try_for_each(|some| source.anchor(marks, some))
    }
}

/// The snapshots of the source that must not be lost meanwhile.
fn snapshots(step: &Step) -> Vec<(SnapshotName, u64)> {
    let snapshots = step.actions.iter().filter_map(|action| match action {
        Action::Transfer(transfer) => Some((transfer.snapshot.clone(), transfer.guid)),
        Action::Anchor { snapshot, guid, .. } => Some((snapshot.clone()?, *guid)),
        _ => None,
    });
    snapshots.collect()
}
