//! How marks are moved on behind what was verified.

use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::replication::Replication;
use super::{DatasetReport, Result};
use crate::name::{DatasetName, SnapshotName};

/// How many datasets have their marks moved at once at most, which a request to a server has room
/// for.
const AT_ONCE: usize = 100;

/// Anchors copies that were verified and takes the marks from what is older, beside the streams of the
/// next ones.
///
/// Each change of marks waits for the pool, which writes what was changed meanwhile all together. So
/// what was verified while others were settled is settled with one change for all of it.
pub(super) struct Settler<'a> {
    replication: &'a Replication<'a>,
    queue: Mutex<Queue>,
    filled: Condvar,
}

#[derive(Default)]
struct Queue {
    verified: Vec<Settled>,
    is_closed: bool,
}

/// A dataset whose copy was verified.
pub(super) struct Settled {
    /// The newest snapshot of the copy.
    pub(super) snapshot: SnapshotName,
    pub(super) guid: u64,
    /// The number of the step.
    pub(super) at: usize,
    /// What is told of it if its marks could be moved on.
    pub(super) report: DatasetReport,
}

impl<'a> Settler<'a> {
    pub(super) fn new(replication: &'a Replication<'a>) -> Self {
        Self {
            replication,
            queue: Mutex::default(),
            filled: Condvar::new(),
        }
    }

    pub(super) fn push(&self, verified: Settled) {
        self.lock().verified.push(verified);
        self.filled.notify_one();
    }

    /// Nothing comes any more.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.filled.notify_one();
    }

    /// Settles what is pushed until it is closed, and tells what came of each.
    ///
    /// What fails is tried again at the end: where there is but one connection, a stream has it for
    /// longer than anybody waits.
    pub(super) fn run(&self, mut ended: impl FnMut(Settled)) {
        let mut failed = Vec::new();
        loop {
            let (verified, is_last) = self.next();
            for mut some in chunks(verified) {
                if some.len() > 1 && self.settle(&some).is_ok() {
                    some.drain(..).for_each(&mut ended);
                }
                // One by one, so that one that fails does not keep the others.
                for one in some {
                    match self.settle(std::slice::from_ref(&one)) {
                        Ok(()) => ended(one),
                        Err(error) => failed.push((one, error)),
                    }
                }
            }
            if is_last {
                break;
            }
        }
        for (mut one, before) in failed {
            if let Err(error) = self.settle(std::slice::from_ref(&one)) {
                tracing::debug!(%before, "it had failed before");
                one.report.result = Err(error);
            }
            ended(one);
        }
    }

    /// All that is there by now, once there is anything, and whether nothing comes behind it.
    fn next(&self) -> (Vec<Settled>, bool) {
        let mut queue = self.lock();
        while queue.verified.is_empty() && !queue.is_closed {
            let woken = self.filled.wait(queue);
            queue = woken.unwrap_or_else(PoisonError::into_inner);
        }
        (mem::take(&mut queue.verified), queue.is_closed)
    }

    /// What the next run may go on from is held before anything is released, on the destination first.
    fn settle(&self, verified: &[Settled]) -> Result<()> {
        let Replication {
            source,
            target,
            marks,
            ..
        } = self.replication;
        let anchors: Vec<_> = verified
            .iter()
            .map(|one| (one.snapshot.clone(), one.guid))
            .collect();
        let kept = |dataset: fn(&DatasetReport) -> &DatasetName| -> Vec<_> {
            let kept = verified.iter();
            kept.map(|one| (dataset(&one.report).clone(), vec![one.guid]))
                .collect()
        };
        target.anchor(marks, &anchors)?;
        target.settle(marks, &kept(|report| &report.destination))?;
        source.settle(marks, &kept(|report| &report.source))
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn chunks(mut all: Vec<Settled>) -> Vec<Vec<Settled>> {
    let mut chunks = Vec::new();
    while !all.is_empty() {
        let rest = all.split_off(all.len().min(AT_ONCE));
        chunks.push(mem::replace(&mut all, rest));
    }
    chunks
}
