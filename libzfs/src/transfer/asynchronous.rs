//! Moving a stream in a task of tokio's.

use std::fs::File;
use std::future::{Future, poll_fn};
use std::io;
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::time::timeout;

use super::control::{Alarm, GRACE, Halt, Watch};
use super::pump::CHUNK;
use super::records::RecordWalk;
use super::worker::Worker;

/// A watch that a task waits for.
#[derive(Debug)]
pub(crate) struct AsyncWatch {
    watch: Watch,
    alarm: Arc<Alarm>,
}

impl AsyncWatch {
    pub(crate) fn new(mut watch: Watch) -> io::Result<Self> {
        let alarm = watch.alarm_in_any_case()?;
        Ok(Self { watch, alarm })
    }

    pub(crate) fn alarm(&self) -> Arc<Alarm> {
        self.alarm.clone()
    }

    pub(crate) fn stall_limit(&self) -> Option<Duration> {
        self.watch.stall_limit()
    }

    pub(crate) fn moved(&self, bytes: usize, records: u64) {
        self.watch.moved(bytes, records);
    }

    /// Ready when there is a reason to stop, or when `until` says so after the alarm has rung.
    pub(crate) fn poll_halt(&self, cx: &mut Context<'_>, until: impl Fn() -> bool) -> Poll<Halt> {
        // First, so that what happens meanwhile wakes.
        self.alarm.wakes(cx.waker());
        match self.watch.check() {
            Err(halt) => Poll::Ready(halt),
            Ok(()) if until() => Poll::Ready(Halt::Gone),
            Ok(()) => Poll::Pending,
        }
    }

    /// Does this piece of work, unless there is a reason to stop, or it takes too long.
    pub(crate) async fn guard<T>(
        &self,
        work: impl Future<Output = T>,
        until: impl Fn() -> bool,
    ) -> Result<T, Halt> {
        let mut work = pin!(work);
        let guarded = poll_fn(|cx| match self.poll_halt(cx, &until) {
            Poll::Ready(halt) => Poll::Ready(Err(halt)),
            Poll::Pending => work.as_mut().poll(cx).map(Ok),
        });
        match self.stall_limit() {
            Some(limit) => timeout(limit, guarded).await.unwrap_or(Err(Halt::Stalled)),
            None => guarded.await,
        }
    }
}

/// Moves what `walk` is made for, a stream or a package, from `source` into the pipe, of which the
/// worker has the other end, and not a byte of what follows it.
///
/// Somebody has to keep the pipe's reading end open, or writing could raise `SIGPIPE` in a thread of
/// the runtime's. That the worker is done is told by the alarm.
pub(crate) async fn feed<T: Send + 'static>(
    source: impl AsyncRead,
    pipe: OwnedFd,
    watch: &AsyncWatch,
    worker: &Worker<T>,
    mut walk: RecordWalk,
) -> Result<(), Halt> {
    let mut source = pin!(source);
    let mut pipe = pipe::Sender::from_file(File::from(pipe)).map_err(Halt::Source)?;
    let mut buffer = vec![0; CHUNK];
    while !walk.has_ended() {
        let room = walk.certain().min(buffer.len());
        let read = source.read(&mut buffer[..room]);
        let read = watch.guard(read, || worker.has_ended()).await?;
        let len = read.map_err(Halt::Source)?;
        if len == 0 {
            break;
        }
        let mut rest = &buffer[..len];
        while !rest.is_empty() {
            let written = watch.guard(pipe.write(rest), || worker.has_ended()).await?;
            rest = &rest[written.map_err(Halt::Source)?..];
        }
        watch.moved(len, walk.pass(&buffer[..len]));
    }
    Ok(())
}

/// Waits for the worker, or until there is a reason to stop, and then for a moment longer.
pub(crate) async fn join<T: Send + 'static>(
    worker: Worker<T>,
    watch: &AsyncWatch,
    stopped: bool,
) -> Option<T> {
    let ended = || worker.has_ended();
    if !stopped {
        // Either it has ended now, or it is to be stopped.
        let _ = watch.guard(std::future::pending::<()>(), ended).await;
    }
    let all_done = poll_fn(|cx| {
        watch.alarm.wakes(cx.waker());
        if ended() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    });
    let in_time = timeout(GRACE, all_done).await.is_ok();
    // It has nothing to do any more but to go.
    in_time.then(|| worker.join())
}
