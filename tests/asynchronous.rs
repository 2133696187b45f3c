//! Sends and receives in tasks. One at a time, because they count what the whole process has.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use futures_core::Stream;
use libzfs::testing::Pool;
use libzfs::{ErrorKind, SnapshotName, TransferControl};
use serial_test::serial;
use support::{
    LIMIT, descriptors, file_system, kind, noise, pipe, pool, read_file, share, snapshot,
    stream_of, threads_named, within, write_file,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// How long a transfer is left to come to where it can go no further.
const A_WHILE: Duration = Duration::from_millis(300);

const LEN: usize = 8 << 20;

fn sample(pool: &Pool) -> (SnapshotName, Vec<u8>) {
    let data = file_system(pool, "data");
    write_file(pool, &data, "bulk", &noise(1, LEN));
    let snap = snapshot(pool.zfs(), &data, "s");
    let stream = stream_of(&pool.zfs().send(&snap));
    (snap, stream)
}

fn runtimes() -> Vec<Runtime> {
    let mut kinds = [Builder::new_multi_thread(), Builder::new_current_thread()];
    kinds
        .iter_mut()
        .take(share("runtimes", 2))
        .map(|kind| kind.worker_threads(2).enable_all().build().unwrap())
        .collect()
}

/// How many threads transfer a stream.
fn transferring() -> usize {
    threads_named("zfs-")
}

/// Fails, in the end, unless all threads that transferred are gone. Mostly they are at once, and
/// where the kernel is slow, as an emulated one can be, they wait for it.
#[track_caller]
fn none_is_left() {
    let since = Instant::now();
    while transferring() > 0 {
        assert!(since.elapsed() < LIMIT / 2, "{} threads", transferring());
        thread::sleep(Duration::from_millis(5));
    }
}

#[track_caller]
fn received(pool: &Pool, target: &SnapshotName) {
    assert!(read_file(pool, target.dataset(), "bulk") == noise(1, LEN));
}

#[test]
#[serial]
fn a_stream_goes_through_tasks_and_is_the_same() {
    within(LIMIT, || {
        let pool = pool("tasks");
        let zfs = pool.zfs();
        let (snap, stream) = sample(&pool);
        for (i, runtime) in runtimes().into_iter().enumerate() {
            let target = pool.snapshot(&format!("copy-{i}@s"));
            runtime.block_on(async {
                let mut read = Vec::new();
                let mut sending = zfs.send(&snap).start().unwrap().into_async().unwrap();
                sending.read_to_end(&mut read).await.unwrap();
                assert!(read == stream);
                assert_eq!(sending.read(&mut [0; 10]).await.unwrap(), 0);
                let mut written = Vec::new();
                let sending = zfs.send(&snap).start().unwrap().into_async().unwrap();
                sending.write_to(&mut written).await.unwrap();
                assert!(written == stream);

                // Both ends in tasks, of a connection that holds little; and what follows the
                // stream stays.
                let (mut ours, mut theirs) = tokio::io::duplex(1000);
                let sending = zfs.send(&snap).start().unwrap().into_async().unwrap();
                let sender = tokio::spawn(async move {
                    sending.write_to(&mut theirs).await.unwrap();
                    theirs.write_all(b"and more").await.unwrap();
                });
                let receive = zfs.receive(&target);
                receive.run_async(&mut ours).await.unwrap().all().unwrap();
                let mut rest = String::new();
                ours.read_to_string(&mut rest).await.unwrap();
                assert_eq!(rest, "and more");
                sender.await.unwrap();
            });
            received(&pool, &target);
        }
        none_is_left();
    });
}

#[test]
#[serial]
fn a_future_that_is_dropped_leaves_nothing_but_what_can_be_resumed() {
    within(LIMIT, || {
        let pool = pool("drop");
        let zfs = pool.zfs();
        let (snap, stream) = sample(&pool);
        let target = pool.snapshot("copy@s");
        for runtime in runtimes() {
            runtime.block_on(async {
                // What the runtime has of its own it has from now on.
                let (mut ours, mut theirs) = UnixStream::pair().unwrap();
                let before = descriptors();
                let soon_gone = async || {
                    let since = Instant::now();
                    while transferring() > 0 || descriptors() != before {
                        assert!(since.elapsed() < LIMIT / 2, "{} threads", transferring());
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                    println!("gone after {:?}", since.elapsed());
                };
                for resumable in [false, true] {
                    let mut receive = zfs.receive(&target);
                    if resumable {
                        receive = receive.resumable();
                    }
                    let idle = async {
                        theirs.write_all(&stream[..LEN / 4]).await.unwrap();
                        tokio::time::sleep(2 * A_WHILE).await;
                    };
                    let received = until(idle, receive.run_async(&mut ours)).await;
                    assert!(received.is_none(), "{received:?}");
                    soon_gone().await;
                    if resumable {
                        let dataset = zfs.dataset(target.dataset()).unwrap();
                        let token = dataset.receive_resume_token().unwrap().unwrap();
                        assert!(token.fields().bytes > 0);
                        let rest = zfs.resume_send(snap.dataset(), &token).unwrap();
                        let rest = rest.start().unwrap().into_async().unwrap();
                        let resumed = zfs.receive(&target).run_async(rest).await;
                        resumed.unwrap().all().unwrap();
                    } else {
                        assert!(!zfs.dataset_exists(target.dataset()).unwrap());
                    }
                }
                let sending = zfs.send(&snap).start().unwrap().into_async().unwrap();
                let writing = timeout(A_WHILE, sending.write_to(&mut theirs)).await;
                assert!(writing.is_err());
                soon_gone().await;
                let mut sending = zfs.send(&snap).start().unwrap().into_async().unwrap();
                sending.read_exact(&mut [0; 1000]).await.unwrap();
                drop(sending);
                soon_gone().await;
            });
            received(&pool, &target);
            let snaps = std::slice::from_ref(&target);
            zfs.destroy_snapshots(snaps, libzfs::Destroy::Now).unwrap();
            zfs.destroy_dataset(target.dataset()).unwrap();
        }
    });
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

/// Does both, in turns.
async fn both<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut of_a, mut of_b) = (None, None);
    poll_fn(|cx| {
        if of_a.is_none() {
            if let Poll::Ready(value) = a.as_mut().poll(cx) {
                of_a = Some(value);
            }
        }
        if of_b.is_none() {
            if let Poll::Ready(value) = b.as_mut().poll(cx) {
                of_b = Some(value);
            }
        }
        match (of_a.is_some(), of_b.is_some()) {
            (true, true) => Poll::Ready(()),
            _ => Poll::Pending,
        }
    })
    .await;
    (of_a.unwrap(), of_b.unwrap())
}

#[test]
#[serial]
fn tasks_are_cancelled_and_stall() {
    within(LIMIT, || {
        let pool = pool("cancel");
        let zfs = pool.zfs();
        let (snap, stream) = sample(&pool);
        let target = pool.snapshot("copy@s");
        for runtime in runtimes() {
            for cancel in [false, true] {
                let control = || {
                    let control = TransferControl::new();
                    let canceller = control.clone();
                    if !cancel {
                        return control.with_stall_limit(Duration::from_secs(3));
                    }
                    thread::spawn(move || {
                        let mut last = None;
                        while last != Some(canceller.progress().bytes) {
                            last = Some(canceller.progress().bytes).filter(|&bytes| bytes > 0);
                            thread::sleep(2 * A_WHILE);
                        }
                        canceller.cancel();
                    });
                    control
                };
                let expected = match cancel {
                    true => ErrorKind::Cancelled,
                    false => ErrorKind::Stalled,
                };
                runtime.block_on(async {
                    let (mut ours, mut theirs) = UnixStream::pair().unwrap();
                    let receive = zfs.receive(&target).resumable().controlled_by(&control());
                    let feeding = async {
                        theirs.write_all(&stream[..LEN / 4]).await.unwrap();
                        std::future::pending::<()>().await;
                    };
                    let ended = until(feeding, receive.run_async(&mut ours)).await.unwrap();
                    let error = ended.unwrap_err();
                    if error.kind() == ErrorKind::StillRunning {
                        // A kernel that is slow, as an emulated one can be, needs longer.
                        while transferring() > 0 {
                            tokio::time::sleep(Duration::from_millis(5)).await;
                        }
                    } else {
                        assert_eq!(error.kind(), expected, "{error}");
                        assert!(error.resume_token().unwrap().fields().bytes > 0);
                    }
                    zfs.discard_partial_receive(target.dataset()).unwrap();

                    // The sink is full.
                    let send = zfs.send(&snap).controlled_by(&control());
                    let sending = send.start().unwrap().into_async().unwrap();
                    let error = sending.write_to(&mut theirs).await.unwrap_err();
                    assert_eq!(error.kind(), expected, "{error}");
                });
            }
        }
    });
}

#[test]
#[serial]
fn what_fails_in_a_task_says_why() {
    within(LIMIT, || {
        let pool = pool("fails");
        let zfs = pool.zfs();
        let (snap, stream) = sample(&pool);
        let target = pool.snapshot("copy@s");
        let missing = snap.dataset().snapshot("missing").unwrap();
        let half = &stream[..LEN / 2];
        for runtime in runtimes() {
            runtime.block_on(async {
                let cut = zfs.receive(&target).resumable().run_async(half).await;
                let error = cut.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::StreamTruncated);
                assert!(error.resume_token().is_some());
                zfs.discard_partial_receive(target.dataset()).unwrap();

                let torn = half.chain(Torn);
                let error = zfs.receive(&target).run_async(torn).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Io);
                assert!(error.to_string().contains("the tape is torn"), "{error}");

                let sending = zfs.send(&missing).start().unwrap().into_async().unwrap();
                let error = zfs.receive(&target).run_async(sending).await;
                assert_eq!(kind(error), ErrorKind::SnapshotNotFound);

                // The receiver says no while its source is idle, and open.
                let (mut ours, mut theirs) = UnixStream::pair().unwrap();
                theirs.write_all(&stream[..1000]).await.unwrap();
                let taken = zfs.receive(&snap).run_async(&mut ours).await;
                assert_eq!(kind(taken), ErrorKind::SnapshotExists);

                let mut sending = zfs.send(&missing).start().unwrap().into_async().unwrap();
                let mut read = Vec::new();
                assert!(sending.read_to_end(&mut read).await.is_err());
                assert!(sending.read(&mut [0]).await.is_err());
                drop(theirs);
                let sending = zfs.send(&snap).start().unwrap().into_async().unwrap();
                let error = sending.write_to(Torn).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Io);
                assert!(error.to_string().contains("the tape is torn"), "{error}");
            });
        }
        none_is_left();
    });
}

struct Torn;

impl tokio::io::AsyncRead for Torn {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        _: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::Error::other("the tape is torn")))
    }
}

impl tokio::io::AsyncWrite for Torn {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        _: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::Error::other("the tape is torn")))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut std::task::Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut std::task::Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[test]
#[serial]
fn progress_is_a_stream_that_ends() {
    within(LIMIT, || {
        let pool = pool("updates");
        let zfs = pool.zfs();
        let (snap, stream) = sample(&pool);
        for runtime in runtimes() {
            runtime.block_on(async {
                let control = TransferControl::new();
                control.set_estimate(stream.len() as u64);
                let mut updates = control.updates(Duration::from_millis(10));
                let all = async {
                    let mut all = Vec::new();
                    while let Some(next) = poll_fn(|cx| Pin::new(&mut updates).poll_next(cx)).await
                    {
                        all.push(next);
                    }
                    all
                };
                let send = zfs.send(&snap).controlled_by(&control);
                let sending = send.start().unwrap().into_async().unwrap();
                let (sent, all) = both(sending.write_to(tokio::io::sink()), all).await;
                sent.unwrap();
                assert!(all.is_sorted_by_key(|progress| progress.bytes));
                let last = all.last().unwrap();
                assert_eq!(last.bytes, stream.len() as u64);
                assert_eq!(last.estimate, Some(stream.len() as u64));
                assert!(last.records > 60);
            });
        }
    });
}

#[test]
#[serial]
fn no_task_raises_sigpipe() {
    within(LIMIT, || {
        static RAISED: AtomicBool = AtomicBool::new(false);
        extern "C" fn handle(_: libc::c_int) {
            RAISED.store(true, Ordering::SeqCst);
        }
        let handler = handle as extern "C" fn(libc::c_int);
        // SAFETY: the handler only stores to an atomic, which is allowed in a handler.
        let old = unsafe { libc::signal(libc::SIGPIPE, handler as libc::sighandler_t) };
        let pool = pool("sigpipe");
        let zfs = pool.zfs();
        let (snap, stream) = sample(&pool);
        for runtime in runtimes() {
            runtime.block_on(async {
                for _ in 0..10 {
                    let taken = zfs.receive(&snap).run_async(&stream[..]).await;
                    assert_eq!(kind(taken), ErrorKind::SnapshotExists);
                    let mut sending = zfs.send(&snap).start().unwrap().into_async().unwrap();
                    sending.read_exact(&mut [0; 1000]).await.unwrap();
                    // Written to in the runtime's own thread.
                    let (closed, writer) = pipe();
                    drop(closed);
                    let sink = tokio::net::unix::pipe::Sender::from_file(writer).unwrap();
                    let sending = zfs.send(&snap).start().unwrap().into_async().unwrap();
                    assert_eq!(kind(sending.write_to(sink).await), ErrorKind::BrokenPipe);
                }
            });
        }
        assert!(!RAISED.load(Ordering::SeqCst));
        // SAFETY: restores what was there.
        unsafe { libc::signal(libc::SIGPIPE, old) };
    });
}
