//! How marks are moved on behind what was verified.

use std::io;
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::replication::Replication;
use super::{DatasetReport, Error, Result};
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
    /// What fails for the lack of a connection is tried again at the end: where there is but one, a
    /// stream has it for longer than anybody waits.
    pub(super) fn run(&self, mut ended: impl FnMut(Settled)) {
        let mut failed = Vec::new();
        loop {
            let (verified, is_last) = self.next();
            failed.extend(self.settle_each(verified, &mut ended));
            if is_last {
                break;
            }
        }
        let (lost, mut failed): (Vec<_>, Vec<_>) = failed
            .into_iter()
            .partition(|(_, error)| matches!(error, Error::Lost(_)));
        let again = lost.into_iter().map(|(one, _)| one).collect();
        failed.extend(self.settle_each(again, &mut ended));
        for (mut one, error) in failed {
            one.report.result = Err(error);
            ended(one);
        }
    }

    /// Settles these, and returns those that could not be.
    fn settle_each(
        &self,
        verified: Vec<Settled>,
        ended: &mut impl FnMut(Settled),
    ) -> Vec<(Settled, Error)> {
        let mut failed = Vec::new();
        for some in chunks(verified) {
            match self.settle(&some) {
                Ok(()) => some.into_iter().for_each(&mut *ended),
                // It would be for the others, too.
                Err(Error::Lost(error)) => failed.extend(some.into_iter().map(|one| {
                    let error = io::Error::new(error.kind(), error.to_string());
                    (one, Error::Lost(error))
                })),
                // One that fails does not keep the others.
                Err(error) => failed.extend(self.settle_alone(some, error, ended)),
            }
        }
        failed
    }

    /// Settles these one by one, which could not be settled together for this reason.
    fn settle_alone(
        &self,
        verified: Vec<Settled>,
        error: Error,
        ended: &mut impl FnMut(Settled),
    ) -> Vec<(Settled, Error)> {
        if verified.len() == 1 {
            return verified.into_iter().zip([error]).collect();
        }
        let mut failed = Vec::new();
        for one in verified {
            match self.settle(std::slice::from_ref(&one)) {
                Ok(()) => ended(one),
                Err(error) => failed.push((one, error)),
            }
        }
        failed
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
