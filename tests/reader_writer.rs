//! Sending to and receiving from whatever writes and reads, and every kind of descriptor.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::error::Error as _;
use std::fs::{self, File};
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::thread;

use libzfs::testing::Pool;
use libzfs::{ErrorKind, FromReader, SnapshotName, TransferControl};
use support::{
    LIMIT, file_system, file_with, kind, noise, pool, read_file, snapshot, stream_of, within,
    write_file,
};

const LEN: usize = 3 << 20;

fn sample(pool: &Pool) -> (SnapshotName, Vec<u8>) {
    let data = file_system(pool, "data");
    write_file(pool, &data, "bulk", &noise(1, LEN));
    let snap = snapshot(pool.zfs(), &data, "s");
    let stream = stream_of(&pool.zfs().send(&snap));
    (snap, stream)
}

#[track_caller]
fn received(pool: &Pool, target: &SnapshotName) {
    assert!(read_file(pool, target.dataset(), "bulk") == noise(1, LEN));
}

/// Reads and writes a few bytes at a time, and is interrupted each second time.
struct Dribble<T> {
    of: T,
    calls: usize,
}

impl<T> Dribble<T> {
    fn new(of: T) -> Self {
        Self { of, calls: 0 }
    }

    fn len(&mut self, most: usize) -> io::Result<usize> {
        self.calls += 1;
        match self.calls {
            calls if calls % 2 == 1 => Err(io::ErrorKind::Interrupted.into()),
            calls => Ok(most.min([1, 311, 5, 4099, 13, 70_000][calls / 2 % 6])),
        }
    }
}

impl<R: Read> Read for Dribble<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.len(buffer.len())?;
        self.of.read(&mut buffer[..len])
    }
}

impl<W: Write> Write for Dribble<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = self.len(bytes.len())?;
        self.of.write(&bytes[..len])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.of.flush()
    }
}

#[test]
fn a_stream_goes_to_and_comes_from_anything() {
    within(LIMIT, || {
        let pool = pool("anything");
        let zfs = pool.zfs();
        let (snap, stream) = sample(&pool);
        let mut sent = Vec::new();
        zfs.send(&snap).write_to_writer(&mut sent).unwrap();
        assert!(sent == stream);
        let mut sent = Dribble::new(Vec::new());
        zfs.send(&snap).write_to_writer(&mut sent).unwrap();
        assert!(sent.of == stream);
        // What a writer keeps back until it is flushed arrives.
        let mut sent = io::BufWriter::with_capacity(1 << 20, Vec::new());
        zfs.send(&snap).write_to_writer(&mut sent).unwrap();
        assert!(*sent.get_ref() == stream);

        let target = pool.snapshot("memory@s");
        let receive = zfs.receive(&target);
        receive.run(FromReader(&stream[..])).unwrap().all().unwrap();
        received(&pool, &target);
        let target = pool.snapshot("dribble@s");
        let source = FromReader(Dribble::new(&stream[..]));
        zfs.receive(&target).run(source).unwrap().all().unwrap();
        received(&pool, &target);
        // A send that passes through the program.
        let target = pool.snapshot("through@s");
        let source = FromReader(zfs.send(&snap).start().unwrap());
        zfs.receive(&target).run(source).unwrap().all().unwrap();
        received(&pool, &target);
    });
}

#[test]
fn exactly_the_stream_is_read() {
    within(LIMIT, || {
        let pool = pool("exactly");
        let zfs = pool.zfs();
        let (_, stream) = sample(&pool);
        let mut three = stream.repeat(3);
        three.extend(b"and more");
        let mut number = 0;
        let mut target = || {
            number += 1;
            pool.snapshot(&format!("copy-{number}@s"))
        };
        let mut rest = String::new();

        let mut reader = Cursor::new(&three);
        for _ in 0..3 {
            let source = FromReader(&mut reader);
            zfs.receive(&target()).run(source).unwrap().all().unwrap();
        }
        reader.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "and more");

        let mut file = file_with(&pool, &three);
        let control = TransferControl::new();
        for watched in [false, true, false] {
            let mut receive = zfs.receive(&target());
            if watched {
                receive = receive.controlled_by(&control);
            }
            receive.run(&file).unwrap().all().unwrap();
        }
        rest.clear();
        file.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "and more");

        for nonblocking in [false, true] {
            let (mut ours, mut theirs) = UnixStream::pair().unwrap();
            let three = three.clone();
            let writer = thread::spawn(move || theirs.write_all(&three).unwrap());
            ours.set_nonblocking(nonblocking).unwrap();
            for _ in 0..3 {
                zfs.receive(&target()).run(&ours).unwrap().all().unwrap();
            }
            writer.join().unwrap();
            ours.set_nonblocking(false).unwrap();
            rest.clear();
            ours.read_to_string(&mut rest).unwrap();
            assert_eq!(rest, "and more");
        }
    });
}

#[test]
fn every_kind_of_descriptor_gets_the_same_bytes() {
    within(LIMIT, || {
        let pool = pool("kinds");
        let zfs = pool.zfs();
        let (snap, stream) = sample(&pool);
        let control = TransferControl::new();
        let sends = [zfs.send(&snap), zfs.send(&snap).controlled_by(&control)];
        let directory = tempfile::tempdir_in(pool.directory()).unwrap();
        for send in &sends {
            // Behind what is there, by position and by appending.
            let path = directory.path().join("file");
            fs::write(&path, b"before").unwrap();
            let mut file = File::options().write(true).open(&path).unwrap();
            file.seek(SeekFrom::End(0)).unwrap();
            send.write_to(&file).unwrap();
            file.write_all(b"after").unwrap();
            let written = fs::read(&path).unwrap();
            assert!(written == [b"before", &stream[..], b"after"].concat());
            fs::write(&path, b"before").unwrap();
            let file = File::options().append(true).open(&path).unwrap();
            send.write_to(&file).unwrap();
            assert!(fs::read(&path).unwrap() == [b"before", &stream[..]].concat());
            let null = File::options().write(true).open("/dev/null").unwrap();
            send.write_to(&null).unwrap();
            // A child's input, which is a blocking pipe, and the same one not blocking.
            for nonblocking in [0, libc::O_NONBLOCK] {
                let mut cat = Command::new("cat")
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()
                    .unwrap();
                let input = cat.stdin.take().unwrap();
                // SAFETY: the descriptor is open.
                let rc = unsafe { libc::fcntl(input.as_raw_fd(), libc::F_SETFL, nonblocking) };
                assert_eq!(rc, 0);
                let mut output = cat.stdout.take().unwrap();
                let reader = thread::spawn(move || {
                    let mut bytes = Vec::new();
                    output.read_to_end(&mut bytes).unwrap();
                    bytes
                });
                send.write_to(&input).unwrap();
                drop(input);
                assert!(reader.join().unwrap() == stream);
                assert!(cat.wait().unwrap().success());
            }
            for nonblocking in [false, true] {
                let (ours, mut theirs) = UnixStream::pair().unwrap();
                ours.set_nonblocking(nonblocking).unwrap();
                let reader = thread::spawn(move || {
                    let mut bytes = Vec::new();
                    theirs.read_to_end(&mut bytes).unwrap();
                    bytes
                });
                send.write_to(&ours).unwrap();
                drop(ours);
                assert!(reader.join().unwrap() == stream);
            }
        }
    });
}

#[test]
fn the_writers_own_error_comes_back() {
    within(LIMIT, || {
        let pool = pool("writers");
        let zfs = pool.zfs();
        let (snap, _) = sample(&pool);
        let control = TransferControl::new();
        let sends = [zfs.send(&snap), zfs.send(&snap).controlled_by(&control)];
        // A file system that is soon full.
        let small = pool.dataset("small");
        let created = zfs.create(&small).set("quota", 1_u64 << 20);
        created.set("compression", "off").run().unwrap();
        for send in &sends {
            let full = File::options().write(true).open("/dev/full").unwrap();
            for error in [send.write_to(&full), send.write_to_writer(&full)] {
                let error = error.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::NoSpace, "{error}");
                assert_eq!(error.errno().raw(), libc::ENOSPC);
            }
            let mount = pool.mount(&small).unwrap();
            let path = mount.path().join("file");
            let direct = File::create(&path).unwrap();
            assert_eq!(kind(send.write_to(&direct)), ErrorKind::QuotaExceeded);
            drop(direct);
            fs::remove_file(&path).unwrap();
            mount.unmount().unwrap();

            let (ours, theirs) = UnixStream::pair().unwrap();
            drop(theirs);
            assert_eq!(kind(send.write_to(&ours)), ErrorKind::BrokenPipe);
            assert_eq!(kind(send.write_to_writer(&ours)), ErrorKind::BrokenPipe);

            // What never reads lets the socket's own limit run out.
            let (ours, _theirs) = UnixStream::pair().unwrap();
            let limit = std::time::Duration::from_millis(200);
            ours.set_write_timeout(Some(limit)).unwrap();
            assert_eq!(kind(send.write_to(&ours)), ErrorKind::TimedOut);
            assert_eq!(kind(send.write_to_writer(&ours)), ErrorKind::TimedOut);

            let refuses = Failing(0, || io::Error::other("the tape is torn"));
            let error = send.write_to_writer(refuses).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Io);
            assert_eq!(error.source().unwrap().to_string(), "the tape is torn");
            let takes_nothing = &mut [0; 0][..];
            let error = send.write_to_writer(takes_nothing).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Io);
        }
    });
}

/// Reads or writes so many bytes, and fails then.
struct Failing(usize, fn() -> io::Error);

impl Write for Failing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = bytes.len().min(self.0);
        self.0 -= len;
        if len == 0 { Err(self.1()) } else { Ok(len) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(self.1())
    }
}

#[test]
fn a_source_that_ends_early_says_why_and_with_what_to_go_on() {
    within(LIMIT, || {
        let pool = pool("early");
        let zfs = pool.zfs();
        let (snap, stream) = sample(&pool);
        let target = pool.snapshot("copy@s");
        let half = &stream[..LEN / 2];
        let receive = || zfs.receive(&target).resumable();
        let broken: fn() -> io::Error = || io::Error::other("the tape is torn");
        let reset: fn() -> io::Error = || io::ErrorKind::ConnectionReset.into();
        let control = TransferControl::new();

        for (number, cut) in [
            receive().run(FromReader(half)),
            // The later ones find what the first has left.
            receive().run(file_with(&pool, half)),
            receive()
                .controlled_by(&control)
                .run(file_with(&pool, half)),
        ]
        .into_iter()
        .enumerate()
        {
            let error = cut.unwrap_err();
            let expected = match number {
                0 => ErrorKind::StreamTruncated,
                _ => ErrorKind::ResumableStateExists,
            };
            assert_eq!(error.kind(), expected, "{number}: {error}");
            let token = error.resume_token().unwrap();
            assert!(token.fields().bytes > 0);
            let dataset = zfs.dataset(target.dataset()).unwrap();
            assert_eq!(
                dataset.receive_resume_token().unwrap().as_ref(),
                Some(token)
            );
        }
        let mut last = None;
        for (source, expected) in [
            (Failing(0, broken), ErrorKind::Io),
            (Failing(0, reset), ErrorKind::SourceFailed),
        ] {
            zfs.discard_partial_receive(target.dataset()).unwrap();
            let error = receive().run(FromReader(half.chain(source))).unwrap_err();
            assert_eq!(error.kind(), expected, "{error}");
            assert!(error.resume_token().unwrap().fields().bytes > 0);
            last = Some(error);
        }
        let last = last.unwrap();
        let rest = zfs
            .resume_send(snap.dataset(), last.resume_token().unwrap())
            .unwrap();
        // A token in the error of a resumed receive as well, although it was not said again that
        // it is to be resumable.
        let mut bytes = Vec::new();
        rest.write_to_writer(&mut bytes).unwrap();
        let cut = zfs
            .receive(&target)
            .run(FromReader(&bytes[..bytes.len() / 2]));
        let again = cut.unwrap_err();
        assert_eq!(again.kind(), ErrorKind::StreamTruncated);
        let token = again.resume_token().unwrap();
        let rest = zfs.resume_send(snap.dataset(), token).unwrap();
        let copied = rest.start().unwrap().copy_to(zfs.receive(&target));
        copied.unwrap().all().unwrap();
        received(&pool, &target);

        // None is left of what was not to be resumable.
        let other = pool.snapshot("other@s");
        let error = zfs.receive(&other).run(FromReader(half)).unwrap_err();
        assert_eq!(error.resume_token(), None);
        // The kernel's own reasons come before those of the source.
        let error = zfs
            .receive(&target)
            .run(FromReader(half.chain(Failing(0, broken))))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SnapshotExists);
    });
}

#[test]
fn in_a_copy_the_receivers_error_wins() {
    within(LIMIT, || {
        let pool = pool("copy");
        let zfs = pool.zfs();
        let (snap, _) = sample(&pool);
        let control = TransferControl::new();
        let missing = snap.dataset().snapshot("missing").unwrap();
        for watched in [false, true] {
            let send = |snap: &SnapshotName| match watched {
                true => zfs.send(snap).controlled_by(&control).start().unwrap(),
                false => zfs.send(snap).start().unwrap(),
            };
            let taken = send(&snap).copy_to(zfs.receive(&snap));
            assert_eq!(kind(taken), ErrorKind::SnapshotExists);
            let nowhere = pool.snapshot("no/such/parent@s");
            let taken = send(&snap).copy_to(zfs.receive(&nowhere));
            assert_eq!(kind(taken), ErrorKind::ParentNotFound);
            let other = pool.snapshot("other@s");
            let taken = send(&missing).copy_to(zfs.receive(&other));
            assert_eq!(kind(taken), ErrorKind::SnapshotNotFound);
            let target = pool.snapshot(&format!("copy-{watched}@s"));
            send(&snap)
                .copy_to(zfs.receive(&target))
                .unwrap()
                .all()
                .unwrap();
            received(&pool, &target);
        }
    });
}
