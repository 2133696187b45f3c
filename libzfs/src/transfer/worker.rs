//! The thread that a send or receive is left to.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::control::{Alarm, Watch};
use super::{joined, spawn};

/// A thread that waits for the kernel to read or write a descriptor, of which the thread is the owner.
///
/// When it ends, it closes the descriptor, so that whoever has the other end of a pipe sees it, and
/// rings the alarm.
#[derive(Debug)]
pub(crate) struct Worker<T> {
    thread: JoinHandle<T>,
    end: Arc<End>,
}

#[derive(Debug, Default)]
struct End {
    reached: Mutex<bool>,
    changed: Condvar,
}

impl End {
    fn lock(&self) -> MutexGuard<'_, bool> {
        self.reached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What says that the work is done, also if it panicked. The descriptor is closed after that, so
/// that who sees it closed need not wait.
struct AtEnd {
    end: Arc<End>,
    alarm: Option<Arc<Alarm>>,
    fd: OwnedFd,
}

impl Drop for AtEnd {
    fn drop(&mut self) {
        *self.end.lock() = true;
        self.end.changed.notify_all();
        if let Some(alarm) = &self.alarm {
            alarm.ring();
        }
    }
}

impl<T: Send + 'static> Worker<T> {
    pub(crate) fn spawn(
        name: &str,
        fd: OwnedFd,
        alarm: Option<Arc<Alarm>>,
        work: impl FnOnce(BorrowedFd<'_>) -> T + Send + 'static,
    ) -> io::Result<Self> {
        let end = Arc::<End>::default();
        let at_end = AtEnd {
            end: end.clone(),
            alarm,
            fd,
        };
        let thread = spawn(name, move || work(at_end.fd.as_fd()))?;
        Ok(Self { thread, end })
    }

    /// Whether the work is done.
    pub(crate) fn has_ended(&self) -> bool {
        *self.end.lock()
    }

    /// Waits for the end.
    pub(crate) fn join(self) -> T {
        joined(self.thread.join())
    }

    /// Waits for the end for so long; then the thread is left to itself, and goes when the kernel
    /// lets it. A panic is returned.
    pub(crate) fn join_within(self, limit: Duration) -> Option<thread::Result<T>> {
        let reached = self.end.lock();
        let (reached, _) = self
            .end
            .changed
            .wait_timeout_while(reached, limit, |reached| !*reached)
            .unwrap_or_else(PoisonError::into_inner);
        let ended = *reached;
        drop(reached);
        ended.then(|| self.thread.join())
    }

    /// Waits for the end, or until what watches wants it stopped: then for a moment longer.
    pub(crate) fn join_watched(self, watch: &Watch) -> Option<thread::Result<T>> {
        if !watch.is_active() {
            return Some(self.thread.join());
        }
        while !self.has_ended() {
            if watch.wait([]).is_err() {
                return self.join_within(watch.patience());
            }
        }
        Some(self.thread.join())
    }
}
