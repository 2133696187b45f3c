//! How a plan is carried out.

use std::io;
use std::panic;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use super::anchored::Anchored;
use super::limit::Throttle;
use super::replication::Replication;
use super::schedule::{Next, Schedule};
use super::settler::{Settled, Settler};
use super::wrapped;
use super::{
    Action, Base, DatasetReport, DatasetState, Error, Event, Look, Order, Plan, Proof, Result,
    Sent, Step, Transfer,
};
use crate::name::SnapshotName;
use crate::transfer::TransferControl;

/// How often it is told how far streams are.
const PROGRESS: Duration = Duration::from_secs(1);
/// How often it is looked whether it was cancelled.
const TICK: Duration = Duration::from_millis(100);
/// How long a copy may be busy with what an earlier run began.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is looked whether it still is.
const PAUSE: Duration = Duration::from_millis(500);

pub(super) struct Carrier<'a> {
    replication: &'a Replication<'a>,
    plan: &'a Plan,
    throttle: Option<Arc<Throttle>>,
    schedule: Mutex<Schedule>,
    anchored: Anchored<'a>,
    settler: Settler<'a>,
    /// Something was finished.
    finished: Condvar,
    running: Mutex<Vec<Running>>,
    is_over: AtomicBool,
    /// How many steps in a row found no connection, or lost it.
    lost: AtomicUsize,
}

/// A stream on its way.
struct Running {
    copy: SnapshotName,
    estimate: Option<u64>,
    sending: TransferControl,
    receiving: TransferControl,
}

/// What is left of a transfer on which something else was at work.
enum Left {
    Nothing,
    Transfer(Transfer),
    /// Something else is begun there.
    Other,
}

impl<'a> Carrier<'a> {
    pub(super) fn new(replication: &'a Replication<'a>, plan: &'a Plan) -> Self {
        let throttle = replication.limits.bytes_per_second;
        Self {
            replication,
            plan,
            throttle: throttle.map(|rate| Arc::new(Throttle::new(rate))),
            schedule: Mutex::new(Schedule::new(&plan.steps)),
            anchored: Anchored::new(replication, &plan.steps),
            settler: Settler::new(replication),
            finished: Condvar::new(),
            running: Mutex::default(),
            is_over: AtomicBool::new(false),
            lost: AtomicUsize::new(0),
        }
    }

    /// Does all that can be done; what was not begun because it was cancelled is left out.
    pub(super) fn run(&self) -> Vec<DatasetReport> {
        let steps = self.plan.steps.len();
        if steps == 0 {
            return Vec::new();
        }
        let reports: Mutex<Vec<_>> = Mutex::default();
        thread::scope(|scope| {
            let ticker = scope.spawn(|| self.tick());
            // Also if a thread cannot be made.
            let over = Over(&self.is_over);
            let at_once = self.replication.limits.at_once.clamp(1, steps);
            let workers: Vec<_> = (0..at_once)
                .map(|_| scope.spawn(|| self.work(&reports)))
                .collect();
            let settler = scope.spawn(|| {
                self.settler
                    .run(|settled| self.ended(settled.at, settled.report, &reports));
            });
            let mut ended: Vec<_> = workers.into_iter().map(ScopedJoinHandle::join).collect();
            self.settler.close();
            ended.push(settler.join());
            drop(over);
            ticker.thread().unpark();
            if let Some(panicked) = ended.into_iter().find_map(Result::err) {
                panic::resume_unwind(panicked);
            }
        });
        let mut reports = reports.into_inner().unwrap_or_else(PoisonError::into_inner);
        reports.sort_by_key(|(at, _)| *at);
        reports.into_iter().map(|(_, report)| report).collect()
    }

    /// Takes one step after the other.
    fn work(&self, reports: &Mutex<Vec<(usize, DatasetReport)>>) {
        loop {
            let mut schedule = lock(&self.schedule);
            let (at, result) = loop {
                if self.replication.control.is_cancelled() {
                    return;
                }
                match schedule.next() {
                    Next::Step(at) => break (at, None),
                    Next::Lacks(at, needed) => {
                        let needed = self.plan.steps[needed].source.clone();
                        break (at, Some(Error::Needs(needed)));
                    }
                    Next::Wait => {
                        let waited = self.finished.wait_timeout(schedule, TICK);
                        schedule = waited.unwrap_or_else(PoisonError::into_inner).0;
                    }
                    Next::End => return,
                }
            };
            drop(schedule);
            // Also if it panics, or what waits for this step would wait for ever.
            let mut ended = Ended {
                carrier: self,
                at,
                well: false,
            };
            let step = &self.plan.steps[at];
            let mut sent = Vec::new();
            let result = match result {
                Some(error) => Err(error),
                None if self.is_given_up() => Err(Error::Lost(io::Error::new(
                    io::ErrorKind::NotConnected,
                    "it was lost each time that it was tried before",
                ))),
                None => self.step(at, step, &mut sent),
            };
            self.count_lost(&result);
            ended.well = result.is_ok();
            drop(ended);
            let report = |result| DatasetReport {
                source: step.source.clone(),
                destination: step.destination.clone(),
                sent,
                result,
            };
            match result {
                Ok((order, proof)) => self.settler.push(Settled {
                    snapshot: order.snapshot,
                    guid: order.guid,
                    at,
                    report: report(Ok(proof)),
                }),
                Err(error) => self.ended(at, report(Err(error)), reports),
            }
        }
    }

    /// Whether nothing more is tried: where nobody answers, each step would wait for that in vain. Each
    /// of those that are at work may lose the same connection; while one of them has a stream, somebody
    /// is there.
    fn is_given_up(&self) -> bool {
        self.lost.load(Ordering::Relaxed) > self.replication.limits.at_once.max(1)
            && lock(&self.running).is_empty()
    }

    fn count_lost<T>(&self, result: &Result<T>) {
        match result {
            // That all are in use, which goes by.
            Err(Error::Lost(error)) if error.kind() == io::ErrorKind::NotConnected => {}
            Err(Error::Lost(_)) => {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
            Err(Error::Needs(_)) => {}
            _ => self.lost.store(0, Ordering::Relaxed),
        }
    }

    fn ended(
        &self,
        at: usize,
        report: DatasetReport,
        reports: &Mutex<Vec<(usize, DatasetReport)>>,
    ) {
        let (source, destination) = (report.source.clone(), report.destination.clone());
        self.replication.tell(match &report.result {
            Ok(_) => Event::Done {
                source,
                destination,
            },
            Err(error) => Event::Failed {
                source,
                destination,
                error: error.to_string(),
            },
        });
        lock(reports).push((at, report));
    }

    /// All that is to be done for a dataset before its marks are moved on. Each part can be done again
    /// after it was done.
    fn step(&self, at: usize, step: &Step, sent: &mut Vec<Sent>) -> Result<(Order, Proof)> {
        let Replication {
            source,
            target,
            marks,
            ..
        } = self.replication;
        self.replication.tell(Event::Begun {
            source: step.source.clone(),
            destination: step.destination.clone(),
        });
        self.anchored
            .anchor(at, |other| lock(&self.schedule).is_next(other))?;
        let mut newest = None;
        let mut bookmarked = None;
        for action in &step.actions {
            match action {
                Action::Rename { from } => target.rename(from, &step.destination)?,
                Action::DiscardPartial { token, .. } => {
                    target.discard_partial(&step.destination, token)?;
                }
                Action::BookmarkAncestor { ancestor, guid } => {
                    let name = source.bookmark_ancestor(marks, &step.source, ancestor, *guid)?;
                    bookmarked = Some(Base::Bookmark { name, guid: *guid });
                }
                Action::Transfer(transfer) => {
                    let mut transfer = transfer.clone();
                    if let Some(base) = bookmarked.take() {
                        transfer.base = Some(base);
                    }
                    let order = self.order(step, &transfer)?;
                    sent.extend(self.transfer(&transfer, &order)?);
                    newest = Some(order);
                }
                Action::Anchor { copy, guid, .. } => newest = Some(self.seen(copy, *guid)),
            }
        }
        let Some(order) = newest else {
            let dataset = step.source.clone();
            let what = "the step of the plan has no end".into();
            return Err(Error::Changed { dataset, what });
        };
        let proof = target.verify(marks, &order)?;
        self.replication.tell(Event::Verified {
            proof: proof.clone(),
        });
        Ok((order, proof))
    }

    fn order(&self, step: &Step, transfer: &Transfer) -> Result<Order> {
        let origin = match &transfer.base {
            Some(Base::Snapshot { origin, .. }) => origin.clone(),
            _ => None,
        };
        Ok(Order {
            snapshot: step.destination.snapshot(transfer.snapshot.short_name())?,
            guid: transfer.guid,
            base: transfer.base.as_ref().map(Base::guid),
            origin,
            resumed: transfer.resumed.clone(),
            policy: self.plan.request.policy,
        })
    }

    /// The order that has been carried out where this is.
    fn seen(&self, copy: &SnapshotName, guid: u64) -> Order {
        Order {
            snapshot: copy.clone(),
            guid,
            base: None,
            origin: None,
            resumed: None,
            policy: self.plan.request.policy,
        }
    }

    /// Sends a stream. Where the receiver of an earlier run has not noticed yet that its sender is
    /// gone, it is waited for, and what it got is gone on with; if that is all, nothing is sent.
    fn transfer(&self, transfer: &Transfer, order: &Order) -> Result<Option<Sent>> {
        let (mut transfer, mut order) = (transfer.clone(), order.clone());
        self.replication.tell(Event::Sending {
            copy: order.snapshot.clone(),
            transfer: transfer.clone(),
        });
        let until = Instant::now() + PATIENCE;
        loop {
            let control = &self.replication.control;
            match self.transfer_now(&transfer, &order) {
                Err(error) if error.is_there() => {
                    return match self.what_is_left(transfer, &order)? {
                        Left::Nothing => Ok(None),
                        _ => Err(error),
                    };
                }
                Err(busy)
                    if busy.is_busy() && !control.is_cancelled() && Instant::now() < until =>
                {
                    thread::sleep(PAUSE);
                    match self.what_is_left(transfer, &order)? {
                        Left::Nothing => return Ok(None),
                        Left::Other => return Err(busy),
                        Left::Transfer(left) => {
                            order.resumed.clone_from(&left.resumed);
                            transfer = left;
                        }
                    }
                }
                sent => return sent.map(Some),
            }
        }
    }

    /// The transfer as it goes on by now, if it still can.
    fn what_is_left(&self, mut transfer: Transfer, order: &Order) -> Result<Left> {
        let dataset = order.snapshot.dataset();
        let Replication { target, marks, .. } = self.replication;
        let tree = target.tree(&Look::since(dataset, marks))?;
        let mut there = tree.datasets.into_iter();
        let there = there.find(|there| there.name == *dataset);
        let has_arrived = |there: &DatasetState| there.has_snapshot(order.guid).is_some();
        if there.as_ref().is_some_and(has_arrived) {
            return Ok(Left::Nothing);
        }
        transfer.resumed = None;
        let Some(partial) = there.and_then(|there| there.partial) else {
            return Ok(Left::Transfer(transfer));
        };
        // The source may have had another name when that was begun.
        let is_same =
            partial.raw && partial.to_guid == order.guid && partial.from_guid == order.base;
        transfer.resumed = Some(partial.token);
        Ok(match is_same {
            true => Left::Transfer(transfer),
            false => Left::Other,
        })
    }

    fn transfer_now(&self, transfer: &Transfer, order: &Order) -> Result<Sent> {
        let replication = self.replication;
        let since = Instant::now();
        let control = || {
            let control = TransferControl::new();
            match replication.limits.stall {
                Some(limit) => control.with_stall_limit(limit),
                None => control,
            }
        };
        let (sending, receiving) = (control(), control());
        lock(&self.running).push(Running {
            copy: order.snapshot.clone(),
            estimate: transfer.estimate,
            sending: sending.clone(),
            receiving: receiving.clone(),
        });
        let stream = replication.source.send(transfer, &sending);
        let received = stream.and_then(|stream| {
            let stream = match &self.throttle {
                Some(throttle) => throttle.wrap(stream, &receiving),
                None => stream,
            };
            let stream = match replication.keeps_keys {
                true => wrapped::keeping_key(replication.target, order, stream)?,
                false => stream,
            };
            replication.target.receive(order, stream, &receiving)
        });
        lock(&self.running).retain(|running| running.copy != order.snapshot);
        if received.is_err() && receiving.progress().bytes > 0 {
            // Somebody was there.
            self.lost.store(0, Ordering::Relaxed);
        }
        received?;
        let sent = Sent {
            copy: order.snapshot.clone(),
            guid: order.guid,
            bytes: receiving.progress().bytes,
            time: since.elapsed(),
        };
        replication.tell(Event::Arrived {
            copy: sent.copy.clone(),
            bytes: sent.bytes,
            time: sent.time,
        });
        Ok(sent)
    }

    /// Passes on that it was cancelled, and tells how far streams are, until all is done.
    fn tick(&self) {
        let mut told = Instant::now();
        while !self.is_over.load(Ordering::Relaxed) {
            thread::park_timeout(TICK);
            let running = lock(&self.running);
            if self.replication.control.is_cancelled() {
                for running in running.iter() {
                    running.sending.cancel();
                    running.receiving.cancel();
                }
            }
            if told.elapsed() < PROGRESS {
                continue;
            }
            told = Instant::now();
            let progress: Vec<_> = running
                .iter()
                .map(|running| Event::Progress {
                    copy: running.copy.clone(),
                    bytes: running.receiving.progress().bytes,
                    estimate: running.estimate,
                })
                .collect();
            drop(running);
            for event in progress {
                self.replication.tell(event);
            }
        }
    }
}

/// Says that all is over, when it is dropped.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Says that a step is over, when it is dropped.
struct Ended<'a> {
    carrier: &'a Carrier<'a>,
    at: usize,
    well: bool,
}

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        lock(&self.carrier.schedule).finished(self.at, self.well);
        self.carrier.finished.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
