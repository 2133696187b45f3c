//! Packages on their way: through tasks and descriptors, watched, cancelled and cut. One at a time,
//! because they count what the whole process has.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::future::{Future, poll_fn};
use std::io::{Read, Seek, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::sync::mpsc;
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};
use std::{fs, thread};

use libzfs::package::{PackageReceive, PackageSend, ReceivedPackage, StreamOutcome};
use libzfs::stream::Records;
use libzfs::testing::Pool;
use libzfs::{ErrorKind, TransferControl};
use serial_test::serial;
use support::{
    LIMIT, descriptors, file_system, file_with, kind, noise, pool, read_file, threads_named,
    within, write_file, zfs_says,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};

/// Within how much a transfer that is cancelled returns, at most: it is a second by what it waits
/// for, and the others are for a guest that gets no processor.
const SOON: Duration = Duration::from_secs(10);

/// How much is in each of the datasets: more than the pipes on the way hold.
const LEN: usize = 3 << 20;

/// A tree of three datasets, and its package.
struct Sample {
    pool: Pool,
    bytes: Vec<u8>,
}

const PATHS: [&str; 3] = ["", "/a", "/b"];

impl Sample {
    fn new(label: &str) -> Self {
        let pool = pool(label);
        for (path, seed) in PATHS.iter().zip(1..) {
            let dataset = file_system(&pool, &format!("src{path}"));
            write_file(&pool, &dataset, "bulk", &noise(seed, LEN));
        }
        zfs_says(&["snapshot", "-r", &format!("{}@s", pool.dataset("src"))]);
        let mut bytes = Vec::new();
        send(&pool).write_to_writer(&mut bytes).unwrap();
        Self { pool, bytes }
    }

    fn receive(&self, to: &str) -> PackageReceive {
        self.pool.zfs().receive_package(self.pool.dataset(to))
    }

    #[track_caller]
    fn assert_received(&self, to: &str) {
        for (path, seed) in PATHS.iter().zip(1..) {
            let dataset = self.pool.dataset(&format!("{to}{path}"));
            assert!(
                read_file(&self.pool, &dataset, "bulk") == noise(seed, LEN),
                "{dataset}"
            );
        }
    }

    /// Resumes what a package was cut in, and has all of it received.
    #[track_caller]
    fn complete(&self, to: &str) {
        let zfs = self.pool.zfs();
        for path in PATHS {
            let target = self.pool.dataset(&format!("{to}{path}"));
            let Ok(dataset) = zfs.dataset(&target) else {
                continue;
            };
            if let Some(token) = dataset.receive_resume_token().unwrap() {
                let source = self.pool.dataset(&format!("src{path}"));
                let rest = zfs.resume_send(&source, &token).unwrap().start().unwrap();
                let target = target.snapshot("s").unwrap();
                zfs.receive(&target).run(rest).unwrap().all().unwrap();
            }
        }
        self.receive(to)
            .run(&self.bytes[..])
            .unwrap()
            .all()
            .unwrap();
        self.assert_received(to);
    }

    /// How many of the datasets of `copy` are there that are below it, received or not.
    fn parts(&self) -> usize {
        let parts = PATHS[1..]
            .iter()
            .map(|path| self.pool.dataset(&format!("copy{path}")));
        parts
            .filter(|name| self.pool.zfs().dataset_exists(name).unwrap())
            .count()
    }

    /// Whether the first stream has been received as `copy`, and the second has begun.
    fn is_in_the_second(&self) -> bool {
        let first = self.pool.snapshot("copy@s");
        self.pool.zfs().snapshot_exists(&first).unwrap() && self.parts() == 1
    }

    fn discard(&self, to: &str) {
        zfs_says(&["destroy", "-r", self.pool.dataset(to).as_str()]);
    }
}

fn send(pool: &Pool) -> PackageSend {
    pool.zfs().send_package(&pool.snapshot("src@s")).recursive()
}

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

/// How many threads transfer a stream.
fn transferring() -> usize {
    threads_named("zfs-")
}

/// Fails, in the end, unless the threads and descriptors of transfers are gone, and the holds.
#[track_caller]
fn nothing_is_left(pool: &Pool, before: usize) {
    let since = Instant::now();
    while transferring() > 0 || descriptors() != before {
        assert!(since.elapsed() < LIMIT / 2, "{} threads", transferring());
        thread::sleep(Duration::from_millis(5));
    }
    let holds = zfs_says(&["holds", "-rH", pool.snapshot("src@s").as_str()]);
    assert_eq!(holds, "");
}

/// Stops a transfer by its control once it has come so far, and returns what it returns.
#[track_caller]
fn cancelled<T: Send>(
    is_there: impl Fn(&TransferControl) -> bool,
    transfer: impl FnOnce(&TransferControl) -> T + Send,
) -> T {
    let control = TransferControl::new();
    let (result, took) = thread::scope(|scope| {
        let (done, ended) = mpsc::channel();
        let control = &control;
        let thread = scope.spawn(move || {
            let result = transfer(control);
            done.send(Instant::now()).unwrap();
            result
        });
        while !is_there(control) {
            thread::sleep(Duration::from_millis(50));
        }
        assert!(control.is_running());
        control.cancel();
        let at = Instant::now();
        let end = ended.recv_timeout(LIMIT).expect("it hangs");
        (thread.join().unwrap(), end.saturating_duration_since(at))
    });
    println!("after {took:?}");
    assert!(took < SOON && !control.is_running());
    result
}

#[test]
#[serial]
fn a_package_goes_through_tasks_and_descriptors_and_is_the_same() {
    within(LIMIT, || {
        let sample = Sample::new("pktasks");
        let Sample { pool, bytes } = &sample;
        runtime().block_on(async {
            let (mut ours, mut theirs) = tokio::io::duplex(1000);
            let control = TransferControl::new();
            let sending = send(pool).controlled_by(&control);
            let sending = sending.start().unwrap().into_async().unwrap();
            let sender = tokio::spawn(async move {
                sending.write_to(&mut theirs).await.unwrap();
                theirs.write_all(b"and more").await.unwrap();
            });
            let watched = TransferControl::new();
            let receive = sample.receive("tasks").controlled_by(&watched);
            receive.run_async(&mut ours).await.unwrap().all().unwrap();
            let mut rest = String::new();
            ours.read_to_string(&mut rest).await.unwrap();
            assert_eq!(rest, "and more");
            sender.await.unwrap();
            // Each byte and record is counted once.
            let records = Records::new(bytes).count() as u64;
            for progress in [control.progress(), watched.progress()] {
                assert_eq!(
                    (progress.bytes, progress.records),
                    (bytes.len() as u64, records)
                );
            }
        });
        sample.assert_received("tasks");

        let (mut ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        theirs.set_nonblocking(true).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| send(pool).write_to(&theirs).unwrap());
            sample
                .receive("sockets")
                .run_from(&ours)
                .unwrap()
                .all()
                .unwrap();
        });
        assert!(ours.read(&mut [0]).is_err(), "there is more");
        sample.assert_received("sockets");

        let mut file = file_with(pool, b"");
        send(pool).write_to(&file).unwrap();
        file.rewind().unwrap();
        sample
            .receive("file")
            .run_from(&file)
            .unwrap()
            .all()
            .unwrap();
        sample.assert_received("file");
        let read_only = fs::File::open("/dev/null").unwrap();
        assert_eq!(
            kind(send(pool).write_to(&read_only)),
            ErrorKind::BadDescriptor
        );
        let write_only = fs::File::options().write(true).open("/dev/null").unwrap();
        assert_eq!(
            kind(sample.receive("none").run_from(&write_only)),
            ErrorKind::BadDescriptor
        );
        // Through nothing but a pipe.
        let piped = send(pool).start().unwrap();
        sample.receive("pipe").run(piped).unwrap().all().unwrap();
        sample.assert_received("pipe");
    });
}

/// Does something with the other end of a connection until `work` is done, and no longer.
fn meanwhile<T>(
    other: &UnixStream,
    feed: impl FnOnce(&UnixStream) -> std::io::Result<()> + Send,
    work: impl FnOnce() -> T,
) -> T {
    thread::scope(|scope| {
        scope.spawn(|| {
            // It may be cut off.
            let _ = feed(other);
        });
        let done = work();
        other.shutdown(Shutdown::Both).unwrap();
        done
    })
}

/// How much of a package is sent before nothing more comes: some of the second stream.
fn half(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len() / 2]
}

#[test]
#[serial]
fn a_receive_that_is_stopped_leaves_what_is_whole_and_what_can_be_resumed() {
    within(LIMIT, || {
        let sample = Sample::new("pkstop");
        let Sample { pool, bytes } = &sample;
        let zfs = pool.zfs();
        let runtime = runtime();
        for (way, resumable) in [("fd", false), ("fd", true), ("stall", true), ("task", true)] {
            let (ours, theirs) = UnixStream::pair().unwrap();
            let before = descriptors();
            let mut receive = sample.receive("copy");
            if resumable {
                receive = receive.resumable();
            }
            let in_task = |receive: PackageReceive| {
                runtime.block_on(async {
                    let ours = ours.try_clone().unwrap();
                    ours.set_nonblocking(true).unwrap();
                    let ours = tokio::net::UnixStream::from_std(ours).unwrap();
                    receive.run_async(ours).await
                })
            };
            let stalling = || TransferControl::new().with_stall_limit(Duration::from_secs(5));
            let begun = |_: &TransferControl| sample.is_in_the_second();
            let received = meanwhile(
                &theirs,
                |mut theirs| theirs.write_all(half(bytes)),
                || match way {
                    "stall" => receive.controlled_by(&stalling()).run_from(&ours),
                    "task" => cancelled(begun, |control| in_task(receive.controlled_by(control))),
                    _ => cancelled(begun, |control| {
                        receive.controlled_by(control).run_from(&ours)
                    }),
                },
            );
            let received = received.unwrap();
            let expected = match way {
                "stall" => ErrorKind::Stalled,
                _ => ErrorKind::Cancelled,
            };
            assert_eq!(whole(&received, expected), 1, "{way}");
            nothing_is_left(pool, before);
            assert!(zfs.snapshot_exists(&pool.snapshot("copy@s")).unwrap());
            assert_eq!(sample.parts(), usize::from(resumable), "{way}");
            if resumable {
                sample.complete("copy");
            }
            sample.discard("copy");
        }

        // A future that is dropped.
        runtime.block_on(async {
            let (mut ours, mut theirs) = tokio::net::UnixStream::pair().unwrap();
            let before = descriptors();
            let idle = async {
                theirs.write_all(half(bytes)).await.unwrap();
                while !sample.is_in_the_second() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            };
            let receive = sample.receive("copy").resumable();
            assert!(until(idle, receive.run_async(&mut ours)).await.is_none());
            nothing_is_left(pool, before);
            assert!(zfs.snapshot_exists(&pool.snapshot("copy@s")).unwrap());
            sample.complete("copy");
        });
    });
}

/// How many streams of a package that was stopped were received.
#[track_caller]
fn whole(received: &ReceivedPackage, expected: ErrorKind) -> usize {
    let error = received.interrupted().unwrap();
    assert_eq!(error.kind(), expected, "{error}");
    let outcomes = received.streams().iter().map(|stream| &stream.outcome);
    outcomes
        .filter(|outcome| matches!(outcome, StreamOutcome::Received(_)))
        .count()
}

/// Does `work`, until `end` comes before its own: then it is dropped.
async fn until<T>(end: impl Future<Output = ()>, work: impl Future<Output = T>) -> Option<T> {
    let (mut end, mut work) = (pin!(end), pin!(work));
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => end.as_mut().poll(cx).map(|()| None),
    })
    .await
}

#[test]
#[serial]
fn a_send_that_is_stopped_lets_go_of_everything() {
    within(LIMIT, || {
        let sample = Sample::new("pkend");
        let pool = &sample.pool;
        let runtime = runtime();
        for blocking in [true, false] {
            let (theirs, reader) = UnixStream::pair().unwrap();
            let before = descriptors();
            theirs.set_nonblocking(!blocking).unwrap();
            // Up to the second stream it is read, and no further.
            let read = |mut reader: &UnixStream| reader.read_exact(&mut vec![0; LEN + LEN / 2]);
            let begun = |control: &TransferControl| control.progress().bytes > LEN as u64;
            let error = meanwhile(&reader, read, || {
                cancelled(begun, |control| {
                    send(pool).controlled_by(control).write_to(&theirs)
                })
            });
            assert_eq!(kind(error), ErrorKind::Cancelled);
            nothing_is_left(pool, before);
        }
        let before = descriptors();
        let mut stream = send(pool).start().unwrap();
        stream.read_exact(&mut vec![0; LEN + LEN / 2]).unwrap();
        drop(stream);
        nothing_is_left(pool, before);
        runtime.block_on(async {
            let before = descriptors();
            let mut sending = send(pool).start().unwrap().into_async().unwrap();
            sending
                .read_exact(&mut vec![0; LEN + LEN / 2])
                .await
                .unwrap();
            drop(sending);
            nothing_is_left(pool, before);
        });
    });
}

#[test]
#[serial]
fn a_package_that_is_cut_anywhere_is_completed() {
    within(LIMIT, || {
        let sample = Sample::new("pkcut");
        let bytes = &sample.bytes;
        let seed = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        println!("seed {seed}");
        for place in noise(seed, 6 * 8).chunks(8) {
            let number = place
                .iter()
                .fold(0, |number, byte| number << 8 | usize::from(*byte));
            let at = number % bytes.len();
            println!("at {at} of {}", bytes.len());
            let cut = sample.receive("copy").resumable().run(&bytes[..at]);
            let kind = cut.and_then(ReceivedPackage::all).unwrap_err().kind();
            let expected = match at {
                0 => ErrorKind::EmptyStream,
                _ => ErrorKind::StreamTruncated,
            };
            assert_eq!(kind, expected);
            sample.complete("copy");
            sample.discard("copy");
        }
    });
}
