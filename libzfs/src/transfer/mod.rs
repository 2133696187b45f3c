//! What sends and receives share: threads that no signal reaches, pipes, descriptors of every kind,
//! and the moving between them.

#[cfg(feature = "tokio")]
mod asynchronous;
mod control;
mod descriptor;
mod pump;
mod records;
#[cfg(feature = "tokio")]
mod updates;
mod watched;
mod worker;

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::thread::{self, JoinHandle, ScopedJoinHandle};

use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};

#[cfg(feature = "tokio")]
pub(crate) use self::asynchronous::{AsyncWatch, feed as feed_async, join as join_async};
pub(crate) use self::control::{Alarm, Halt, Watch};
pub use self::control::{Progress, TransferControl};
pub(crate) use self::descriptor::{
    Descriptor, Suitability, blocks_no_more, is_broken, made_nonblocking, read_up_to, readable,
    writable,
};
#[cfg(feature = "tokio")]
pub(crate) use self::pump::CHUNK;
pub(crate) use self::pump::{FromRead, IntoWrite, Source, drain, feed, read_pipe};
pub(crate) use self::records::RecordWalk;
#[cfg(feature = "tokio")]
pub use self::updates::ProgressUpdates;
pub(crate) use self::watched::WatchedRead;
pub(crate) use self::worker::Worker;
use crate::ffi::block_all_signals;

/// The size that new pipes get if the system allows it: what an unprivileged user may have by
/// default (`/proc/sys/fs/pipe-max-size`).
const PIPE_SIZE: usize = 1 << 20;

/// Starts a thread that no signal reaches.
///
/// The kernel ends a send or receive when a signal is pending for the thread that runs it, and
/// raises `SIGPIPE` in that thread when the stream's reader is gone. In a thread of our own with
/// everything blocked neither is seen by anyone.
pub(crate) fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    thread::Builder::new().name(name.into()).spawn(move || {
        block_all_signals();
        work()
    })
}

/// As [`spawn`], for work that borrows.
pub(crate) fn spawn_scoped<'scope, T: Send + 'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    name: &str,
    work: impl FnOnce() -> T + Send + 'scope,
) -> io::Result<ScopedJoinHandle<'scope, T>> {
    thread::Builder::new()
        .name(name.into())
        .spawn_scoped(scope, move || {
            block_all_signals();
            work()
        })
}

/// What a thread returned; its panic, if it had one, goes on in the caller.
pub(crate) fn joined<T>(result: thread::Result<T>) -> T {
    result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// A new pipe, closed on exec, as large as it may be: its reading and its writing end.
pub(crate) fn pipe() -> io::Result<(File, OwnedFd)> {
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
    // Only while it is empty: resizing a pipe with data in it can hang on Linux. A pipe of the
    // usual size serves as well, only slower.
    if let Err(error) = fcntl_setpipe_size(&writer, PIPE_SIZE) {
        tracing::debug!(%error, "pipe stays at its usual size");
    }
    Ok((reader.into(), writer))
}
