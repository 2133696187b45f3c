//! Descriptors of the caller's: of what kind they are, and how each is used without waiting for it
//! longer than is allowed.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, OFlags, fcntl_getfl, fstat};
use rustix::io::{Errno, ioctl_fionbio};
use rustix::net::sockopt::{Timeout, socket_timeout};
use rustix::net::{SendFlags, send};
use rustix::pipe::{SpliceFlags, splice};

use super::control::{Halt, Watch};
use super::pipe;
use super::pump::{Sink, Source};

/// How much is written to a terminal at a time.
const LINE: usize = 256;

/// How much is spliced at a time.
const SPLICE: usize = 1 << 20;

/// Moves what is there, also if it is a pipe that would wait for more.
const NO_WAIT: SpliceFlags = SpliceFlags::MOVE.union(SpliceFlags::NONBLOCK);

/// How a descriptor can be used for a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suitability {
    /// The kernel can be given it.
    Direct,
    /// What is read or written has to go through a pipe of ours.
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
    direct_if_blocking_pipe(fd, flags)
}

/// Whether the kernel may read a stream from `fd`: from a blocking pipe and nothing else. What
/// reading any other fails with would be taken for what ZFS means by the number.
pub(crate) fn readable(fd: BorrowedFd<'_>) -> io::Result<Suitability> {
    let flags = fcntl_getfl(fd)?;
    if flags.contains(OFlags::PATH) || flags & OFlags::RWMODE == OFlags::WRONLY {
        return Ok(Suitability::Unsuited);
    }
    direct_if_blocking_pipe(fd, flags)
}

fn direct_if_blocking_pipe(fd: BorrowedFd<'_>, flags: OFlags) -> io::Result<Suitability> {
    let blocking_pipe = kind(fd)? == FileType::Fifo && !flags.contains(OFlags::NONBLOCK);
    Ok(if blocking_pipe {
        Suitability::Direct
    } else {
        Suitability::Copied
    })
}

fn nonblocking_pipe() -> io::Result<(File, File)> {
    let (reader, writer) = pipe()?;
    ioctl_fionbio(&writer, true)?;
    Ok((reader, writer.into()))
}

fn kind(fd: BorrowedFd<'_>) -> io::Result<FileType> {
    Ok(FileType::from_raw_mode(fstat(fd)?.st_mode))
}

/// Whether somebody has made a pipe that blocked one that does not, which others who have it open can
/// do at any time.
pub(crate) fn blocks_no_more(pipe: BorrowedFd<'_>) -> bool {
    fcntl_getfl(pipe).is_ok_and(|flags| flags.contains(OFlags::NONBLOCK))
}

/// The error of a pipe that [blocks no more](blocks_no_more).
pub(crate) fn made_nonblocking() -> io::Error {
    io::Error::other("somebody made the pipe non-blocking while it was in use")
}

/// Whether a pipe to write to has no reader.
pub(crate) fn is_broken(pipe: BorrowedFd<'_>) -> bool {
    let at_once = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let mut polled = [PollFd::from_borrowed_fd(pipe, PollFlags::empty())];
    poll(&mut polled, Some(&at_once)).is_ok() && polled[0].revents().contains(PollFlags::ERR)
}

/// Reads from a pipe that blocks until `buffer` is full or the stream ends; returns how many
/// bytes there were.
pub(crate) fn read_up_to(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    let mut len = 0;
    while len < buffer.len() {
        match rustix::io::read(fd, &mut buffer[len..]) {
            Ok(0) => break,
            Ok(n) => len += n,
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Err(made_nonblocking()),
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(len)
}

/// A descriptor to read or write, blocking or not.
#[derive(Debug)]
pub(crate) struct Descriptor<'fd> {
    fd: BorrowedFd<'fd>,
    kind: FileType,
    blocks: bool,
    /// What is written to a pipe that blocks passes through this one, of which both ends are here.
    through: Option<(File, File)>,
    /// Whether it can be spliced from or into, as far as is known.
    splices: bool,
}

impl<'fd> Descriptor<'fd> {
    pub(crate) fn new(fd: BorrowedFd<'fd>) -> io::Result<Self> {
        let kind = kind(fd)?;
        let blocks = !fcntl_getfl(fd)?.contains(OFlags::NONBLOCK);
        Ok(Self {
            fd,
            kind,
            blocks,
            // With a socket or terminal that blocks it does, for as long as that likes.
            splices: !blocks || kind != FileType::Socket && !fd.is_terminal(),
            through: None,
        })
    }

    /// Moves all that comes out of the pipe, of which we have the end that blocks, without looking
    /// at it; false if this descriptor does not take it so, and has taken nothing of what is left.
    pub(crate) fn splice_from(&self, pipe: &File) -> Result<bool, Halt> {
        let unwatched = Watch::default();
        loop {
            match splice(pipe, None, self.fd, None, SPLICE, SpliceFlags::MOVE) {
                Ok(0) => return Ok(true),
                Ok(_) | Err(Errno::INTR) => {}
                // Of a file that is appended to, and of devices.
                Err(Errno::INVAL) => return Ok(false),
                // That the pipe has nothing to give is said in the same way.
                Err(Errno::AGAIN) if !self.blocks => {
                    let [ready] = unwatched.wait([(pipe.as_fd(), PollFlags::IN)])?;
                    // At its end there is nothing to find room for.
                    if ready.contains(PollFlags::IN) {
                        unwatched.wait([(self.fd, PollFlags::OUT)])?;
                    }
                }
                Err(Errno::AGAIN) => return Err(Halt::Sink(Errno::TIMEDOUT.into())),
                Err(errno) => return Err(Halt::Sink(errno.into())),
            }
        }
    }

    /// Writes without waiting, if that is to be had of a descriptor of this kind.
    fn write_some(&self, bytes: &[u8]) -> rustix::io::Result<usize> {
        match self.kind {
            FileType::Socket => send(self.fd, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL),
            // That it is ready says little of how much it takes.
            FileType::CharacterDevice if self.blocks && self.fd.is_terminal() => {
                rustix::io::write(self.fd, &bytes[..bytes.len().min(LINE)])
            }
            _ => rustix::io::write(self.fd, bytes),
        }
    }

    /// Writes to a pipe that blocks, and does not wait while it is full: that is to be had of splicing,
    /// and not of writing.
    fn splice_some(&mut self, bytes: &[u8], watch: &Watch) -> Result<usize, Halt> {
        let (reader, writer) = match &self.through {
            Some(pipe) => pipe,
            None => self
                .through
                .insert(nonblocking_pipe().map_err(Halt::Source)?),
        };
        // It is empty.
        let len = rustix::io::write(writer, bytes).map_err(|errno| Halt::Source(errno.into()))?;
        let mut left = len;
        while left > 0 {
            match splice(reader, None, self.fd, None, left, SpliceFlags::NONBLOCK) {
                Ok(moved) => left -= moved,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    watch.wait([(self.fd, PollFlags::OUT)])?;
                }
                Err(errno) => return Err(Halt::Sink(errno.into())),
            }
        }
        Ok(len)
    }

    /// The time limit that the caller has set for the descriptor (`SO_RCVTIMEO`, `SO_SNDTIMEO`),
    /// which the kernel does not see to where we wait for it.
    fn limit(&self, direction: Timeout) -> Option<Duration> {
        if !self.blocks || self.kind != FileType::Socket {
            return None;
        }
        socket_timeout(self.fd, direction).unwrap_or(None)
    }
}

impl Source for Descriptor<'_> {
    fn read(
        &mut self,
        buffer: &mut [u8],
        pipe: Option<BorrowedFd<'_>>,
        watch: &Watch,
    ) -> Result<usize, Halt> {
        let limit = self.limit(Timeout::Recv);
        loop {
            let source = (self.fd, PollFlags::IN);
            let ready = match pipe {
                Some(pipe) => {
                    let fds = [source, (pipe, PollFlags::empty())];
                    match watch.wait_at_most(limit, fds)? {
                        Some([_, pipe]) if pipe.contains(PollFlags::ERR) => {
                            return Err(Halt::Gone);
                        }
                        ready => ready.map(|[ready, _]| ready),
                    }
                }
                None => watch.wait_at_most(limit, [source])?.map(|[ready]| ready),
            };
            match ready {
                None => return Err(Halt::Source(Errno::TIMEDOUT.into())),
                Some(ready) if ready.is_empty() => continue,
                Some(_) => {}
            }
            match rustix::io::read(self.fd, &mut *buffer) {
                Err(Errno::AGAIN | Errno::INTR) => {}
                read => return read.map_err(|errno| Halt::Source(errno.into())),
            }
        }
    }

    fn splice(&mut self, pipe: &File, len: u64, watch: &Watch) -> Result<Option<usize>, Halt> {
        let len = usize::try_from(len).map_or(SPLICE, |len| len.min(SPLICE));
        while self.splices {
            let fds = [(self.fd, PollFlags::IN), (pipe.as_fd(), PollFlags::empty())];
            let [_, theirs] = watch.wait(fds)?;
            if theirs.contains(PollFlags::ERR) {
                return Err(Halt::Gone);
            }
            watch.wait([(pipe.as_fd(), PollFlags::OUT)])?;
            match splice(self.fd, None, pipe, None, len, NO_WAIT) {
                Ok(len) => return Ok(Some(len)),
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(Errno::INVAL) => self.splices = false,
                Err(Errno::PIPE) => return Err(Halt::Gone),
                Err(errno) => return Err(Halt::Source(errno.into())),
            }
        }
        Ok(None)
    }
}

impl Sink for Descriptor<'_> {
    fn splice(&mut self, pipe: &File, len: u64, watch: &Watch) -> Result<Option<usize>, Halt> {
        let len = usize::try_from(len).map_or(SPLICE, |len| len.min(SPLICE));
        while self.splices {
            watch.wait([(pipe.as_fd(), PollFlags::IN)])?;
            watch.wait([(self.fd, PollFlags::OUT)])?;
            match splice(pipe, None, self.fd, None, len, NO_WAIT) {
                Ok(len) => return Ok(Some(len)),
                Err(Errno::AGAIN | Errno::INTR) => {}
                // Of a file that is appended to, and of devices.
                Err(Errno::INVAL) => self.splices = false,
                Err(errno) => return Err(Halt::Sink(errno.into())),
            }
        }
        Ok(None)
    }

    fn write(&mut self, bytes: &[u8], watch: &Watch) -> Result<usize, Halt> {
        if self.blocks && self.kind == FileType::Fifo {
            return self.splice_some(bytes, watch);
        }
        let wait = || {
            let limit = self.limit(Timeout::Send);
            let ready = watch.wait_at_most(limit, [(self.fd, PollFlags::OUT)])?;
            ready.ok_or_else(|| Halt::Sink(Errno::TIMEDOUT.into()))
        };
        loop {
            // What cannot be asked for without waiting is waited for first.
            if self.blocks && self.kind != FileType::Socket {
                wait()?;
            }
            match self.write_some(bytes) {
                Ok(len) => return Ok(len),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    wait()?;
                }
                Err(errno) => return Err(Halt::Sink(errno.into())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_are_told_apart() {
        let (reader, writer) = pipe().unwrap();
        assert_eq!(writable(writer.as_fd()).unwrap(), Suitability::Direct);
        assert_eq!(writable(reader.as_fd()).unwrap(), Suitability::Unsuited);
        assert_eq!(readable(reader.as_fd()).unwrap(), Suitability::Direct);
        for other in ["/proc/self/exe", "/dev/null"].map(|path| File::open(path).unwrap()) {
            assert_eq!(readable(other.as_fd()).unwrap(), Suitability::Copied);
        }
        let (socket, _) = std::os::unix::net::UnixStream::pair().unwrap();
        assert_eq!(readable(socket.as_fd()).unwrap(), Suitability::Copied);
        assert_eq!(readable(writer.as_fd()).unwrap(), Suitability::Unsuited);
        ioctl_fionbio(&writer, true).unwrap();
        assert_eq!(writable(writer.as_fd()).unwrap(), Suitability::Copied);
        let null = File::options().write(true).open("/dev/null").unwrap();
        assert_eq!(writable(null.as_fd()).unwrap(), Suitability::Copied);
    }

    #[test]
    fn a_pipe_that_blocks_gets_all_and_makes_nobody_wait() {
        use std::io::Read;

        use super::super::TransferControl;

        let (mut reader, writer) = pipe().unwrap();
        let control = TransferControl::new().with_stall_limit(Duration::from_millis(50));
        let mut watch = Watch::default();
        watch.add(&control).unwrap();
        let mut sink = Descriptor::new(writer.as_fd()).unwrap();
        let bytes: Vec<u8> = (0..300_000_u32).flat_map(u32::to_ne_bytes).collect();
        let mut taken = 0;
        let halt = loop {
            match sink.write(&bytes[taken..], &watch) {
                Ok(len) => taken += len,
                Err(halt) => break halt,
            }
        };
        assert!(matches!(halt, Halt::Stalled));
        drop(writer);
        let mut read = Vec::new();
        reader.read_to_end(&mut read).unwrap();
        assert!(read.len() >= taken && read == bytes[..read.len()]);
    }
}
