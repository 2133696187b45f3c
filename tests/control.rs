//! Transfers that are watched, cancelled, or stall. One at a time, because they count what the whole
//! process has.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fmt::Debug;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use libzfs::testing::Pool;
use libzfs::{
    Destroy, Error, ErrorKind, FromReader, ResumeToken, SendFlags, SnapshotName, TransferControl,
};
use serial_test::serial;
use support::{
    LIMIT, encrypted, file_system, file_with, kind, lateness, noise, pool, read_file, share,
    snapshot, stream_of, within, write_file,
};

/// Within how much a transfer that is stopped returns, at most, where this process gets a processor:
/// it is a second by what it waits for.
const SOON: Duration = Duration::from_secs(2);

/// How long a transfer is left to come to where it can go no further.
const A_WHILE: Duration = Duration::from_millis(300);

/// More than all the pipes and sockets on the way hold.
const LEN: usize = 8 << 20;

fn sample(pool: &Pool) -> (SnapshotName, Vec<u8>) {
    let data = file_system(pool, "data");
    write_file(pool, &data, "bulk", &noise(1, LEN));
    let snap = snapshot(pool.zfs(), &data, "s");
    let stream = stream_of(&pool.zfs().send(&snap));
    (snap, stream)
}

fn counts() -> [usize; 2] {
    // A thread that has been joined can be listed for a moment longer.
    thread::sleep(Duration::from_millis(100));
    ["/proc/self/fd", "/proc/self/task"].map(|list| fs::read_dir(list).unwrap().count())
}

/// Waits until so many bytes have moved, and then nothing for a while.
fn until_it_halts(control: &TransferControl, bytes: usize) {
    while control.progress().bytes < bytes as u64 {
        thread::sleep(Duration::from_millis(5));
    }
    let mut last = None;
    while last != Some(control.progress().bytes) {
        last = Some(control.progress().bytes);
        thread::sleep(A_WHILE);
    }
}

/// Has a transfer begin, stops it in a moment that `stop` chooses, and fails if it does not return
/// soon after with an error, or leaves a thread or a descriptor behind.
#[track_caller]
fn stopped<T: Debug + Send>(
    control: &TransferControl,
    stop: impl FnOnce(&TransferControl),
    transfer: impl FnOnce(&TransferControl) -> libzfs::Result<T> + Send,
) -> Error {
    let before = counts();
    let (error, took, late) = thread::scope(|scope| {
        let (done, ended) = mpsc::channel();
        let thread = scope.spawn(move || {
            let result = transfer(control);
            done.send(Instant::now()).unwrap();
            result
        });
        stop(control);
        let at = Instant::now();
        let (end, late) = lateness(|| ended.recv_timeout(LIMIT).expect("it hangs"));
        let took = end.saturating_duration_since(at);
        (thread.join().unwrap().unwrap_err(), took, late)
    });
    println!("after {took:?}, {late:?} late: {error}");
    assert!(took < SOON + late, "{took:?}: {error}");
    assert!(!control.is_running());
    if error.kind() != ErrorKind::StillRunning {
        assert_eq!(counts(), before);
    }
    // A kernel that is slow, as an emulated one can be, needs longer.
    while counts() != before {}
    error
}

/// The kinds of errors that were seen, of which one that is allowed must not be the only one.
#[derive(Default)]
struct Kinds(Vec<ErrorKind>);

impl Kinds {
    #[track_caller]
    fn see(&mut self, error: &Error, expected: ErrorKind) {
        let kind = error.kind();
        assert!(
            kind == expected || kind == ErrorKind::StillRunning,
            "{error}"
        );
        self.0.push(kind);
    }

    #[track_caller]
    fn most_are(&self, expected: ErrorKind) {
        let fitting = self.0.iter().filter(|&&kind| kind == expected).count();
        assert!(2 * fitting > self.0.len(), "{:?}", self.0);
    }
}

/// The token of the error; where the kernel was too slow for it to have one, that of the dataset.
#[track_caller]
fn token(pool: &Pool, target: &SnapshotName, error: &Error) -> ResumeToken {
    if error.kind() != ErrorKind::StillRunning {
        return error.resume_token().unwrap().clone();
    }
    assert_eq!(error.resume_token(), None);
    let dataset = pool.zfs().dataset(target.dataset()).unwrap();
    dataset.receive_resume_token().unwrap().unwrap()
}

#[track_caller]
fn cancelled<T: Debug + Send>(
    kinds: &mut Kinds,
    bytes: usize,
    transfer: impl FnOnce(&TransferControl) -> libzfs::Result<T> + Send,
) -> Error {
    let stop = |control: &TransferControl| {
        until_it_halts(control, bytes);
        assert!(control.is_running());
        control.cancel();
    };
    let error = stopped(&TransferControl::new(), stop, transfer);
    kinds.see(&error, ErrorKind::Cancelled);
    error
}

/// Connected descriptors, to read from and to write to: on one release of each kind, on the others
/// of two kinds.
fn pairs() -> Vec<(String, File, File)> {
    type Make = fn() -> (OwnedFd, OwnedFd);
    let makers: [(&str, Make); 3] = [("pipe", pipe), ("unix socket", unix), ("tcp socket", tcp)];
    let kinds: Vec<_> = makers
        .into_iter()
        .flat_map(|maker| [(maker, true), (maker, false)])
        .collect();
    let every = kinds.len() / share("kinds of descriptors", kinds.len());
    let mut pairs = Vec::new();
    for (i, ((name, make), blocking)) in kinds.into_iter().enumerate().step_by(every) {
        let (reader, writer) = make();
        set_blocking(&reader, blocking);
        set_blocking(&writer, blocking);
        pairs.push((format!("{i}, {name}"), reader.into(), writer.into()));
    }
    pairs
}

fn unix() -> (OwnedFd, OwnedFd) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    (ours.into(), theirs.into())
}

fn tcp() -> (OwnedFd, OwnedFd) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (theirs, _) = listener.accept().unwrap();
    (ours.into(), theirs.into())
}

fn pipe() -> (OwnedFd, OwnedFd) {
    let mut fds = [0; 2];
    // SAFETY: there is room for two numbers.
    let rc = unsafe { libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC) };
    assert_eq!(rc, 0);
    // SAFETY: both are open, and nobody else has them.
    let [reader, writer] = fds.map(|fd| unsafe { OwnedFd::from_raw_fd(fd) });
    (reader, writer)
}

fn set_blocking(fd: &impl AsRawFd, blocking: bool) {
    let mut nonblocking = libc::c_int::from(!blocking);
    // SAFETY: the descriptor is open, and the number lives.
    let rc = unsafe { libc::ioctl(fd.as_raw_fd(), libc::FIONBIO, &mut nonblocking) };
    assert_eq!(rc, 0);
}

/// Receives what an interrupted receive lacks, and compares what was sent.
#[track_caller]
fn resume(pool: &Pool, snap: &SnapshotName, target: &SnapshotName, token: &ResumeToken) {
    let zfs = pool.zfs();
    assert!(token.fields().bytes > 0);
    let rest = zfs.resume_send(snap.dataset(), token).unwrap();
    let receive = zfs.receive(target);
    rest.start()
        .unwrap()
        .copy_to(receive)
        .unwrap()
        .all()
        .unwrap();
    assert!(read_file(pool, target.dataset(), "bulk") == noise(1, LEN));
}

#[test]
#[serial]
fn a_send_that_nobody_reads_is_cancelled() {
    within(LIMIT, || {
        let pool = pool("sink");
        let mut kinds = Kinds::default();
        let (snap, _) = sample(&pool);
        let send = pool.zfs().send(&snap);
        for (name, _reader, writer) in pairs() {
            println!("{name}");
            cancelled(&mut kinds, 1, |control| {
                send.clone().controlled_by(control).write_to(&writer)
            });
        }
        cancelled(&mut kinds, 1, |control| {
            let mut stream = send.clone().controlled_by(control).start()?;
            stream.read_exact(&mut [0; 1000]).unwrap();
            // As long as nobody reads, nobody can be told.
            until_cancelled(control);
            let mut rest = Vec::new();
            let error = stream.read_to_end(&mut rest).unwrap_err();
            assert_eq!(rest, b"");
            assert!(stream.read(&mut [0]).is_err());
            Err::<(), _>(error.downcast().unwrap())
        });
        kinds.most_are(ErrorKind::Cancelled);
    });
}

fn until_cancelled(control: &TransferControl) {
    while !control.is_cancelled() {
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
#[serial]
fn a_receive_from_an_idle_source_is_cancelled_and_resumable_or_gone() {
    within(LIMIT, || {
        let pool = pool("source");
        let mut kinds = Kinds::default();
        let (snap, stream) = sample(&pool);
        let zfs = pool.zfs();
        for (name, reader, mut writer) in pairs() {
            println!("{name}");
            let number = name.split(',').next().unwrap();
            let target = pool.snapshot(&format!("copy-{number}@s"));
            // Idle from the start.
            cancelled(&mut kinds, 0, |control| {
                zfs.receive(&target).controlled_by(control).run(&reader)
            });
            set_blocking(&writer, true);
            for resumable in [false, true] {
                let mut receive = zfs.receive(&target);
                if resumable {
                    receive = receive.resumable();
                }
                let error = cancelled(&mut kinds, LEN / 4, |control| {
                    thread::scope(|scope| {
                        scope.spawn(|| writer.write_all(&stream[..LEN / 4]).unwrap());
                        receive.controlled_by(control).run(&reader)
                    })
                });
                if resumable {
                    resume(&pool, &snap, &target, &token(&pool, &target, &error));
                } else {
                    assert_eq!(error.resume_token(), None);
                    assert!(!zfs.dataset_exists(target.dataset()).unwrap());
                }
            }
        }
        kinds.most_are(ErrorKind::Cancelled);
    });
}

/// Reads as much as there is every few milliseconds.
struct Slowly<R>(R);

impl<R: Read> Read for Slowly<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        thread::sleep(Duration::from_millis(5));
        let len = buffer.len().min(1 << 10);
        self.0.read(&mut buffer[..len])
    }
}

#[test]
#[serial]
fn any_transfer_is_cancelled_in_the_middle() {
    within(LIMIT, || {
        let pool = pool("middle");
        let mut kinds = Kinds::default();
        let (snap, stream) = sample(&pool);
        let zfs = pool.zfs();
        let send = zfs.send(&snap);
        let target = pool.snapshot("copy@s");
        let stop = |control: &TransferControl| {
            while control.progress().bytes < 300_000 {
                thread::sleep(Duration::from_millis(1));
            }
            control.cancel();
        };
        let control = TransferControl::new;

        let error = stopped(&control(), stop, |control| {
            let source = FromReader(Slowly(&stream[..]));
            zfs.receive(&target)
                .resumable()
                .controlled_by(control)
                .run(source)
        });
        kinds.see(&error, ErrorKind::Cancelled);
        resume(&pool, &snap, &target, &token(&pool, &target, &error));
        zfs.destroy_snapshots(std::slice::from_ref(&target), Destroy::Now)
            .unwrap();
        zfs.destroy_dataset(target.dataset()).unwrap();

        struct SlowSink;
        impl Write for SlowSink {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                thread::sleep(Duration::from_millis(5));
                Ok(bytes.len().min(10_000))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let error = stopped(&control(), stop, |control| {
            send.clone()
                .controlled_by(control)
                .write_to_writer(SlowSink)
        });
        kinds.see(&error, ErrorKind::Cancelled);

        // A copy, by the control of either side, or of both.
        for (sending, receiving) in [(true, false), (false, true), (true, true)] {
            let error = stopped(&control(), stop, |control| {
                let (mut send, mut receive) = (send.clone(), zfs.receive(&target).resumable());
                if sending {
                    send = send.controlled_by(control);
                }
                if receiving {
                    receive = receive.controlled_by(control);
                }
                send.start()?.copy_to(receive)
            });
            kinds.see(&error, ErrorKind::Cancelled);
            if zfs.dataset_exists(target.dataset()).unwrap() {
                token(&pool, &target, &error);
                zfs.discard_partial_receive(target.dataset()).unwrap();
            }
        }
        kinds.most_are(ErrorKind::Cancelled);
    });
}

#[test]
#[serial]
fn what_is_cancelled_before_it_begins_does_not_begin() {
    within(LIMIT, || {
        let pool = pool("before");
        let (snap, stream) = sample(&pool);
        let zfs = pool.zfs();
        let control = TransferControl::new();
        control.cancel();
        let before = counts();
        let send = zfs.send(&snap).controlled_by(&control);
        let target = pool.snapshot("copy@s");
        let receive = || zfs.receive(&target).controlled_by(&control);
        let file = file_with(&pool, b"");
        assert_eq!(kind(send.write_to(&file)), ErrorKind::Cancelled);
        assert_eq!(kind(send.write_to_writer(&file)), ErrorKind::Cancelled);
        assert_eq!(file.metadata().unwrap().len(), 0);
        let mut read = Vec::new();
        assert!(send.start().unwrap().read_to_end(&mut read).is_err());
        assert_eq!(read, b"");
        let reader = FromReader(&stream[..]);
        assert_eq!(kind(receive().run(reader)), ErrorKind::Cancelled);
        let stream = zfs.send(&snap).start().unwrap();
        assert_eq!(kind(receive().run(stream)), ErrorKind::Cancelled);
        assert!(!zfs.dataset_exists(target.dataset()).unwrap());
        drop(file);
        assert_eq!(counts()[1], before[1]);
    });
}

/// Reads to the end, and cancels before it hands out the last bytes.
struct LastMoment<'a>(&'a [u8], &'a TransferControl);

impl Read for LastMoment<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.0.read(buffer)?;
        if self.0.is_empty() {
            self.1.cancel();
        }
        Ok(len)
    }
}

#[test]
#[serial]
fn a_receive_that_has_everything_when_it_is_cancelled_succeeds() {
    within(LIMIT, || {
        let pool = pool("all");
        let zfs = pool.zfs();
        let small = file_system(&pool, "small");
        let stream = stream_of(&zfs.send(&snapshot(zfs, &small, "s")));
        let target = pool.snapshot("copy@s");
        let control = TransferControl::new();
        let receive = zfs.receive(&target).controlled_by(&control);
        match receive.run(FromReader(LastMoment(&stream, &control))) {
            Ok(received) => received.all().unwrap(),
            // A kernel that is slow, as an emulated one can be, needs longer.
            Err(error) => assert_eq!(error.kind(), ErrorKind::StillRunning, "{error}"),
        }
        assert!(control.is_cancelled());
        let since = Instant::now();
        while zfs.snapshot(&target).is_err() {
            assert!(since.elapsed() < LIMIT / 2, "it was given up");
            thread::sleep(A_WHILE);
        }
    });
}

#[test]
#[serial]
fn what_does_not_move_is_stopped_at_its_limit() {
    within(LIMIT, || {
        // Longer than a busy machine makes the kernel pause.
        const STALL: Duration = Duration::from_secs(3);
        let pool = pool("stall");
        let mut kinds = Kinds::default();
        let (snap, stream) = sample(&pool);
        let zfs = pool.zfs();
        let send = zfs.send(&snap);
        let target = pool.snapshot("copy@s");
        let stop = |control: &TransferControl| {
            until_it_halts(control, 1);
            thread::sleep(STALL);
        };
        let control = || TransferControl::new().with_stall_limit(STALL);
        for (name, _reader, writer) in pairs() {
            println!("{name}");
            let error = stopped(&control(), stop, |control| {
                send.clone().controlled_by(control).write_to(&writer)
            });
            kinds.see(&error, ErrorKind::Stalled);
        }
        for (name, reader, mut writer) in pairs() {
            println!("{name}");
            set_blocking(&writer, true);
            let error = stopped(&control(), stop, |control| {
                thread::scope(|scope| {
                    scope.spawn(|| writer.write_all(&stream[..LEN / 4]).unwrap());
                    zfs.receive(&target)
                        .resumable()
                        .controlled_by(control)
                        .run(&reader)
                })
            });
            kinds.see(&error, ErrorKind::Stalled);
            assert!(token(&pool, &target, &error).fields().bytes > 0);
            zfs.discard_partial_receive(target.dataset()).unwrap();
        }
        kinds.most_are(ErrorKind::Stalled);
    });
}

#[test]
#[serial]
fn what_moves_slowly_is_not_stopped_by_a_stall_limit() {
    within(LIMIT, || {
        let pool = pool("slow");
        let (_, stream) = sample(&pool);
        let small = file_system(&pool, "small");
        let small = snapshot(pool.zfs(), &small, "s");
        let stream_of_small = stream_of(&pool.zfs().send(&small));
        assert!(stream_of_small.len() < stream.len());
        let (reader, mut writer) = UnixStream::pair().unwrap();
        let control = TransferControl::new().with_stall_limit(Duration::from_secs(3));
        let pieces = stream_of_small.len().div_ceil(30);
        thread::scope(|scope| {
            scope.spawn(|| {
                for piece in stream_of_small.chunks(pieces) {
                    thread::sleep(Duration::from_millis(200));
                    writer.write_all(piece).unwrap();
                }
            });
            let target = pool.snapshot("copy@s");
            let receive = pool.zfs().receive(&target).controlled_by(&control);
            receive.run(&reader).unwrap().all().unwrap();
        });
        let bytes = stream_of_small.len() as u64;
        assert_eq!(control.progress().bytes, bytes);
    });
}

/// How many records `zstream dump` finds in a stream.
#[track_caller]
fn records_of(pool: &Pool, stream: &[u8]) -> u64 {
    let dump = Command::new("zstream")
        .arg("dump")
        .stdin(file_with(pool, stream))
        .output()
        .unwrap();
    assert!(dump.status.success(), "{dump:?}");
    let text = String::from_utf8(dump.stdout).unwrap();
    let line = text.lines().find(|line| line.contains("Total records"));
    let number = line.and_then(|line| line.rsplit(' ').next());
    number.unwrap_or_else(|| panic!("{text}")).parse().unwrap()
}

#[test]
#[serial]
fn progress_is_that_of_the_stream() {
    within(LIMIT, || {
        let pool = pool("progress");
        let zfs = pool.zfs();
        let root = encrypted(&pool, "enc");
        write_file(&pool, &root, "bulk", &noise(1, 1 << 20));
        write_file(&pool, &root, "small", b"text");
        let text = vec![b'x'; 300_000];
        write_file(&pool, &root, "text", &text);
        let base = snapshot(zfs, &root, "a");
        write_file(&pool, &root, "small", &noise(2, 5000));
        let snap = snapshot(zfs, &root, "b");
        let embedded = SendFlags::EMBED_DATA | SendFlags::COMPRESSED;
        for (i, send) in [
            zfs.send(&base),
            zfs.send(&base).raw(),
            zfs.send(&base)
                .flags(SendFlags::LARGE_BLOCKS | SendFlags::COMPRESSED),
            zfs.send(&base).flags(embedded),
            zfs.send(&snap).from(&base),
            zfs.send(&snap).from(&base).raw(),
        ]
        .into_iter()
        .enumerate()
        {
            let stream = stream_of(&send);
            let records = records_of(&pool, &stream);
            let expected = (stream.len() as u64, records);
            let seen = |control: &TransferControl| {
                let progress = control.progress();
                (progress.bytes, progress.records)
            };
            let control = TransferControl::new();
            let sent = send.clone().controlled_by(&control);
            let file = file_with(&pool, b"");
            sent.write_to(&file).unwrap();
            assert_eq!(seen(&control), expected, "{i}");
            let control = TransferControl::new();
            control.set_estimate(send.size().unwrap());
            let mut read = Vec::new();
            let mut running = send.clone().controlled_by(&control).start().unwrap();
            running.read_to_end(&mut read).unwrap();
            assert!(read == stream);
            assert_eq!(seen(&control), expected, "{i}");
            assert_eq!(control.progress().estimate, Some(send.size().unwrap()));
            if i == 0 {
                let control = TransferControl::new();
                let target = pool.snapshot("copy@s");
                let receive = zfs.receive(&target).controlled_by(&control);
                let received = receive.run(file_with(&pool, &stream)).unwrap();
                received.all().unwrap();
                assert_eq!(seen(&control), expected);
                assert_eq!(received.bytes(), expected.0 - 312);
            }
        }
    });
}

#[test]
#[serial]
fn on_a_suspended_pool_a_cancelled_transfer_is_left_to_itself() {
    within(LIMIT, || {
        let pool = pool("suspended");
        let (_, stream) = sample(&pool);
        let zfs = pool.zfs();
        let target = pool.snapshot("copy@s");
        let before = counts();
        let (reader, mut writer) = UnixStream::pair().unwrap();
        let control = TransferControl::new();
        thread::scope(|scope| {
            let receiving = scope.spawn(|| {
                let receive = zfs.receive(&target).resumable().controlled_by(&control);
                receive.run(&reader)
            });
            writer.write_all(&stream[..LEN / 8]).unwrap();
            until_it_halts(&control, LEN / 8);
            let suspension = pool.suspend().unwrap();
            // So that it has something to do before it can give up.
            writer.write_all(&stream[LEN / 8..LEN / 4]).unwrap();
            until_it_halts(&control, LEN / 8);
            let at = Instant::now();
            control.cancel();
            let (received, late) = lateness(|| receiving.join().unwrap());
            let error = received.unwrap_err();
            assert!(at.elapsed() < SOON + late, "{error}");
            assert_eq!(error.kind(), ErrorKind::StillRunning, "{error}");
            suspension.resume().unwrap();
        });
        drop((reader, writer));
        while counts() != before {}
        let dataset = zfs.dataset(target.dataset()).unwrap();
        assert!(dataset.receive_resume_token().unwrap().is_some());
    });
}
