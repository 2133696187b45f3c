//! The host's ends of a guest's ports.
//!
//! QEMU connects each port to a socket of ours. What a stream carries ends with
//! a marker that is drawn anew for each guest, because a port has no other end:
//! the guest's processes may hold it open for as long as they like.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;

use anyhow::{Context as _, Result};

/// What a guest says, and what becomes of its streams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// All is mounted and loaded: this OpenZFS awaits a `go`.
    Ready(String),
    /// The guest is alive.
    Beat,
    /// The command ended, with this status.
    Exit(u8),
    /// All has been sent.
    Done,
    /// The guest gives up.
    Failed(String),
    /// A stream came to its end.
    StreamEnded,
    /// A stream could not be written on the host's side.
    StreamFailed(String),
    /// QEMU is gone.
    Gone,
}

impl Event {
    /// Understands a line of the control port.
    fn parse(line: &str) -> Option<Self> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        Some(match word {
            "ready" => Self::Ready(rest.to_owned()),
            "beat" => Self::Beat,
            "exit" => Self::Exit(rest.parse().ok()?),
            "done" => Self::Done,
            "failed" => Self::Failed(rest.to_owned()),
            _ => return None,
        })
    }
}

/// A socket that QEMU will connect a port to.
#[derive(Debug)]
pub(crate) struct Port {
    listener: UnixListener,
}

impl Port {
    /// Listens in the directory.
    ///
    /// A socket's address holds some hundred bytes and a cache may lie deeper than
    /// that, so the directory is gone through by its descriptor, and QEMU, which
    /// is started next to it, gets a relative path.
    pub(crate) fn listen(directory: &File, name: &str) -> Result<Self> {
        let address = format!("/proc/self/fd/{}/{name}", directory.as_raw_fd());
        let listener = UnixListener::bind(address)
            .with_context(|| format!("could not listen at a port's socket, {name}"))?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener })
    }

    /// The port's stream, if QEMU has connected; it does so as it starts.
    pub(crate) fn accept(&self) -> io::Result<Option<UnixStream>> {
        match self.listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false)?;
                Ok(Some(stream))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Turns what comes over the control port into events until it closes.
pub(crate) fn listen_to_control(mut stream: UnixStream, events: Sender<Event>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut line = Vec::new();
        let mut bytes = [0; 256];
        while let Ok(length @ 1..) = stream.read(&mut bytes) {
            for &byte in &bytes[..length] {
                if byte == b'\n' {
                    let event = Event::parse(&String::from_utf8_lossy(&line));
                    line.clear();
                    if event.is_some_and(|event| events.send(event).is_err()) {
                        return;
                    }
                } else {
                    line.push(byte);
                }
            }
        }
        let _ = events.send(Event::Gone);
    })
}

/// Copies a stream as it comes, up to the marker.
pub(crate) fn copy_stream(
    stream: UnixStream,
    marker: &str,
    mut to: impl Write + Send + 'static,
    events: Sender<Event>,
) -> JoinHandle<()> {
    let marker = marker.as_bytes().to_vec();
    std::thread::spawn(move || {
        let event = match copy_until(stream, &marker, &mut to) {
            Ok(true) => Event::StreamEnded,
            Ok(false) => return,
            Err(error) => Event::StreamFailed(error.to_string()),
        };
        let _ = events.send(event);
    })
}

/// Copies up to the marker; false if the input ends without one.
fn copy_until(mut from: impl Read, marker: &[u8], to: &mut impl Write) -> io::Result<bool> {
    let mut pending = Vec::new();
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let length = match from.read(&mut bytes) {
            Ok(0) => {
                to.write_all(&pending)?;
                to.flush()?;
                return Ok(false);
            }
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // A socket whose other end was killed.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => 0,
            Err(error) => return Err(error),
        };
        pending.extend_from_slice(&bytes[..length]);
        let (upto, found) = split(&pending, marker);
        to.write_all(&pending[..upto])?;
        to.flush()?;
        if found {
            return Ok(true);
        }
        pending.drain(..upto);
        if length == 0 {
            return Ok(false);
        }
    }
}

/// How much of the bytes comes before the marker, or before what may be the
/// marker's beginning; and whether it is all there.
fn split(bytes: &[u8], marker: &[u8]) -> (usize, bool) {
    // Nearly always so, and the quickest question there is.
    if !bytes.contains(&marker[0]) {
        return (bytes.len(), false);
    }
    if let Some(at) = bytes
        .windows(marker.len())
        .position(|window| window == marker)
    {
        return (at, true);
    }
    let longest = (marker.len() - 1).min(bytes.len());
    let held = (1..=longest)
        .rev()
        .find(|&length| bytes.ends_with(&marker[..length]))
        .unwrap_or(0);
    (bytes.len() - held, false)
}

/// Bytes that no program writes by accident.
pub(crate) fn new_marker() -> Result<String> {
    let mut random = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut random)?;
    let mut marker = String::from("\u{1}end-");
    for byte in random {
        use std::fmt::Write as _;
        let _ = write!(marker, "{byte:02x}");
    }
    Ok(marker)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out its pieces one read at a time.
    struct Pieces(Vec<Vec<u8>>);

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            let piece = self.0.remove(0);
            buffer[..piece.len()].copy_from_slice(&piece);
            Ok(piece.len())
        }
    }

    #[test]
    fn a_stream_is_whole_wherever_it_is_cut() {
        let text = b"a<MARK\r\n\0<MA<MARK<MARK>lost".as_slice();
        for first in 0..text.len() {
            for second in first..text.len() {
                let pieces = [&text[..first], &text[first..second], &text[second..]];
                let pieces = pieces.into_iter().filter(|piece| !piece.is_empty());
                let mut copied = Vec::new();
                let reader = Pieces(pieces.map(<[u8]>::to_vec).collect());
                assert!(copy_until(reader, b"<MARK>", &mut copied).unwrap());
                assert_eq!(copied, b"a<MARK\r\n\0<MA<MARK");
            }
        }
    }

    #[test]
    fn a_stream_without_an_end_is_still_copied() {
        let mut copied = Vec::new();
        assert!(!copy_until(b"abc<MA".as_slice(), b"<MARK>", &mut copied).unwrap());
        assert_eq!(copied, b"abc<MA");
    }

    #[test]
    fn control_lines_are_understood() {
        assert_eq!(
            Event::parse("ready 2.3.9-1"),
            Some(Event::Ready("2.3.9-1".into()))
        );
        assert_eq!(Event::parse("beat"), Some(Event::Beat));
        assert_eq!(Event::parse("exit 137"), Some(Event::Exit(137)));
        assert_eq!(Event::parse("exit 256"), None);
        assert_eq!(Event::parse("exit"), None);
        assert_eq!(
            Event::parse("failed no disk"),
            Some(Event::Failed("no disk".into()))
        );
        assert_eq!(Event::parse("nonsense"), None);
    }
}
