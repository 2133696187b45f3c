//! What transfers must not do: hang, leak, or be broken by signals. One at a time, because they
//! count what the whole process has.

#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use libzfs::testing::Pool;
use libzfs::{ErrorKind, FromReader, SnapshotName, TransferControl};
use serial_test::serial;
use support::{
    file_system, file_with, kind, noise, pool, snapshot, stream_of, within, write_file, zfs_says,
};

/// Runs `work` and fails if it takes longer than any of these tests may.
#[track_caller]
fn in_time(work: impl FnOnce() + Send + 'static) {
    within(Duration::from_secs(240), work);
}

fn count(directory: &str) -> usize {
    fs::read_dir(directory).unwrap().count()
}

/// Fails if `work`, done many times, leaves descriptors or threads behind.
#[track_caller]
fn leaks_nothing(work: impl Fn()) {
    let counts = || (count("/proc/self/fd"), count("/proc/self/task"));
    work();
    // A thread that has been joined can be listed for a moment longer.
    thread::sleep(Duration::from_millis(200));
    let before = counts();
    for _ in 0..10 {
        work();
    }
    let left = || {
        let after = counts();
        after.0 > before.0 || after.1 > before.1
    };
    for _ in 0..100 {
        if !left() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    assert!(
        !left(),
        "descriptors and threads before: {before:?}, after: {:?}",
        counts()
    );
}

fn sample(pool: &Pool, len: usize) -> (SnapshotName, Vec<u8>) {
    let data = file_system(pool, "data");
    write_file(pool, &data, "bulk", &noise(1, len));
    let snap = snapshot(pool.zfs(), &data, "s");
    let mut stream = Vec::new();
    pool.zfs()
        .send(&snap)
        .start()
        .unwrap()
        .read_to_end(&mut stream)
        .unwrap();
    (snap, stream)
}

#[test]
#[serial]
fn nothing_is_left_whatever_goes_wrong() {
    in_time(|| {
        let pool = pool("leak");
        let zfs = pool.zfs();
        let (snap, stream) = sample(&pool, 2 << 20);
        let missing = snap.dataset().snapshot("missing").unwrap();
        let target = pool.snapshot("copy@s");
        let copy = pool.dataset("copy");
        let discard = || {
            let _ = zfs.destroy_snapshots(std::slice::from_ref(&target), Default::default());
            let _ = zfs.destroy_dataset(&copy);
        };
        let full = File::options().write(true).open("/dev/full").unwrap();
        let null = File::open("/dev/null").unwrap();
        leaks_nothing(|| drop(zfs.send(&snap).start().unwrap()));
        leaks_nothing(|| drop(zfs.send(&missing).start().unwrap()));
        leaks_nothing(|| assert_eq!(kind(zfs.send(&snap).write_to(&full)), ErrorKind::NoSpace));
        leaks_nothing(|| {
            let (ours, theirs) = UnixStream::pair().unwrap();
            drop(theirs);
            assert_eq!(kind(zfs.send(&snap).write_to(&ours)), ErrorKind::BrokenPipe);
        });
        leaks_nothing(|| {
            assert_eq!(
                kind(zfs.receive(&target).run(&null)),
                ErrorKind::EmptyStream
            );
        });
        leaks_nothing(|| {
            let half = file_with(&pool, &stream[..stream.len() / 2]);
            assert_eq!(
                kind(zfs.receive(&target).run(&half)),
                ErrorKind::StreamTruncated
            );
        });
        leaks_nothing(|| {
            let missing = zfs.send(&missing).start().unwrap();
            assert_eq!(
                kind(zfs.receive(&target).run(missing)),
                ErrorKind::SnapshotNotFound
            );
        });
        leaks_nothing(|| {
            // The receiver gives up while the sender is in the middle of it.
            let taken = zfs.receive(&snap).run(zfs.send(&snap).start().unwrap());
            assert_eq!(kind(taken), ErrorKind::SnapshotExists);
        });
        leaks_nothing(|| {
            zfs.receive(&target)
                .run(zfs.send(&snap).start().unwrap())
                .unwrap()
                .all()
                .unwrap();
            discard();
        });
    });
}

#[test]
#[serial]
fn a_receiver_that_fails_frees_a_source_that_is_idle() {
    in_time(|| {
        let pool = pool("idle");
        let (snap, stream) = sample(&pool, 1 << 20);
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        // Enough for the kernel to say no; then nothing more comes, and nothing is closed.
        theirs.write_all(&stream[..64 << 10]).unwrap();
        let taken = pool.zfs().receive(&snap).run(&ours);
        assert_eq!(kind(taken), ErrorKind::SnapshotExists);
        drop(theirs);
    });
}

#[test]
#[serial]
fn a_source_that_dribbles_is_received_whole() {
    in_time(|| {
        let pool = pool("dribble");
        let (_, stream) = sample(&pool, 100_000);
        for nonblocking in [false, true] {
            let (ours, mut theirs) = UnixStream::pair().unwrap();
            ours.set_nonblocking(nonblocking).unwrap();
            let stream = stream.clone();
            let writer = thread::spawn(move || {
                let mut rest = &stream[..];
                for size in [1, 311, 1, 7, 4099, 13, 777].into_iter().cycle() {
                    let (now, later) = rest.split_at(size.min(rest.len()));
                    theirs.write_all(now).unwrap();
                    rest = later;
                    if rest.is_empty() {
                        break;
                    }
                    thread::sleep(Duration::from_millis(2));
                }
            });
            let target = pool.snapshot(&format!("copy-{nonblocking}@s"));
            pool.zfs()
                .receive(&target)
                .run(&ours)
                .unwrap()
                .all()
                .unwrap();
            writer.join().unwrap();
        }
    });
}

/// Sends a signal a thousand times a second to this process, to the thread that starts it, and to
/// each thread that transfers a stream.
struct Alarms {
    stop: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<u32>>,
}

impl Alarms {
    fn start() -> Self {
        extern "C" fn handle(_: libc::c_int) {}
        // SAFETY: all zero is a value of it, and without SA_RESTART, so that whatever can be
        // interrupted is.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = handle as extern "C" fn(libc::c_int) as libc::sighandler_t;
        // SAFETY: the handler does nothing, which is allowed in a handler.
        let rc = unsafe { libc::sigaction(libc::SIGALRM, &action, std::ptr::null_mut()) };
        assert_eq!(rc, 0);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        // SAFETY: asks for a number.
        let caller = unsafe { libc::gettid() };
        let thread = thread::spawn(move || {
            let mut sent = 0;
            while !stopped.load(Ordering::Relaxed) {
                // SAFETY: sends a signal that is handled.
                unsafe { libc::kill(Self::process(), libc::SIGALRM) };
                Self::to_thread(caller);
                sent += Self::to_transfers();
                thread::sleep(Duration::from_millis(1));
            }
            sent
        });
        Self {
            stop,
            thread: Some(thread),
        }
    }

    fn process() -> libc::pid_t {
        libc::pid_t::try_from(std::process::id()).unwrap()
    }

    /// How many threads that transfer a stream got one.
    fn to_transfers() -> u32 {
        let mut sent = 0;
        for task in fs::read_dir("/proc/self/task").unwrap().flatten() {
            let name = fs::read_to_string(task.path().join("comm")).unwrap_or_default();
            let id: libc::pid_t = task.file_name().to_str().unwrap().parse().unwrap();
            if name.starts_with("zfs-") {
                sent += u32::from(Self::to_thread(id));
            }
        }
        sent
    }

    fn to_thread(id: libc::pid_t) -> bool {
        // SAFETY: sends a signal that is handled to a thread of this process, or to none.
        let rc = unsafe { libc::syscall(libc::SYS_tgkill, Self::process(), id, libc::SIGALRM) };
        rc == 0
    }

    /// Stops, and says how many signals threads that transfer a stream were sent.
    fn stop(mut self) -> u32 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap()
    }
}

#[test]
#[serial]
fn signals_change_nothing() {
    in_time(|| {
        let pool = pool("signal");
        let zfs = pool.zfs();
        let (snap, stream) = sample(&pool, 8 << 20);
        // A clone without any of the data, by which all of it is redacted.
        let clone = pool.dataset("clone");
        zfs_says(&["clone", "-o", "canmount=off", snap.as_str(), clone.as_str()]);
        write_file(&pool, &clone, "bulk", b"");
        let without = snapshot(zfs, &clone, "s");
        let alarms = Alarms::start();
        for i in 0..3 {
            // Interrupted, it would know of a part and look complete.
            let book = snap.dataset().bookmark(&format!("book-{i}")).unwrap();
            zfs.redact(&snap, &book, std::slice::from_ref(&without))
                .unwrap();
            let redacted = stream_of(&zfs.send(&snap).redacted(&book));
            assert!(redacted.len() < 1 << 20);
            let target = pool.snapshot(&format!("direct-{i}@s"));
            zfs.receive(&target)
                .run(zfs.send(&snap).start().unwrap())
                .unwrap()
                .all()
                .unwrap();
            let target = pool.snapshot(&format!("file-{i}@s"));
            zfs.receive(&target)
                .run(file_with(&pool, &stream))
                .unwrap()
                .all()
                .unwrap();
            zfs.send(&snap)
                .write_to(&File::options().write(true).open("/dev/null").unwrap())
                .unwrap();
            let mut again = Vec::new();
            zfs.send(&snap)
                .start()
                .unwrap()
                .read_to_end(&mut again)
                .unwrap();
            assert!(again == stream);
            if i > 0 {
                // There is no room for more.
                continue;
            }
            // What passes through the thread that calls, which gets them as well.
            let control = TransferControl::new();
            for send in [zfs.send(&snap), zfs.send(&snap).controlled_by(&control)] {
                again.clear();
                send.write_to_writer(&mut again).unwrap();
                assert!(again == stream);
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
            let target = pool.snapshot(&format!("reader-{i}@s"));
            let receive = zfs.receive(&target);
            receive.run(FromReader(&stream[..])).unwrap().all().unwrap();
            let target = pool.snapshot(&format!("watched-{i}@s"));
            let receive = zfs.receive(&target).controlled_by(&control);
            let sending = zfs.send(&snap).start().unwrap();
            sending.copy_to(receive).unwrap().all().unwrap();
            let (ours, mut theirs) = UnixStream::pair().unwrap();
            ours.set_nonblocking(true).unwrap();
            let target = pool.snapshot(&format!("socket-{i}@s"));
            thread::scope(|scope| {
                scope.spawn(|| theirs.write_all(&stream).unwrap());
                zfs.receive(&target).run(&ours).unwrap().all().unwrap();
            });
        }
        assert!(alarms.stop() > 100);
    });
}

#[test]
#[serial]
fn a_broken_pipe_raises_no_signal_in_the_caller() {
    in_time(|| {
        static RAISED: AtomicBool = AtomicBool::new(false);
        extern "C" fn handle(_: libc::c_int) {
            RAISED.store(true, Ordering::SeqCst);
        }
        let handler = handle as extern "C" fn(libc::c_int);
        // Rust ignores SIGPIPE in programs of its own; a library can be in others.
        // SAFETY: the handler only stores to an atomic, which is allowed in a handler.
        let old = unsafe { libc::signal(libc::SIGPIPE, handler as libc::sighandler_t) };
        let pool = pool("sigpipe");
        let (snap, stream) = sample(&pool, 2 << 20);
        let send = pool.zfs().send(&snap);
        let mut sending = send.start().unwrap();
        sending.read_exact(&mut [0; 100]).unwrap();
        drop(sending);
        let (ours, theirs) = UnixStream::pair().unwrap();
        drop(theirs);
        let control = TransferControl::new();
        for send in [send, pool.zfs().send(&snap).controlled_by(&control)] {
            assert_eq!(kind(send.write_to(&ours)), ErrorKind::BrokenPipe);
            assert_eq!(
                kind(send.write_to(&pipe_without_reader())),
                ErrorKind::BrokenPipe
            );
            let writer = File::from(OwnedFd::from(pipe_without_reader()));
            assert_eq!(kind(send.write_to_writer(&writer)), ErrorKind::BrokenPipe);
            // A receiver that gives up before it has read all.
            let receive = pool.zfs().receive(&snap);
            let taken = receive.run(FromReader(&stream[..]));
            assert_eq!(kind(taken), ErrorKind::SnapshotExists);
        }
        assert!(!RAISED.load(Ordering::SeqCst));
        // SAFETY: restores what was there.
        unsafe { libc::signal(libc::SIGPIPE, old) };
    });
}

fn pipe_without_reader() -> ChildStdin {
    let mut child = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
    let input = child.stdin.take().unwrap();
    child.wait().unwrap();
    input
}

#[test]
#[serial]
fn sixteen_at_once() {
    in_time(|| {
        let pool = pool("sixteen");
        let (snap, stream) = sample(&pool, 300_000);
        thread::scope(|scope| {
            for i in 0..16 {
                let (pool, snap, stream) = (&pool, &snap, &stream);
                scope.spawn(move || {
                    let target = pool.snapshot(&format!("copy-{i}@s"));
                    let zfs = pool.zfs();
                    zfs.receive(&target)
                        .run(zfs.send(snap).start().unwrap())
                        .unwrap()
                        .all()
                        .unwrap();
                    let mut again = Vec::new();
                    zfs.send(snap)
                        .start()
                        .unwrap()
                        .read_to_end(&mut again)
                        .unwrap();
                    assert!(again == *stream);
                    io::copy(&mut zfs.send(snap).start().unwrap(), &mut io::sink()).unwrap();
                });
            }
        });
    });
}
