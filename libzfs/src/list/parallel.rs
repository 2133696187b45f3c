//! A listing by several threads, which share a heap of datasets that are still to be listed.

use std::collections::HashMap;
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::vec;

use super::Plan;
use super::contents::{Content, Contents, Node, Reader, Sorted};
use super::entry::Entry;
use super::keeper::{Keeper, Sample};
use crate::error::{Error, Operation, Result};
use crate::handle::Zfs;
use crate::transfer::{joined, spawn};

/// How much of a dataset comes at a time; less in the beginning.
const BATCH: usize = 32;
/// How much can wait to be taken, before the threads do.
const WAITING: usize = 32;

/// What a thread has found in a dataset.
#[derive(Debug)]
struct Batch {
    /// The number of the dataset.
    of: usize,
    entries: Vec<Result<Entry>>,
    /// The numbers of those below it, if it comes whole, in an order.
    children: Vec<usize>,
}

/// A dataset to be listed.
#[derive(Debug)]
struct Task {
    number: usize,
    node: Node,
}

#[derive(Debug)]
struct Heap {
    /// The one to be listed first is the last.
    tasks: Vec<Task>,
    /// How many datasets have a number.
    numbered: usize,
    /// How many are being listed, and may have others below them.
    listed: usize,
    /// How many threads may still be busy.
    idle: usize,
    stopped: bool,
}

#[derive(Debug)]
struct Shared {
    heap: Mutex<Heap>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Heap> {
        self.heap.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is what is waited for, or until it is over.
    fn wait(&self, mut there_is: impl FnMut(&Heap) -> bool) -> Option<MutexGuard<'_, Heap>> {
        let heap = self
            .changed
            .wait_while(self.lock(), |heap| !heap.stopped && !there_is(heap))
            .unwrap_or_else(PoisonError::into_inner);
        (!heap.stopped).then_some(heap)
    }

    fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }
}

/// The threads and what comes from them. They are gone when this is.
#[derive(Debug)]
pub(super) struct Crew {
    shared: Arc<Shared>,
    /// None when it is over, so that who waits to send sees it.
    receiver: Option<Receiver<Batch>>,
    threads: Vec<JoinHandle<()>>,
    now: vec::IntoIter<Result<Entry>>,
    turns: Option<Turns>,
}

/// Whose turn it is where there is an order.
#[derive(Debug)]
struct Turns {
    /// The numbers of the datasets that are known to come; the next is the last.
    to_come: Vec<usize>,
    early: HashMap<usize, Batch>,
}

impl Crew {
    pub(super) fn start(zfs: &Zfs, plan: &Arc<Plan>, top: Node) -> Result<Self> {
        let shared = Arc::new(Shared {
            heap: Mutex::new(Heap {
                tasks: vec![Task {
                    number: 0,
                    node: top,
                }],
                numbered: 1,
                listed: 0,
                idle: plan.threads,
                stopped: false,
            }),
            changed: Condvar::new(),
        });
        let (sender, receiver) = mpsc::sync_channel(WAITING);
        let mut crew = Self {
            shared: shared.clone(),
            receiver: Some(receiver),
            threads: Vec::with_capacity(plan.threads),
            now: Vec::new().into_iter(),
            turns: plan.order.map(|_| Turns {
                to_come: vec![0],
                early: HashMap::new(),
            }),
        };
        for _ in 0..plan.threads {
            let mut worker = Worker {
                reader: Reader::new(zfs, plan)?,
                shared: shared.clone(),
                sender: sender.clone(),
                keeper: None,
            };
            match spawn("zfs-list", move || worker.work()) {
                Ok(thread) => crew.threads.push(thread),
                // Those that there are will do.
                Err(error) if !crew.threads.is_empty() => {
                    tracing::debug!(%error, "a thread less");
                    break;
                }
                Err(error) => {
                    return Err(Error::from_io(Operation::List, plan.top.as_str(), error));
                }
            }
        }
        Ok(crew)
    }

    pub(super) fn next(&mut self) -> Option<Result<Entry>> {
        loop {
            if let Some(entry) = self.now.next() {
                return Some(entry);
            }
            let Some(batch) = self.next_batch() else {
                // A panic of theirs must not look like the end.
                self.threads
                    .drain(..)
                    .map(JoinHandle::join)
                    .for_each(joined);
                return None;
            };
            self.now = batch.entries.into_iter();
        }
    }

    fn next_batch(&mut self) -> Option<Batch> {
        let receiver = self.receiver.as_ref()?;
        match &mut self.turns {
            None => receiver.recv().ok(),
            Some(turns) => turns.next(receiver),
        }
    }
}

impl Turns {
    fn next(&mut self, receiver: &Receiver<Batch>) -> Option<Batch> {
        let number = self.to_come.pop()?;
        let mut batch = match self.early.remove(&number) {
            Some(batch) => batch,
            None => loop {
                let batch = receiver.recv().ok()?;
                if batch.of == number {
                    break batch;
                }
                self.early.insert(batch.of, batch);
            },
        };
        self.to_come.extend(batch.children.drain(..).rev());
        Some(batch)
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.shared.stop();
        self.receiver = None;
        for thread in self.threads.drain(..) {
            // One that panicked has said so.
            let _ = thread.join();
        }
    }
}

/// One of the threads.
struct Worker {
    reader: Reader,
    shared: Arc<Shared>,
    sender: SyncSender<Batch>,
    keeper: Option<Keeper>,
}

/// That nobody wants any more of it.
struct Over;

/// What is given back when a dataset is listed, also if that panicked, so that the others do not
/// wait for what might be below it.
struct Busy<'a> {
    shared: &'a Shared,
    threads: usize,
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        let mut heap = self.shared.lock();
        heap.listed -= 1;
        heap.idle += self.threads;
        drop(heap);
        self.shared.changed.notify_all();
    }
}

impl Busy<'_> {
    /// Waits for a second thread. The one that there is is given up meanwhile, so that of two that
    /// want another one gets it.
    fn take_another(&mut self) -> Result<(), Over> {
        self.shared.lock().idle += self.threads;
        self.threads = 0;
        self.shared.changed.notify_all();
        let mut heap = self.shared.wait(|heap| heap.idle >= 2).ok_or(Over)?;
        heap.idle -= 2;
        self.threads = 2;
        Ok(())
    }
}

impl Worker {
    fn work(&mut self) {
        let shared = self.shared.clone();
        loop {
            let ready = |heap: &Heap| {
                let is_done = heap.tasks.is_empty() && heap.listed == 0;
                is_done || (!heap.tasks.is_empty() && heap.idle > 0)
            };
            let Some(mut heap) = shared.wait(ready) else {
                return;
            };
            let Some(task) = heap.tasks.pop() else {
                return;
            };
            heap.listed += 1;
            heap.idle -= 1;
            drop(heap);
            let mut busy = Busy {
                shared: &shared,
                threads: 1,
            };
            let listed = match self.reader.plan.order {
                None => self.list(task, &mut busy),
                Some(_) => self.list_sorted(task, &mut busy),
            };
            self.keeper = None;
            if listed.is_err() {
                return;
            }
        }
    }

    /// Sends what is found as it is found.
    fn list(&mut self, task: Task, busy: &mut Busy<'_>) -> Result<(), Over> {
        let plan = self.reader.plan.clone();
        let mut contents = Contents::of(&task.node, &self.reader.plan);
        let mut batch = Vec::new();
        if plan.wants(&task.node.entry) {
            batch.push(Ok(task.node.entry));
        }
        let mut sample = Sample::default();
        let mut size = 1;
        loop {
            if batch.len() >= size {
                size = (2 * size).min(BATCH);
                self.send_part(task.number, &mut batch)?;
            }
            match contents.next(&mut self.reader) {
                None => break,
                Some(Ok(Content::Entry(entry))) => {
                    let sample = sample.add(&entry);
                    batch.push(Ok(entry));
                    if sample.is_some() {
                        // There may be a while to wait.
                        self.send_part(task.number, &mut batch)?;
                        self.keep_open(&contents, sample, busy)?;
                    }
                }
                Some(Ok(Content::Child(node))) if node.has_contents(&plan) => {
                    self.share([node]);
                }
                Some(Ok(Content::Child(node))) => {
                    if plan.wants(&node.entry) {
                        batch.push(Ok(node.entry));
                    }
                }
                Some(Err(error)) => batch.push(Err(error)),
            }
        }
        self.send_part(task.number, &mut batch)
    }

    fn send_part(&self, of: usize, entries: &mut Vec<Result<Entry>>) -> Result<(), Over> {
        self.send(Batch {
            of,
            entries: std::mem::take(entries),
            children: Vec::new(),
        })
    }

    /// Sends a dataset whole.
    fn list_sorted(&mut self, task: Task, busy: &mut Busy<'_>) -> Result<(), Over> {
        let mut contents = Contents::of(&task.node, &self.reader.plan);
        let mut sample = Sample::default();
        let mut found = Vec::new();
        loop {
            if self.shared.is_stopped() {
                return Err(Over);
            }
            let Some(content) = contents.next(&mut self.reader) else {
                break;
            };
            if let Ok(Content::Entry(entry)) = &content {
                self.keep_open(&contents, sample.add(entry), busy)?;
            }
            found.push(content);
        }
        let Sorted { entries, children } = Sorted::new(found, self.reader.plan.order);
        let own = self.reader.plan.wants(&task.node.entry);
        let own = own.then_some(Ok(task.node.entry));
        let children = self.share(children);
        self.send(Batch {
            of: task.number,
            entries: own.into_iter().chain(entries).collect(),
            children,
        })
    }

    /// Has a dataset kept open from now on, if there is a reason to.
    fn keep_open(
        &mut self,
        contents: &Contents,
        last_txg: Option<u64>,
        busy: &mut Busy<'_>,
    ) -> Result<(), Over> {
        let Some(last_txg) = last_txg else {
            return Ok(());
        };
        if self.reader.plan.mounts.has(contents.dataset()) {
            return Ok(());
        }
        if let Some(keeper) = &self.keeper {
            keeper.narrow(last_txg);
            return Ok(());
        }
        busy.take_another()?;
        self.keeper = Keeper::unless_mounted(&self.reader, contents.dataset(), last_txg);
        Ok(())
    }

    /// Leaves datasets, the first of them first, to whoever has time; returns their numbers.
    fn share(&self, nodes: impl IntoIterator<Item = Node>) -> Vec<usize> {
        let mut heap = self.shared.lock();
        let tasks: Vec<_> = nodes
            .into_iter()
            .enumerate()
            .map(|(offset, node)| Task {
                number: heap.numbered + offset,
                node,
            })
            .collect();
        let numbers: Vec<_> = tasks.iter().map(|task| task.number).collect();
        heap.numbered += tasks.len();
        heap.tasks.extend(tasks.into_iter().rev());
        drop(heap);
        self.shared.changed.notify_all();
        numbers
    }

    fn send(&self, batch: Batch) -> Result<(), Over> {
        if self.shared.is_stopped() {
            return Err(Over);
        }
        match self.sender.try_send(batch) {
            Ok(()) => Ok(()),
            Err(TrySendError::Disconnected(_)) => Err(Over),
            Err(TrySendError::Full(batch)) => {
                if let Some(keeper) = &self.keeper {
                    keeper.pause();
                }
                let sent = self.sender.send(batch).map_err(|_| Over);
                if let Some(keeper) = &self.keeper {
                    keeper.go_on();
                }
                sent
            }
        }
    }
}
