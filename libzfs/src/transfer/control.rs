//! What a transfer is watched with, and stopped by.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::Waker;
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};

#[cfg(doc)]
use crate::error::ErrorKind;

/// How long a transfer that was cancelled waits for the kernel to give it up.
pub(crate) const GRACE: Duration = Duration::from_millis(900);

/// How long one that nobody is in a hurry with waits for that. The kernel does it at its next read
/// or write, if the pool is not suspended.
const PATIENCE: Duration = Duration::from_secs(10);

/// Watches transfers and stops them, from any thread.
///
/// A clone is the same control. It is given to a transfer with
/// [`SendBuilder::controlled_by`](crate::SendBuilder::controlled_by) or
/// [`ReceiveBuilder::controlled_by`](crate::ReceiveBuilder::controlled_by) before that begins.
///
/// The records of such a transfer's stream are looked at in this process. Large payloads do not pass
/// through it where they can go on without waiting, which is everywhere but into or from a socket that
/// blocks, and what only writes or reads. Without a control a stream can go straight from the kernel
/// to where it has to go.
///
/// ```no_run
/// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use libzfs::TransferControl;
///
/// let control = TransferControl::new().with_stall_limit(Duration::from_secs(60));
/// let send = zfs.send(&"tank/prod@mon".parse()?).raw().controlled_by(&control);
/// control.set_estimate(send.size()?);
/// let file = std::fs::File::create("/backup/prod.zfs")?;
/// let sending = std::thread::spawn(move || send.write_to(&file));
/// while !sending.is_finished() {
///     let progress = control.progress();
///     println!("{} of about {:?} bytes", progress.bytes, progress.estimate);
///     std::thread::sleep(Duration::from_secs(1));
/// }
/// sending.join().expect("it does not panic")?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct TransferControl(Arc<Shared>);

#[derive(Default)]
struct Shared {
    cancelled: AtomicBool,
    /// In nanoseconds; 0 is none.
    stall_limit: AtomicU64,
    bytes: AtomicU64,
    records: AtomicU64,
    estimate: Mutex<Option<u64>>,
    begun: AtomicUsize,
    ended: AtomicUsize,
    /// Of the transfers that are running.
    alarms: Mutex<Vec<Weak<Alarm>>>,
    /// Of tasks that wait for all transfers to end.
    ends: Mutex<Vec<Weak<WakerSlot>>>,
}

/// Where a task leaves what wakes it.
pub(super) type WakerSlot = Mutex<Option<Waker>>;

/// How far a transfer is; see [`TransferControl::progress`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Progress {
    /// How many bytes of the stream have passed through this process.
    pub bytes: u64,
    /// How many of its records have begun in them, the first and the last included.
    pub records: u64,
    /// How many bytes it will be, if that was [said](TransferControl::set_estimate).
    pub estimate: Option<u64>,
}

impl fmt::Debug for TransferControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransferControl")
            .field("progress", &self.progress())
            .field("cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}

impl TransferControl {
    /// A control without a stall limit.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops a transfer with [`ErrorKind::Stalled`] when no byte of it moves for so long: because
    /// its source has nothing to give, its sink takes nothing, or the kernel does neither. By
    /// default there is no limit.
    ///
    /// It also holds for what the kernel has to do when all bytes are there. Zero is no limit.
    #[must_use]
    pub fn with_stall_limit(self, limit: Duration) -> Self {
        let nanos = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
        self.0.stall_limit.store(nanos, Ordering::Relaxed);
        self
    }

    /// Says how many bytes are to be expected, for [`Progress::estimate`]; see
    /// [`SendBuilder::size`](crate::SendBuilder::size).
    pub fn set_estimate(&self, bytes: u64) {
        *lock(&self.0.estimate) = Some(bytes);
    }

    /// Stops the transfers that have this control, and those that are given it later. They fail
    /// with [`ErrorKind::Cancelled`] within a second.
    ///
    /// What a [resumable](crate::ReceiveBuilder::resumable) receive has got by then stays, and can
    /// be resumed; what another has got is gone. A receive that has everything succeeds.
    ///
    /// The kernel gives a transfer up when it next reads or writes the stream. If it does not
    /// within the second, as on a suspended pool, the error is [`ErrorKind::StillRunning`].
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::SeqCst);
        // What is woken may come here itself, before it has been woken.
        let alarms: Vec<_> = lock(&self.0.alarms)
            .iter()
            .filter_map(Weak::upgrade)
            .collect();
        for alarm in alarms {
            alarm.ring();
        }
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::SeqCst)
    }

    /// How far the transfers with this control are, together.
    pub fn progress(&self) -> Progress {
        Progress {
            bytes: self.0.bytes.load(Ordering::Relaxed),
            records: self.0.records.load(Ordering::Relaxed),
            estimate: *lock(&self.0.estimate),
        }
    }

    /// Whether a transfer with this control has begun and not ended yet. A send begins when it is
    /// [started](crate::SendBuilder::start), a receive when it is [run](crate::ReceiveBuilder::run).
    pub fn is_running(&self) -> bool {
        // In this order, or one that begins and ends in between would look like the last.
        let ended = self.0.ended.load(Ordering::SeqCst);
        ended < self.0.begun.load(Ordering::SeqCst)
    }

    /// Whether some have begun, and all of them ended.
    #[cfg(feature = "tokio")]
    pub(super) fn has_ended(&self) -> bool {
        self.0.begun.load(Ordering::SeqCst) > 0 && !self.is_running()
    }

    /// Where a task is to leave what wakes it when all transfers have ended.
    #[cfg(feature = "tokio")]
    pub(super) fn at_end(&self) -> Arc<WakerSlot> {
        let slot = Arc::<WakerSlot>::default();
        let mut ends = lock(&self.0.ends);
        ends.retain(|end| end.strong_count() > 0);
        ends.push(Arc::downgrade(&slot));
        slot
    }

    fn wake_at_end(&self) {
        let ends: Vec<_> = lock(&self.0.ends)
            .iter()
            .filter_map(Weak::upgrade)
            .collect();
        for end in ends {
            wake(&end);
        }
    }

    fn stall_limit(&self) -> Option<Duration> {
        match self.0.stall_limit.load(Ordering::Relaxed) {
            0 => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has the next waking wake a task by this.
#[cfg(feature = "tokio")]
pub(super) fn wakes(slot: &WakerSlot, waker: &Waker) {
    lock(slot)
        .get_or_insert_with(|| waker.clone())
        .clone_from(waker);
}

fn wake(slot: &WakerSlot) {
    // What is woken may come here itself, before it has been woken.
    let waker = lock(slot).take();
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// What wakes a transfer that waits: a thread by an event descriptor, a task by its waker.
#[derive(Debug)]
pub(crate) struct Alarm {
    event: OwnedFd,
    waker: WakerSlot,
}

impl Alarm {
    fn new() -> io::Result<Self> {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        Ok(Self {
            event: eventfd(0, flags)?,
            waker: Mutex::default(),
        })
    }

    /// Has the next ringing wake a task.
    #[cfg(feature = "tokio")]
    pub(crate) fn wakes(&self, waker: &Waker) {
        wakes(&self.waker, waker);
    }

    pub(crate) fn ring(&self) {
        // It fails if it has been rung 2^64 times, and then it rings.
        let _ = rustix::io::write(&self.event, &1_u64.to_ne_bytes());
        wake(&self.waker);
    }

    /// Ends the ringing, so that it can be waited for again.
    fn silence(&self) {
        let _ = rustix::io::read(&self.event, &mut [0; 8]);
    }
}

impl AsFd for Alarm {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }
}

/// Why a transfer goes no further.
#[derive(Debug)]
pub(crate) enum Halt {
    /// Its control was cancelled.
    Cancelled,
    /// No byte moved for as long as a control allows.
    Stalled,
    /// The other end of our own pipe is closed.
    Gone,
    /// Reading the source failed.
    Source(io::Error),
    /// Writing to the sink failed.
    Sink(io::Error),
}

/// One transfer as its controls see it.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    controls: Vec<TransferControl>,
    /// There is one if there is a control.
    alarm: Option<Arc<Alarm>>,
    /// When a reason to stop was first seen.
    stopped: OnceLock<Instant>,
}

impl Watch {
    /// Begins to watch with one control more, if it is another.
    pub(crate) fn add(&mut self, control: &TransferControl) -> io::Result<()> {
        let same = |known: &TransferControl| Arc::ptr_eq(&known.0, &control.0);
        if self.controls.iter().any(same) {
            return Ok(());
        }
        let alarm = self.alarm_in_any_case()?;
        let mut alarms = lock(&control.0.alarms);
        alarms.retain(|alarm| alarm.strong_count() > 0);
        alarms.push(Arc::downgrade(&alarm));
        drop(alarms);
        control.0.begun.fetch_add(1, Ordering::SeqCst);
        self.controls.push(control.clone());
        Ok(())
    }

    /// The alarm, also where there is no control to ring it.
    pub(crate) fn alarm_in_any_case(&mut self) -> io::Result<Arc<Alarm>> {
        match &self.alarm {
            Some(alarm) => Ok(alarm.clone()),
            None => Ok(self.alarm.insert(Arc::new(Alarm::new()?)).clone()),
        }
    }

    pub(crate) fn controls(&self) -> &[TransferControl] {
        &self.controls
    }

    /// Whether there is anything to look at.
    pub(crate) fn is_active(&self) -> bool {
        !self.controls.is_empty()
    }

    /// How long to wait for the kernel to give the transfer up. Once it is to be stopped that is
    /// what is left of one time for all that there is to wait for.
    pub(crate) fn patience(&self) -> Duration {
        match self.stopped.get() {
            Some(at) => GRACE.saturating_sub(at.elapsed()),
            None if self.is_active() => GRACE,
            None => PATIENCE,
        }
    }

    /// What is to stop the transfer, which has been seen now.
    fn stop(&self, why: Halt) -> Halt {
        self.stopped.get_or_init(Instant::now);
        why
    }

    pub(crate) fn alarm(&self) -> Option<Arc<Alarm>> {
        self.alarm.clone()
    }

    pub(crate) fn check(&self) -> Result<(), Halt> {
        if self.controls.iter().any(TransferControl::is_cancelled) {
            return Err(self.stop(Halt::Cancelled));
        }
        Ok(())
    }

    pub(crate) fn stall_limit(&self) -> Option<Duration> {
        let limits = self
            .controls
            .iter()
            .filter_map(TransferControl::stall_limit);
        limits.min()
    }

    /// Counts what has moved.
    pub(crate) fn moved(&self, bytes: usize, records: u64) {
        for control in &self.controls {
            control.0.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
            control.0.records.fetch_add(records, Ordering::Relaxed);
        }
    }

    /// Waits until one of the descriptors is ready for what is asked of it, and leaves in them what
    /// they are ready for.
    pub(crate) fn wait<const N: usize>(
        &self,
        fds: [(BorrowedFd<'_>, PollFlags); N],
    ) -> Result<[PollFlags; N], Halt> {
        let ready = self.wait_at_most(None, fds)?;
        Ok(ready.unwrap_or([PollFlags::empty(); N]))
    }

    /// As [`wait`](Self::wait); none if nothing is ready after a limit that is not a control's.
    pub(crate) fn wait_at_most<const N: usize>(
        &self,
        limit: Option<Duration>,
        fds: [(BorrowedFd<'_>, PollFlags); N],
    ) -> Result<Option<[PollFlags; N]>, Halt> {
        let stall = self.stall_limit();
        let since = Instant::now();
        loop {
            self.check()?;
            let gone = since.elapsed();
            if stall.is_some_and(|stall| gone >= stall) {
                return Err(self.stop(Halt::Stalled));
            }
            if limit.is_some_and(|limit| gone >= limit) {
                return Ok(None);
            }
            let left = [stall, limit].into_iter().flatten().min();
            let left = left.map(|limit| limit.saturating_sub(gone));
            let mut polled = Vec::with_capacity(N + 1);
            polled.extend(fds.iter().map(|(fd, flags)| PollFd::new(fd, *flags)));
            if let Some(alarm) = &self.alarm {
                polled.push(PollFd::new(alarm, PollFlags::IN));
            }
            match poll(&mut polled, left.map(timespec).as_ref()) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(errno) => return Err(Halt::Source(errno.into())),
            }
            if let (Some(alarm), Some(polled)) = (&self.alarm, polled.get(N)) {
                if !polled.revents().is_empty() {
                    alarm.silence();
                    self.check()?;
                    if N == 0 {
                        return Ok(Some([PollFlags::empty(); N]));
                    }
                }
            }
            let mut ready = [PollFlags::empty(); N];
            for (ready, polled) in ready.iter_mut().zip(&polled) {
                *ready = polled.revents();
            }
            if ready.iter().any(|ready| !ready.is_empty()) {
                return Ok(Some(ready));
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        for control in &self.controls {
            control.0.ended.fetch_add(1, Ordering::SeqCst);
            if !control.is_running() {
                control.wake_at_end();
            }
        }
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: duration.subsec_nanos().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(20);

    #[test]
    fn a_wait_is_cancelled_from_another_thread() {
        let control = TransferControl::new();
        let mut watch = Watch::default();
        watch.add(&control).unwrap();
        let (reader, _writer) = rustix::pipe::pipe().unwrap();
        let other = std::thread::spawn({
            let control = control.clone();
            move || {
                std::thread::sleep(SOON);
                control.cancel();
            }
        });
        let waited = watch.wait([(reader.as_fd(), PollFlags::IN)]);
        assert!(matches!(waited, Err(Halt::Cancelled)));
        other.join().unwrap();
        assert!(control.is_running());
        drop(watch);
        assert!(!control.is_running());
    }

    #[test]
    fn a_wait_has_the_shortest_of_the_limits() {
        let mut watch = Watch::default();
        let long = TransferControl::new().with_stall_limit(Duration::from_secs(3600));
        watch.add(&long).unwrap();
        watch
            .add(&TransferControl::new().with_stall_limit(SOON))
            .unwrap();
        let (reader, _writer) = rustix::pipe::pipe().unwrap();
        let waited = watch.wait([(reader.as_fd(), PollFlags::IN)]);
        assert!(matches!(waited, Err(Halt::Stalled)));
    }

    #[test]
    fn there_is_one_time_to_wait_for_all_that_ends() {
        let control = TransferControl::new();
        let mut watch = Watch::default();
        assert_eq!(watch.patience(), PATIENCE);
        watch.add(&control).unwrap();
        assert_eq!(watch.patience(), GRACE);
        control.cancel();
        assert!(watch.check().is_err());
        std::thread::sleep(SOON);
        assert!(watch.check().is_err());
        assert!(watch.patience() <= GRACE - SOON);
    }

    #[test]
    fn what_a_cancel_wakes_may_use_the_control() {
        struct Again(TransferControl, Arc<Alarm>);
        impl std::task::Wake for Again {
            fn wake(self: Arc<Self>) {
                assert!(self.0.0.alarms.try_lock().is_ok());
                assert!(self.1.waker.try_lock().is_ok());
            }
        }
        let control = TransferControl::new();
        let mut watch = Watch::default();
        watch.add(&control).unwrap();
        let alarm = watch.alarm().unwrap();
        let waker = Waker::from(Arc::new(Again(control.clone(), alarm.clone())));
        *lock(&alarm.waker) = Some(waker);
        control.cancel();
        assert!(lock(&alarm.waker).is_none());
    }

    #[test]
    fn the_ringing_of_an_end_wakes_once() {
        let mut watch = Watch::default();
        watch
            .add(&TransferControl::new().with_stall_limit(SOON))
            .unwrap();
        watch.alarm().unwrap().ring();
        assert!(watch.wait([]).is_ok());
        assert!(matches!(watch.wait([]), Err(Halt::Stalled)));
    }
}
