//! Moving a stream between a pipe of ours, whose other end the kernel has, and anything else.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::event::PollFlags;

use super::control::{Halt, Watch};
use super::records::RecordWalk;

/// How much is moved at a time.
pub(crate) const CHUNK: usize = 256 << 10;

/// What a stream is read from.
pub(crate) trait Source {
    /// Reads some of it; 0 is its end. Gives up when nobody has the other end of `pipe` any more.
    fn read(
        &mut self,
        buffer: &mut [u8],
        pipe: Option<BorrowedFd<'_>>,
        watch: &Watch,
    ) -> Result<usize, Halt>;
}

/// What a stream is written to.
pub(crate) trait Sink {
    /// Writes some of it.
    fn write(&mut self, bytes: &[u8], watch: &Watch) -> Result<usize, Halt>;

    /// Sees to it that all that was written is on its way.
    fn flush(&mut self, _watch: &Watch) -> Result<(), Halt> {
        Ok(())
    }
}

/// Anything that reads, in the thread that calls. While it waits it cannot be stopped.
pub(crate) struct FromRead<R>(pub(crate) R);

impl<R: Read> Source for FromRead<R> {
    fn read(
        &mut self,
        buffer: &mut [u8],
        _pipe: Option<BorrowedFd<'_>>,
        watch: &Watch,
    ) -> Result<usize, Halt> {
        loop {
            watch.check()?;
            match self.0.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(n) if n > buffer.len() => {
                    let why = "the reader says that it has read more than there was room for";
                    return Err(Halt::Source(io::Error::other(why)));
                }
                read => return read.map_err(|error| Halt::Source(waited(error))),
            }
        }
    }
}

/// Anything that writes, in the thread that calls. While it waits it cannot be stopped.
pub(crate) struct IntoWrite<W>(pub(crate) W);

impl<W: Write> Sink for IntoWrite<W> {
    fn write(&mut self, bytes: &[u8], watch: &Watch) -> Result<usize, Halt> {
        loop {
            watch.check()?;
            match self.0.write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(n) if n > bytes.len() => {
                    let why = "the writer says that it has written more than there was";
                    return Err(Halt::Sink(io::Error::other(why)));
                }
                written => return written.map_err(|error| Halt::Sink(waited(error))),
            }
        }
    }

    fn flush(&mut self, watch: &Watch) -> Result<(), Halt> {
        loop {
            watch.check()?;
            match self.0.flush() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                flushed => return flushed.map_err(|error| Halt::Sink(waited(error))),
            }
        }
    }
}

/// Of something that is there to wait, "it would block" is a time limit that ran out.
fn waited(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::WouldBlock {
        return rustix::io::Errno::TIMEDOUT.into();
    }
    error
}

/// Moves the stream from `source` into the pipe, and not a byte of what follows it. Ends when the
/// stream or the source does.
///
/// `pipe` is our end of it and does not block.
pub(crate) fn feed(source: &mut dyn Source, pipe: &File, watch: &Watch) -> Result<(), Halt> {
    let mut buffer = vec![0; CHUNK];
    let mut walk = RecordWalk::new();
    while !walk.has_ended() {
        let room = walk.certain().min(buffer.len());
        let len = source.read(&mut buffer[..room], Some(pipe.as_fd()), watch)?;
        if len == 0 {
            break;
        }
        fill(pipe, &buffer[..len], watch)?;
        watch.moved(len, walk.pass(&buffer[..len]));
    }
    Ok(())
}

/// Writes all of this into the pipe that does not block.
fn fill(pipe: &File, mut bytes: &[u8], watch: &Watch) -> Result<(), Halt> {
    while !bytes.is_empty() {
        match rustix::io::write(pipe, bytes) {
            Ok(len) => bytes = &bytes[len..],
            Err(rustix::io::Errno::AGAIN) => {
                watch.wait([(pipe.as_fd(), PollFlags::OUT)])?;
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::PIPE) => return Err(Halt::Gone),
            Err(errno) => return Err(Halt::Source(errno.into())),
        }
    }
    Ok(())
}

/// Moves all that comes out of the pipe into `sink`; returns what it has passed along.
pub(crate) fn drain(pipe: &File, sink: &mut dyn Sink, watch: &Watch) -> Result<RecordWalk, Halt> {
    let mut buffer = vec![0; CHUNK];
    let mut walk = RecordWalk::or_package();
    loop {
        let len = read_pipe(pipe, &mut buffer, watch)?;
        if len == 0 {
            sink.flush(watch)?;
            return Ok(walk);
        }
        let mut rest = &buffer[..len];
        while !rest.is_empty() {
            match sink.write(rest, watch)? {
                0 => return Err(Halt::Sink(io::ErrorKind::WriteZero.into())),
                written => rest = &rest[written..],
            }
        }
        watch.moved(len, walk.pass(&buffer[..len]));
    }
}

/// Reads from a pipe of ours, which blocks.
pub(crate) fn read_pipe(pipe: &File, buffer: &mut [u8], watch: &Watch) -> Result<usize, Halt> {
    loop {
        if watch.is_active() {
            watch.wait([(pipe.as_fd(), PollFlags::IN)])?;
        }
        match rustix::io::read(pipe, &mut *buffer) {
            Err(rustix::io::Errno::INTR) => {}
            read => return read.map_err(|errno| Halt::Source(errno.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::super::{Descriptor, pipe};
    use super::*;
    use crate::ffi::SigpipeBlocked;

    #[test]
    fn feeding_ends_when_the_reader_goes_while_the_source_is_idle() {
        let (source, _kept_open) = pipe().unwrap();
        let (reader, writer) = pipe().unwrap();
        let (done, ended) = mpsc::channel();
        thread::spawn(move || {
            let _quiet = SigpipeBlocked::new();
            let mut source = Descriptor::new(source.as_fd()).unwrap();
            let fed = feed(&mut source, &writer.into(), &Watch::default());
            done.send(matches!(fed, Err(Halt::Gone))).unwrap();
        });
        drop(reader);
        let limit = Duration::from_secs(10);
        assert!(ended.recv_timeout(limit).expect("feed() hangs"));
    }

    /// What comes out of a pipe with these bytes in a sink.
    fn drained(bytes: &[u8], sink: &mut dyn Sink) -> Result<(), Halt> {
        let (reader, writer) = pipe().unwrap();
        File::from(writer).write_all(bytes).unwrap();
        drain(&reader, sink, &Watch::default()).map(drop)
    }

    #[test]
    fn a_full_disk_is_the_writers_error() {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut descriptor = Descriptor::new(full.as_fd()).unwrap();
        let mut writer = IntoWrite(&full);
        let sinks: [&mut dyn Sink; 2] = [&mut descriptor, &mut writer];
        for sink in sinks {
            match drained(&[1; 10], sink) {
                Err(Halt::Sink(error)) => assert_eq!(error.raw_os_error(), Some(libc::ENOSPC)),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Takes a byte at a time, is interrupted, and says that it has written more than it was given.
    #[derive(Default)]
    struct Odd(Vec<u8>, u32, Vec<io::ErrorKind>);

    impl Write for Odd {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 += 1;
            match self.1 {
                n if n % 2 == 1 => Err(io::ErrorKind::Interrupted.into()),
                n if n > 20 => Ok(bytes.len() + 1),
                _ => self.0.write(&bytes[..1]),
            }
        }

        /// Fails in all the ways that it was given.
        fn flush(&mut self) -> io::Result<()> {
            self.2.pop().map_or(Ok(()), |kind| Err(kind.into()))
        }
    }

    #[test]
    fn flushing_is_like_writing() {
        use io::ErrorKind::{Interrupted, StorageFull, TimedOut, WouldBlock};
        let flushed = |errors: &[io::ErrorKind]| {
            let mut sink = IntoWrite(Odd(Vec::new(), 0, errors.to_vec()));
            match drained(b"0", &mut sink) {
                Ok(()) => None,
                Err(Halt::Sink(error)) => Some(error.kind()),
                Err(other) => panic!("{other:?}"),
            }
        };
        assert_eq!(flushed(&[Interrupted, Interrupted]), None);
        assert_eq!(flushed(&[WouldBlock, Interrupted]), Some(TimedOut));
        assert_eq!(flushed(&[StorageFull]), Some(StorageFull));
        let control = super::super::TransferControl::new();
        let mut watch = Watch::default();
        watch.add(&control).unwrap();
        control.cancel();
        let halted = IntoWrite(Odd::default()).flush(&watch);
        assert!(matches!(halted, Err(Halt::Cancelled)));
    }

    #[test]
    fn a_writer_is_not_trusted() {
        let mut sink = IntoWrite(Odd::default());
        drained(b"0123456789", &mut sink).unwrap();
        assert_eq!(sink.0.0, b"0123456789");
        assert!(matches!(drained(b"0", &mut sink), Err(Halt::Sink(_))));
        let mut none = IntoWrite(&mut [0_u8; 0][..]);
        assert!(matches!(drained(b"0", &mut none), Err(Halt::Sink(_))));
    }
}
