//! Frames: what goes over a connection, each with its kind and its length in front.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::SendFlags;

use super::message::{Failure, plain};
use crate::error::ErrorKind;
use crate::transfer::{Halt, Watch};

/// The longest message, in bytes: room for the names of tens of thousands of snapshots.
pub(super) const MAX_MESSAGE: usize = 4 << 20;
/// The most data in one frame, in bytes.
const MAX_DATA: usize = 1 << 20;
/// The data in the frames that are sent, in bytes.
const CHUNK: usize = 256 << 10;
/// A kind and a length.
const HEAD_LEN: usize = 5;
/// How much memory is asked for on the word of a length.
const TRUSTED: usize = 16 << 10;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A greeting, a request, or its answer.
    Message = b'M' as isize,
    /// Some of a stream.
    Data = b'D' as isize,
    /// The end of a stream that is whole.
    End = b'E' as isize,
    /// Why there is no answer, or no more of a stream.
    Failure = b'F' as isize,
}

/// That a control has stopped a transfer, as an error of input or output.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Stopped(pub(super) ErrorKind);

/// How long is waited for the other side, and with which controls.
#[derive(Clone, Debug)]
pub(super) struct Patience {
    pub(super) limit: Duration,
    pub(super) watch: Arc<Watch>,
}

impl Patience {
    pub(super) fn new(limit: Duration) -> Self {
        let watch = Arc::default();
        Self { limit, watch }
    }

    /// Waits until one of these is ready, and says for what each is.
    fn wait<const N: usize>(
        &self,
        since: Instant,
        fds: [(BorrowedFd<'_>, PollFlags); N],
    ) -> io::Result<[PollFlags; N]> {
        let left = self.limit.saturating_sub(since.elapsed());
        let ready = self.watch.wait_at_most(Some(left), fds);
        let ready = ready.map_err(|halt| match halt {
            Halt::Source(error) | Halt::Sink(error) => error,
            Halt::Cancelled => io::Error::other(Stopped(ErrorKind::Cancelled)),
            Halt::Stalled => io::Error::other(Stopped(ErrorKind::Stalled)),
            Halt::Gone => io::ErrorKind::BrokenPipe.into(),
        })?;
        ready.ok_or_else(|| {
            let why = format!("nothing moved for {:?}", self.limit);
            io::Error::new(io::ErrorKind::TimedOut, why)
        })
    }
}

/// What came of a stream.
pub(super) enum Data {
    /// So many bytes.
    Some(usize),
    /// Its end.
    End,
    /// Why there is no more of it.
    Failure(Failure),
}

/// Where frames are read.
#[derive(Debug)]
pub(super) struct Input {
    fd: OwnedFd,
    pub(super) patience: Patience,
    /// How much of the frame of data that was begun is to come.
    left: usize,
    /// Whether a stream is to come, or the rest of one.
    streams: bool,
}

impl Input {
    pub(super) fn new(fd: OwnedFd, patience: Patience) -> io::Result<Self> {
        // Or reading would wait, and not polling, where another reads too.
        rustix::io::ioctl_fionbio(&fd, true)?;
        Ok(Self {
            fd,
            patience,
            left: 0,
            streams: false,
        })
    }

    /// Another that stands where this one does, by another descriptor.
    pub(super) fn another(&self) -> io::Result<Self> {
        Ok(Self {
            fd: self.fd.try_clone()?,
            patience: self.patience.clone(),
            ..*self
        })
    }

    /// From now on it is a stream that comes, until that has ended.
    pub(super) fn begin_stream(&mut self) {
        self.streams = true;
    }

    /// Whether there is something to read, or the other side is gone.
    pub(super) fn has_something(&self) -> bool {
        let mut polled = [PollFd::new(&self.fd, PollFlags::IN)];
        poll(&mut polled, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
    }

    /// Reads some bytes; none are the end of the connection.
    fn read(&self, since: Instant, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            // First, since there mostly is something; it does not wait.
            match rustix::io::read(&self.fd, &mut *buffer) {
                Err(Errno::AGAIN) => {}
                Err(Errno::INTR) => continue,
                read => return Ok(read?),
            }
            self.patience
                .wait(since, [(self.fd.as_fd(), PollFlags::IN)])?;
        }
    }

    /// Reads exactly so many bytes, all of them in time, and says whether there was any: none are the
    /// end of the connection.
    fn fill(&self, since: Instant, buffer: &mut [u8]) -> io::Result<bool> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read(since, &mut buffer[filled..])? {
                0 if filled == 0 => return Ok(false),
                0 => return Err(cut()),
                len => filled += len,
            }
        }
        Ok(true)
    }

    /// What begins the next frame; none at the end of the connection.
    pub(super) fn head(&self) -> io::Result<Option<(Kind, usize)>> {
        let since = Instant::now();
        let mut head = [0; HEAD_LEN];
        if !self.fill(since, &mut head)? {
            return Ok(None);
        }
        let [kind, len @ ..] = head;
        let (kind, most) = match kind {
            b'M' => (Kind::Message, MAX_MESSAGE),
            b'D' if len != [0; 4] => (Kind::Data, MAX_DATA),
            b'E' => (Kind::End, 0),
            b'F' => (Kind::Failure, MAX_MESSAGE),
            _ => return Err(self.babble(&head)),
        };
        match usize::try_from(u32::from_be_bytes(len)) {
            Ok(len) if len <= most => Ok(Some((kind, len))),
            _ => Err(nonsense(format!(
                "a frame that is longer than {most} bytes"
            ))),
        }
    }

    /// What comes is not of this protocol, but mostly a text that says why not.
    fn babble(&self, head: &[u8]) -> io::Error {
        let mut more = [0; 200];
        let len = match self.has_something() {
            true => rustix::io::read(&self.fd, &mut more).unwrap_or(0),
            false => 0,
        };
        let text = [head, &more[..len]].concat();
        nonsense(format!("{:?}", String::from_utf8_lossy(&text)))
    }

    /// The rest of a message or a failure.
    pub(super) fn text(&self, len: usize) -> io::Result<Vec<u8>> {
        let since = Instant::now();
        let mut text = Vec::new();
        while text.len() < len {
            let from = text.len();
            // Not more than twice of what has come.
            text.resize(len.min(from + from.max(TRUSTED)), 0);
            if !self.fill(since, &mut text[from..])? {
                return Err(cut());
            }
        }
        Ok(text)
    }

    pub(super) fn failure(&self, len: usize) -> io::Result<Failure> {
        let text = self.text(len)?;
        serde_json::from_slice(&text).map_err(|error| nonsense(error.to_string()))
    }

    /// Waits until something of a stream is there. Says what it is if it is not data.
    pub(super) fn begin_data(&mut self) -> io::Result<Option<Data>> {
        if !self.streams {
            return Ok(Some(Data::End));
        }
        while self.left == 0 {
            match self.head()? {
                Some((Kind::Data, len)) => self.left = len,
                Some((Kind::End, _)) => {
                    self.streams = false;
                    return Ok(Some(Data::End));
                }
                Some((Kind::Failure, len)) => {
                    self.streams = false;
                    return Ok(Some(Data::Failure(self.failure(len)?)));
                }
                Some((Kind::Message, _)) => {
                    return Err(nonsense("a message within a stream".to_owned()));
                }
                None => return Err(cut()),
            }
        }
        Ok(None)
    }

    /// Reads some of a stream.
    pub(super) fn data(&mut self, buffer: &mut [u8]) -> io::Result<Data> {
        if let Some(over) = self.begin_data()? {
            return Ok(over);
        }
        let len = buffer.len().min(self.left);
        match self.read(Instant::now(), &mut buffer[..len])? {
            0 => Err(cut()),
            len => {
                self.left -= len;
                Ok(Data::Some(len))
            }
        }
    }

    /// Reads what is left of a stream, which may not be more than that, and says how much it was.
    pub(super) fn drain(&mut self, most: u64) -> io::Result<u64> {
        let mut buffer = vec![0; CHUNK];
        let mut drained = 0;
        while drained <= most {
            match self.data(&mut buffer)? {
                Data::Some(len) => drained += len as u64,
                Data::End | Data::Failure(_) => return Ok(drained),
            }
        }
        Err(nonsense("a stream that does not stop when told".to_owned()))
    }
}

/// Where frames are written.
#[derive(Debug)]
pub(super) struct Output {
    fd: OwnedFd,
    is_socket: bool,
    pub(super) patience: Patience,
}

impl Output {
    pub(super) fn new(fd: OwnedFd, patience: Patience) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&fd, true)?;
        let is_socket = rustix::net::sockopt::socket_type(&fd).is_ok();
        Ok(Self {
            fd,
            is_socket,
            patience,
        })
    }

    fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        let mut since = Instant::now();
        while !bytes.is_empty() {
            let written = match self.is_socket {
                true => rustix::net::send(&self.fd, bytes, SendFlags::NOSIGNAL),
                false => rustix::io::write(&self.fd, bytes),
            };
            match written {
                Ok(len) => {
                    bytes = &bytes[len..];
                    since = Instant::now();
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    self.patience
                        .wait(since, [(self.fd.as_fd(), PollFlags::OUT)])?;
                }
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    /// Writes a message or a failure.
    pub(super) fn text(&self, kind: Kind, value: &impl serde::Serialize) -> io::Result<()> {
        let mut frame = vec![0; HEAD_LEN];
        serde_json::to_writer(&mut frame, value)?;
        let len = frame.len() - HEAD_LEN;
        if len > MAX_MESSAGE {
            let why = format!("{len} bytes are more than a message can have");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        put_head(&mut frame, kind, len);
        self.write_all(&frame)
    }

    /// Writes some of a stream, and says how much.
    pub(super) fn some_data(&self, bytes: &[u8]) -> io::Result<usize> {
        let bytes = &bytes[..bytes.len().min(CHUNK)];
        if bytes.is_empty() {
            return Ok(0);
        }
        let mut frame = vec![0; HEAD_LEN];
        frame.extend_from_slice(bytes);
        put_head(&mut frame, Kind::Data, bytes.len());
        self.write_all(&frame)?;
        Ok(bytes.len())
    }

    /// Writes the end of a stream.
    pub(super) fn end(&self) -> io::Result<()> {
        let mut frame = [0; HEAD_LEN];
        put_head(&mut frame, Kind::End, 0);
        self.write_all(&frame)
    }

    /// Writes some of a stream, unless the other side has something to say, and says whether it did.
    pub(super) fn data(&self, chunk: &mut Chunk, len: usize, input: &Input) -> io::Result<bool> {
        let fds = [
            (self.fd.as_fd(), PollFlags::OUT),
            (input.fd.as_fd(), PollFlags::IN),
        ];
        let [_, says] = self.patience.wait(Instant::now(), fds)?;
        if !says.is_empty() {
            return Ok(false);
        }
        put_head(&mut chunk.0, Kind::Data, len);
        self.write_all(&chunk.0[..HEAD_LEN + len])?;
        Ok(true)
    }
}

/// Room for some data, and for what goes in front of it.
pub(super) struct Chunk(Vec<u8>);

impl Chunk {
    pub(super) fn new() -> Self {
        Self(vec![0; HEAD_LEN + CHUNK])
    }

    pub(super) fn room(&mut self) -> &mut [u8] {
        &mut self.0[HEAD_LEN..]
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a frame is short")]
fn put_head(frame: &mut [u8], kind: Kind, len: usize) {
    frame[0] = kind as u8;
    frame[1..HEAD_LEN].copy_from_slice(&(len as u32).to_be_bytes());
}

/// The connection has ended where more had to come.
pub(super) fn cut() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "it ended where more had to come",
    )
}

/// What comes is not what has to. It may be quoted in why.
pub(super) fn nonsense(what: String) -> io::Error {
    let why = format!("unexpected: {}", plain(&what));
    io::Error::new(io::ErrorKind::InvalidData, why)
}
