//! Moving a stream between a pipe of ours, whose other end the kernel has, and anything else.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::event::PollFlags;

use super::control::{Halt, Watch};
use super::records::RecordWalk;

/// How much is moved at a time.
pub(crate) const CHUNK: usize = 256 << 10;

/// From what length on it pays to have a payload moved by itself.
const LARGE: u64 = 32 << 10;

/// For how many reads after such a payload another one is worth waiting for.
const NEAR: u64 = 16;

/// What a stream is read from.
pub(crate) trait Source {
    /// Reads some of it; 0 is its end. Gives up when nobody has the other end of `pipe` any more.
    fn read(
        &mut self,
        buffer: &mut [u8],
        pipe: Option<BorrowedFd<'_>>,
        watch: &Watch,
    ) -> Result<usize, Halt>;

    /// Has up to `len` bytes moved into the pipe, of which we have the end that does not block,
    /// without passing through here; 0 is the end. None if that is not to be had, and nothing has
    /// been moved.
    fn splice(&mut self, pipe: &File, len: u64, watch: &Watch) -> Result<Option<usize>, Halt> {
        let _ = (pipe, len, watch);
        Ok(None)
    }
}

/// What a stream is written to.
pub(crate) trait Sink {
    /// Writes some of it.
    fn write(&mut self, bytes: &[u8], watch: &Watch) -> Result<usize, Halt>;

    /// Has up to `len` bytes moved from the pipe, of which we have the end that blocks, to where they
    /// go, as [`Source::splice`] does; 0 is the end of what is in the pipe.
    fn splice(&mut self, pipe: &File, len: u64, watch: &Watch) -> Result<Option<usize>, Halt> {
        let _ = (pipe, len, watch);
        Ok(None)
    }

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
        if walk.payload() >= LARGE {
            if let Some(len) = source.splice(pipe, walk.payload(), watch)? {
                if len == 0 {
                    break;
                }
                walk.pass_payload(len);
                watch.moved(len, 0);
                continue;
            }
        }
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
///
/// If it is watched, all records are looked at, but large payloads only where they have to pass
/// through here.
pub(crate) fn drain(pipe: &File, sink: &mut dyn Sink, watch: &Watch) -> Result<RecordWalk, Halt> {
    let mut buffer = vec![0; CHUNK];
    let mut walk = RecordWalk::or_package();
    let mut splices = true;
    // Reads since there was a large payload.
    let mut apart = 0_u64;
    loop {
        let is_large = walk.whole_payload() >= LARGE;
        if splices && is_large && walk.payload() > 0 {
            match sink.splice(pipe, walk.payload(), watch)? {
                Some(0) => break,
                Some(len) => {
                    walk.pass_payload(len);
                    watch.moved(len, 0);
                    continue;
                }
                None => splices = false,
            }
        }
        apart = if is_large { 0 } else { apart + 1 };
        // Where payloads are large, no more than the record before the next: what has been read
        // of that is copied.
        let room = match splices && apart < NEAR && !walk.has_ended() {
            true => walk.certain().min(buffer.len()),
            false => buffer.len(),
        };
        let len = read_pipe(pipe, &mut buffer[..room], watch)?;
        if len == 0 {
            break;
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
    sink.flush(watch)?;
    Ok(walk)
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
    use std::io::Seek;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::super::{Descriptor, TransferControl, pipe};
    use super::*;
    use crate::ffi::SigpipeBlocked;
    use crate::stream::{
        BeginFields, BeginFlags, BeginRecord, Endian, Features, HeaderType, ObjsetType, Writer,
        record,
    };

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

    /// A stream with payloads of these lengths, and how many records it has.
    fn stream(payloads: &[usize]) -> (Vec<u8>, u64) {
        let fields = BeginFields {
            header_type: HeaderType::Substream,
            features: Features::LARGE_BLOCKS,
            creation_time: 1,
            objset_type: ObjsetType::Zfs,
            flags: BeginFlags::empty(),
            to_guid: 1,
            from_guid: None,
            to_name: "tank@s".parse().unwrap(),
        };
        let mut writer = Writer::new(Vec::new());
        let begin = BeginRecord::build(&fields, 0, Endian::HOST);
        writer.begin(&begin, &[]).unwrap();
        for (&len, byte) in payloads.iter().zip(1..) {
            let write = record::Write {
                logical_size: len as u64,
                ..record::Write::default()
            };
            writer.record(&write.into(), &vec![byte; len]).unwrap();
        }
        writer.end(1).unwrap();
        (writer.into_inner(), payloads.len() as u64 + 2)
    }

    #[test]
    fn what_is_watched_is_the_same_in_descriptors_of_every_kind() {
        let large = usize::try_from(LARGE).unwrap();
        let (stream, records) = stream(&[700, 300_000, large, large - 1, 50_000, 2 << 20, 8]);
        let (reader, writer) = pipe().unwrap();
        let (ours, theirs) = UnixStream::pair().unwrap();
        let kinds: [(OwnedFd, OwnedFd); 2] =
            [(reader.into(), writer), (ours.into(), theirs.into())];
        for ((from, to), waits) in kinds.iter().flat_map(|kind| [(kind, false), (kind, true)]) {
            rustix::io::ioctl_fionbio(to, waits).unwrap();
            let mut from = File::from(from.try_clone().unwrap());
            let reader = thread::spawn({
                let mut read = vec![0; stream.len()];
                move || from.read_exact(&mut read).map(|()| read)
            });
            let mut sink = Descriptor::new(to.as_fd()).unwrap();
            assert_eq!(
                drained_watched(&stream, &mut sink),
                (stream.len() as u64, records)
            );
            assert!(reader.join().unwrap().unwrap() == stream);
        }
        for append in [false, true] {
            let mut file = tempfile();
            let mut flags = rustix::fs::fcntl_getfl(&file).unwrap();
            flags.set(rustix::fs::OFlags::APPEND, append);
            rustix::fs::fcntl_setfl(&file, flags).unwrap();
            let mut sink = Descriptor::new(file.as_fd()).unwrap();
            assert_eq!(
                drained_watched(&stream, &mut sink),
                (stream.len() as u64, records)
            );
            file.rewind().unwrap();
            let mut written = Vec::new();
            file.read_to_end(&mut written).unwrap();
            assert!(written == stream);
        }
    }

    /// Takes all, and counts what passed through here.
    #[derive(Default)]
    struct Copied(usize);

    impl Sink for Copied {
        fn write(&mut self, bytes: &[u8], _watch: &Watch) -> Result<usize, Halt> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn splice(&mut self, mut pipe: &File, len: u64, _: &Watch) -> Result<Option<usize>, Halt> {
            let mut buffer = vec![0; 60_000.min(usize::try_from(len).unwrap())];
            pipe.read(&mut buffer).map(Some).map_err(Halt::Source)
        }
    }

    #[test]
    fn large_payloads_are_not_copied_though_small_ones_are_among_them() {
        const LEN: usize = 128 << 10;
        for small in [0, 1, 6] {
            let mut payloads = vec![512; small];
            payloads.push(LEN);
            let (stream, _) = stream(&payloads.repeat(5));
            let mut sink = Copied::default();
            drained_watched(&stream, &mut sink);
            assert_eq!(sink.0, stream.len() - 5 * LEN);
        }
    }

    #[test]
    fn exactly_the_stream_comes_from_descriptors_of_every_kind() {
        let (stream, records) = stream(&[700, 300_000, 40_000, 2 << 20, 8]);
        let more = b"and what follows it";
        let whole = [&stream[..], more].concat();
        let (reader, writer) = pipe().unwrap();
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut file = tempfile();
        let again = file.try_clone().unwrap();
        file.write_all(&whole).unwrap();
        file.rewind().unwrap();
        let kinds: [(File, Option<OwnedFd>); 3] = [
            (reader, Some(writer)),
            (OwnedFd::from(ours).into(), Some(theirs.into())),
            (again, None),
        ];
        for (mut from, to) in kinds {
            let control = TransferControl::new();
            let mut watch = Watch::default();
            watch.add(&control).unwrap();
            let (mut fed, feeding) = pipe().unwrap();
            rustix::io::ioctl_fionbio(&feeding, true).unwrap();
            let received = thread::scope(|scope| {
                scope.spawn(|| to.map(|to| File::from(to).write_all(&whole).unwrap()));
                let received = scope.spawn(move || {
                    let mut received = Vec::new();
                    fed.read_to_end(&mut received).map(|_| received)
                });
                let mut source = Descriptor::new(from.as_fd()).unwrap();
                feed(&mut source, &feeding.into(), &watch).unwrap();
                let mut rest = Vec::new();
                from.read_to_end(&mut rest).unwrap();
                assert_eq!(rest, more);
                received.join().unwrap().unwrap()
            });
            assert!(received == stream);
            let progress = control.progress();
            assert_eq!(
                (progress.bytes, progress.records),
                (stream.len() as u64, records)
            );
        }
    }

    /// What stops a transfer that does not move.
    fn impatient() -> Watch {
        let limit = Duration::from_millis(50);
        let mut watch = Watch::default();
        let control = TransferControl::new().with_stall_limit(limit);
        watch.add(&control).unwrap();
        watch
    }

    #[test]
    fn large_payloads_wait_no_longer_than_is_allowed() {
        let (stream, _) = stream(&[16 << 20]);
        for waits in [false, true] {
            // Nobody reads.
            let (reader, writer) = pipe().unwrap();
            let (_idle, full) = pipe().unwrap();
            rustix::io::ioctl_fionbio(&full, !waits).unwrap();
            let mut sink = Descriptor::new(full.as_fd()).unwrap();
            thread::scope(|scope| {
                scope.spawn(|| {
                    let _quiet = SigpipeBlocked::new();
                    File::from(writer).write_all(&stream).unwrap_err()
                });
                let drained = drain(&reader, &mut sink, &impatient());
                assert!(matches!(drained, Err(Halt::Stalled)));
                drop(reader);
            });

            // Nobody writes any more, and then nobody reads any more.
            for ends in [false, true] {
                let (source, writer) = pipe().unwrap();
                rustix::io::ioctl_fionbio(&source, !waits).unwrap();
                let mut writer = File::from(writer);
                writer.write_all(&stream[..500_000]).unwrap();
                let (mut reader, feeding) = pipe().unwrap();
                rustix::io::ioctl_fionbio(&feeding, true).unwrap();
                let _quiet = SigpipeBlocked::new();
                let mut source = Descriptor::new(source.as_fd()).unwrap();
                let fed = thread::scope(|scope| {
                    scope.spawn(move || {
                        reader.read_exact(&mut [0; 400_000]).unwrap();
                        if !ends {
                            let _ = reader.read_to_end(&mut Vec::new());
                        }
                    });
                    let feeding = File::from(feeding);
                    feed(&mut source, &feeding, &impatient())
                });
                match ends {
                    false => assert!(matches!(fed, Err(Halt::Stalled))),
                    true => assert!(matches!(fed, Err(Halt::Gone))),
                }
            }
        }
    }

    fn tempfile() -> File {
        let flags = rustix::fs::MemfdFlags::CLOEXEC;
        rustix::fs::memfd_create("stream", flags).unwrap().into()
    }

    /// The bytes and records that a control sees when a stream is moved.
    fn drained_watched(stream: &[u8], sink: &mut dyn Sink) -> (u64, u64) {
        let control = TransferControl::new();
        let mut watch = Watch::default();
        watch.add(&control).unwrap();
        let (reader, writer) = pipe().unwrap();
        thread::scope(|scope| {
            scope.spawn(|| File::from(writer).write_all(stream).unwrap());
            let _quiet = SigpipeBlocked::new();
            drain(&reader, sink, &watch).unwrap();
        });
        let progress = control.progress();
        (progress.bytes, progress.records)
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
        let control = TransferControl::new();
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
