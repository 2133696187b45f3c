//! A thread that keeps a dataset open in the kernel while another lists its snapshots.
//!
//! Each call that lists opens the dataset and closes it again. If nobody else has it open, that is
//! nearly all of the work of a call; a call that comes while another is at it has it for nothing.
//! So this one asks for the next snapshot of few, again and again: the kernel passes over the others
//! within the call, and is nearly always there.
//!
//! It does not ask for none at all, which would take the kernel through all snapshots in one call,
//! because nobody can change the pool for as long as a call takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::{self, JoinHandle};

use super::contents::Reader;
use super::entry::{Entry, EntryName};
use crate::ffi::{Ask, Lister};
use crate::handle::Zfs;
use crate::name::DatasetName;
use crate::transfer::spawn;

/// After so many snapshots of a dataset this is worth a thread. Of all that there are, about one in
/// so many was then created before each of them, in whatever order they are found.
const WORTHWHILE: usize = 32;

const KEEP: u8 = 0;
const PAUSE: u8 = 1;
const STOP: u8 = 2;

#[derive(Debug)]
pub(super) struct Keeper {
    state: Arc<AtomicU8>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Keeps a dataset open, if the kernel has not that already.
    pub(super) fn unless_mounted(
        reader: &Reader,
        dataset: &DatasetName,
        last_txg: u64,
    ) -> Option<Self> {
        match reader.plan.mounts.has(dataset) {
            true => None,
            false => Self::start(&reader.zfs, dataset, last_txg),
        }
    }

    /// Keeps a dataset open with those of its snapshots that are not later than this; none if there
    /// is no thread to be had, without which all goes on more slowly.
    fn start(zfs: &Zfs, dataset: &DatasetName, last_txg: u64) -> Option<Self> {
        let mut lister = Lister::new(Ask::Name, Some((0, last_txg))).ok()?;
        let state = Arc::new(AtomicU8::new(KEEP));
        let (zfs, dataset, told) = (zfs.clone(), dataset.clone(), state.clone());
        let keep = move || {
            let mut cookie = 0;
            loop {
                match told.load(Ordering::Acquire) {
                    STOP => return,
                    PAUSE => thread::park(),
                    _ => {
                        let found =
                            zfs.device()
                                .next_snapshot(&mut lister, dataset.as_str(), &mut cookie);
                        match found {
                            Ok(Some(_)) => {}
                            Ok(None) if cookie > 0 => cookie = 0,
                            // There are none any more, or there is an error, which is the lister's.
                            Ok(None) | Err(_) => return,
                        }
                    }
                }
            }
        };
        let thread = spawn("zfs-list-keep", keep).ok()?;
        Some(Self {
            state,
            thread: Some(thread),
        })
    }

    fn tell(&self, state: u8) {
        self.state.store(state, Ordering::Release);
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }

    /// Leaves the dataset alone until [`go_on`](Self::go_on).
    pub(super) fn pause(&self) {
        self.tell(PAUSE);
    }

    pub(super) fn go_on(&self) {
        self.tell(KEEP);
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.tell(STOP);
        if let Some(thread) = self.thread.take() {
            // It has nothing to say.
            let _ = thread.join();
        }
    }
}

/// The first snapshots of a dataset.
#[derive(Debug, Default)]
pub(super) struct Sample {
    seen: usize,
    first_txg: Option<u64>,
}

impl Sample {
    /// The earliest creation txg, when it has come to be worth having a dataset kept open.
    pub(super) fn add(&mut self, entry: &Entry) -> Option<u64> {
        // For names alone, 2.1 does not say.
        if !matches!(entry.name, EntryName::Snapshot(_)) || entry.create_txg == 0 {
            return None;
        }
        self.seen += 1;
        let first = self.first_txg.unwrap_or(u64::MAX).min(entry.create_txg);
        self.first_txg = Some(first);
        (self.seen == WORTHWHILE).then_some(first)
    }
}
