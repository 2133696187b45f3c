//! A thread that keeps a dataset open in the kernel while another lists its snapshots.
//!
//! Each call that lists opens the dataset and closes it again. If nobody else has it open, that is
//! nearly all of the work of a call; a call that comes while another is at it has it for nothing.
//! So this one asks for the next snapshot of few, again and again: the kernel passes over the others
//! within the call, and is nearly always there. The fewer they are the longer a call takes; which ones
//! are few is known better with each snapshot that is found.
//!
//! It does not ask for none at all, which would take the kernel through all snapshots in one call,
//! because nobody can change the pool for as long as a call takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use super::contents::Reader;
use super::entry::{Entry, EntryName};
use crate::error::Errno;
use crate::ffi::{Ask, Lister};
use crate::handle::Zfs;
use crate::name::DatasetName;
use crate::transfer::spawn;

/// After so many snapshots of a dataset this is worth a thread.
const WORTHWHILE: usize = 4;
/// After so many those before the first of them are few enough: in whatever order they are found, one
/// in about so many of all that there are. A call then passes over as many, which takes the kernel
/// some milliseconds.
const FEW: usize = 256;

const KEEP: u8 = 0;
const PAUSE: u8 = 1;
const STOP: u8 = 2;

#[derive(Debug)]
pub(super) struct Keeper {
    told: Arc<Told>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread is told.
#[derive(Debug)]
struct Told {
    state: AtomicU8,
    /// No snapshot later than this is asked for.
    last_txg: AtomicU64,
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
        let told = Arc::new(Told {
            state: AtomicU8::new(KEEP),
            last_txg: AtomicU64::new(last_txg),
        });
        let (zfs, dataset, listens) = (zfs.clone(), dataset.clone(), told.clone());
        let keep = move || {
            // An error is the lister's to tell.
            let _ = keep(&zfs, &dataset, &listens);
        };
        let thread = spawn("zfs-list-keep", keep).ok()?;
        Some(Self {
            told,
            thread: Some(thread),
        })
    }

    /// Goes on with those that are not later than this.
    pub(super) fn narrow(&self, last_txg: u64) {
        self.told.last_txg.store(last_txg, Ordering::Relaxed);
    }

    fn tell(&self, state: u8) {
        self.told.state.store(state, Ordering::Release);
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

fn keep(zfs: &Zfs, dataset: &DatasetName, told: &Told) -> Result<(), Errno> {
    let mut last_txg = told.last_txg.load(Ordering::Relaxed);
    let mut lister = Lister::new(Ask::Name, Some((0, last_txg)))?;
    let mut cookie = 0;
    loop {
        match told.state.load(Ordering::Acquire) {
            STOP => return Ok(()),
            PAUSE => thread::park(),
            _ => {
                let device = zfs.device();
                let found = device.next_snapshot(&mut lister, dataset.as_str(), &mut cookie)?;
                if found.is_none() {
                    if cookie == 0 {
                        // There are none any more.
                        return Ok(());
                    }
                    cookie = 0;
                }
                let now = told.last_txg.load(Ordering::Relaxed);
                if now != last_txg {
                    last_txg = now;
                    lister = Lister::new(Ask::Name, Some((0, last_txg)))?;
                }
            }
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
    /// The earliest creation txg, when there is a reason to have a dataset kept open by what is not
    /// later: first when that is worth it, and then whenever they have become half as many.
    pub(super) fn add(&mut self, entry: &Entry) -> Option<u64> {
        // For names alone, 2.1 does not say.
        if !matches!(entry.name, EntryName::Snapshot(_)) || entry.create_txg == 0 {
            return None;
        }
        self.seen += 1;
        let first = self.first_txg.unwrap_or(u64::MAX).min(entry.create_txg);
        self.first_txg = Some(first);
        let is_time = (WORTHWHILE..=FEW).contains(&self.seen) && self.seen.is_power_of_two();
        is_time.then_some(first)
    }
}
