//! What sends and receives share: threads that no signal reaches, pipes, and descriptors that are
//! of a kind that the kernel can be given.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::thread::{self, JoinHandle, ScopedJoinHandle};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{FileType, OFlags, fcntl_getfl, fstat};
use rustix::net::sockopt::{Timeout, socket_timeout};
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};

use crate::ffi::block_all_signals;

/// The size that new pipes get if the system allows it: what an unprivileged user may have by
/// default (`/proc/sys/fs/pipe-max-size`).
const PIPE_SIZE: usize = 1 << 20;

/// How much the copying threads move at a time.
const CHUNK: usize = 256 << 10;

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

/// How a descriptor can be used for a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suitability {
    /// The kernel can be given it.
    Direct,
    /// A thread has to copy between it and a pipe of ours.
    Copied,
    /// It is not open in the direction that is needed.
    Unsuited,
}

/// Whether the kernel may write a stream to `fd`: to a blocking pipe and nothing else, because
/// the kernel takes what a socket, a full pipe or `/dev/null` does for an error of the stream.
pub(crate) fn writable(fd: BorrowedFd<'_>) -> io::Result<Suitability> {
    let flags = fcntl_getfl(fd)?;
    if flags.contains(OFlags::PATH) || flags & OFlags::RWMODE == OFlags::RDONLY {
        return Ok(Suitability::Unsuited);
    }
    let blocking_pipe = is_pipe(fd)? && !flags.contains(OFlags::NONBLOCK);
    Ok(if blocking_pipe {
        Suitability::Direct
    } else {
        Suitability::Copied
    })
}

/// Whether reading from `fd` has a time limit of its own, so that `EAGAIN` is that limit and not
/// what ZFS means by it.
pub(crate) fn has_time_limit(fd: BorrowedFd<'_>) -> bool {
    socket_timeout(fd, Timeout::Recv).is_ok_and(|limit| limit.is_some())
}

/// Whether the kernel may read a stream from `fd`: from anything that blocks.
pub(crate) fn readable(fd: BorrowedFd<'_>) -> io::Result<Suitability> {
    let flags = fcntl_getfl(fd)?;
    if flags.contains(OFlags::PATH) || flags & OFlags::RWMODE == OFlags::WRONLY {
        return Ok(Suitability::Unsuited);
    }
    let waits = flags.contains(OFlags::NONBLOCK);
    Ok(if waits {
        Suitability::Copied
    } else {
        Suitability::Direct
    })
}

fn is_pipe(fd: BorrowedFd<'_>) -> io::Result<bool> {
    Ok(FileType::from_raw_mode(fstat(fd)?.st_mode) == FileType::Fifo)
}

/// Reads until `buffer` is full or the stream ends; returns how many bytes there were.
pub(crate) fn read_up_to(mut from: impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut len = 0;
    while len < buffer.len() {
        match from.read(&mut buffer[len..]) {
            Ok(0) => break,
            Ok(n) => len += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(len)
}

/// A descriptor as something to read and write, blocking or not.
pub(crate) struct Blocking<'fd> {
    fd: BorrowedFd<'fd>,
    nonblocking: bool,
}

impl<'fd> Blocking<'fd> {
    pub(crate) fn new(fd: BorrowedFd<'fd>) -> io::Result<Self> {
        Ok(Self {
            fd,
            nonblocking: fcntl_getfl(fd)?.contains(OFlags::NONBLOCK),
        })
    }

    /// Waits until the descriptor is ready. One that blocks has done so already: then it is its
    /// own time limit that ran out.
    fn wait(&self, flags: PollFlags) -> io::Result<()> {
        if !self.nonblocking {
            return Err(rustix::io::Errno::TIMEDOUT.into());
        }
        loop {
            match poll(&mut [PollFd::new(&self.fd, flags)], None) {
                Ok(_) => return Ok(()),
                Err(rustix::io::Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

impl Read for Blocking<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match rustix::io::read(self.fd, &mut *buffer) {
                Err(rustix::io::Errno::AGAIN) => self.wait(PollFlags::IN)?,
                Err(rustix::io::Errno::INTR) => {}
                other => return Ok(other?),
            }
        }
    }
}

impl Write for Blocking<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        loop {
            match rustix::io::write(self.fd, buffer) {
                Err(rustix::io::Errno::AGAIN) => self.wait(PollFlags::OUT)?,
                Err(rustix::io::Errno::INTR) => {}
                other => return Ok(other?),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Which side of a copy failed.
#[derive(Debug)]
pub(crate) enum CopyError {
    /// Reading did.
    Read(io::Error),
    /// Writing did.
    Write(io::Error),
}

/// Copies until the source ends.
pub(crate) fn copy(mut from: impl Read, mut to: impl Write) -> Result<(), CopyError> {
    let mut buffer = vec![0; CHUNK];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(n) => to.write_all(&buffer[..n]).map_err(CopyError::Write)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(CopyError::Read(error)),
        }
    }
}

/// Copies from `from` into the pipe `to` until the source ends or the pipe has no reader any
/// more, also while the source has nothing to give.
pub(crate) fn feed(from: BorrowedFd<'_>, to: OwnedFd) -> Result<(), CopyError> {
    let mut buffer = vec![0; CHUNK];
    loop {
        let mut fds = [
            PollFd::new(&from, PollFlags::IN),
            PollFd::new(&to, PollFlags::empty()),
        ];
        match poll(&mut fds, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(CopyError::Read(errno.into())),
        }
        if fds[1].revents().contains(PollFlags::ERR) {
            return Err(CopyError::Write(io::ErrorKind::BrokenPipe.into()));
        }
        if fds[0].revents().is_empty() {
            continue;
        }
        match rustix::io::read(from, &mut *buffer) {
            Ok(0) => return Ok(()),
            Ok(n) => Blocking::new(to.as_fd())
                .and_then(|mut to| to.write_all(&buffer[..n]))
                .map_err(CopyError::Write)?,
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(CopyError::Read(errno.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn descriptors_are_told_apart() {
        let (reader, writer) = pipe().unwrap();
        assert_eq!(writable(writer.as_fd()).unwrap(), Suitability::Direct);
        assert_eq!(writable(reader.as_fd()).unwrap(), Suitability::Unsuited);
        assert_eq!(readable(reader.as_fd()).unwrap(), Suitability::Direct);
        assert_eq!(readable(writer.as_fd()).unwrap(), Suitability::Unsuited);
        rustix::io::ioctl_fionbio(&writer, true).unwrap();
        assert_eq!(writable(writer.as_fd()).unwrap(), Suitability::Copied);
        let null = File::options().write(true).open("/dev/null").unwrap();
        assert_eq!(writable(null.as_fd()).unwrap(), Suitability::Copied);
    }

    #[test]
    fn feeding_ends_when_the_reader_goes_while_the_source_is_idle() {
        let (source, _kept_open) = pipe().unwrap();
        let (reader, writer) = pipe().unwrap();
        let thread = spawn("feed", move || feed(source.as_fd(), writer)).unwrap();
        drop(reader);
        let (done, ended) = std::sync::mpsc::channel();
        thread::spawn(move || done.send(joined(thread.join()).is_err()));
        let limit = std::time::Duration::from_secs(10);
        assert!(ended.recv_timeout(limit).expect("feed() hangs"));
    }

    #[test]
    fn a_full_disk_is_the_writers_error() {
        let full = File::options().write(true).open("/dev/full").unwrap();
        match copy(&[1_u8; 10][..], &full) {
            Err(CopyError::Write(error)) => {
                assert_eq!(error.raw_os_error(), Some(libc::ENOSPC));
            }
            other => panic!("{other:?}"),
        }
    }
}
