//! Many small receives from sources that give little at a time, and cuts at every place: none hangs,
//! and all end with the same bytes.
//!
//! How many there are is said by `LIBZFS_TEST_DRIBBLES` and `LIBZFS_TEST_CUTS`, and which ones by
//! `LIBZFS_TEST_SEED`; by default so many that it takes a minute or two on one release, and a fifth
//! of that on the others. 10,000 receives and 1,000 cuts are
//!
//! ```console
//! $ eval "$(cargo xtask env --runner 2.3)"
//! $ for seed in 1 2 3 4 5; do
//! >     LIBZFS_TEST_SEED=$seed LIBZFS_TEST_DRIBBLES=2000 LIBZFS_TEST_CUTS=100 cargo test --test dribble
//! > done
//! ```
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use libzfs::stream::Records;
use libzfs::testing::Pool;
use libzfs::{Destroy, ErrorKind, FromReader, Received, SnapshotName};
use support::{
    LIMIT, file_system, noise, pool, read_file, share_unless_said, snapshot, stream_of, within,
    write_file,
};

/// How long a test may take that does so many things.
fn limit(number: usize) -> Duration {
    // Of a guest that gets little of a processor.
    let each = Duration::from_secs(4);
    LIMIT + each * u32::try_from(number).unwrap()
}

/// Receives that run side by side, so that they share the pool's transactions.
const AT_ONCE: usize = 16;

/// How many incremental streams follow each full one.
const INCREMENTS: usize = 20;

fn seed() -> u64 {
    std::env::var("LIBZFS_TEST_SEED").map_or(0, |seed| seed.parse().unwrap())
}

/// Numbers that look random, the same for the same seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

/// Writes in pieces of odd sizes, with pauses.
fn dribble(mut to: UnixStream, stream: &[u8], numbers: &mut Numbers) {
    let mut rest = stream;
    while !rest.is_empty() {
        let size = [1, 7, 13, 311, 777, 4099, 30_001][numbers.below(7)].min(rest.len());
        let (now, later) = rest.split_at(size);
        to.write_all(now).unwrap();
        rest = later;
        match numbers.below(8) {
            0 => thread::sleep(Duration::from_micros(300)),
            1 | 2 => thread::yield_now(),
            _ => {}
        }
    }
}

/// Receives the stream from one that dribbles, in one of the ways in which that can be done.
fn receive(
    pool: &Pool,
    target: &SnapshotName,
    stream: &[u8],
    numbers: &mut Numbers,
) -> libzfs::Result<Received> {
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let receive = pool.zfs().receive(target);
    let way = numbers.below(4);
    let taken = match way {
        0 => 0,
        _ => numbers.below(stream.len().min(2000)),
    };
    let mut writer = Numbers(numbers.0);
    thread::scope(|scope| {
        scope.spawn(move || dribble(theirs, stream, &mut writer));
        let mut front = vec![0; taken];
        ours.read_exact(&mut front).unwrap();
        ours.set_nonblocking(numbers.below(2) == 0 && way == 0)
            .unwrap();
        match way {
            0 => receive.run(&ours),
            _ => receive.run(FromReader(front.chain(&ours))),
        }
    })
}

#[test]
fn many_small_receives_from_writers_that_dribble() {
    let wanted = share_unless_said("LIBZFS_TEST_DRIBBLES", "receives", 200);
    let seed = seed();
    within(limit(wanted), move || {
        let pool = pool("dribble");
        let zfs = pool.zfs();
        let data = file_system(&pool, "data");
        let file = |i: usize| noise(i as u64 + 1, 1000 + 517 * i);
        let mut snaps: Vec<SnapshotName> = Vec::new();
        let mut streams = Vec::new();
        for i in 0..=INCREMENTS {
            write_file(&pool, &data, "file", &file(i));
            let snap = snapshot(zfs, &data, &format!("s{i}"));
            let mut send = zfs.send(&snap);
            if let Some(base) = snaps.last() {
                send = send.from(base);
            }
            streams.push((
                zfs.snapshot(&snap).unwrap().guid().unwrap(),
                stream_of(&send),
            ));
            snaps.push(snap);
        }
        let begun = AtomicUsize::new(0);
        let ended = AtomicUsize::new(0);
        let since = Instant::now();
        thread::scope(|scope| {
            for number in 0..AT_ONCE {
                let (pool, snaps, streams) = (&pool, &snaps, &streams);
                let (begun, ended) = (&begun, &ended);
                scope.spawn(move || {
                    let mut numbers = Numbers(seed << 32 | (number as u64 + 1));
                    let copy = pool.dataset(&format!("copy-{number}"));
                    let mut round = 0;
                    while begun.fetch_add(INCREMENTS + 1, Ordering::Relaxed) < wanted {
                        for (snap, (guid, stream)) in snaps.iter().zip(streams) {
                            let target = copy.snapshot(snap.short_name()).unwrap();
                            let received = receive(pool, &target, stream, &mut numbers).unwrap();
                            received.all().unwrap();
                            assert_eq!(received.bytes(), stream.len() as u64 - 312);
                            assert_eq!(received.begin().to_guid(), *guid);
                            ended.fetch_add(1, Ordering::Relaxed);
                        }
                        if round % 8 == 0 {
                            assert!(read_file(pool, &copy, "file") == file(INCREMENTS));
                        }
                        round += 1;
                        let all: Vec<_> = snaps
                            .iter()
                            .map(|snap| copy.snapshot(snap.short_name()).unwrap())
                            .collect();
                        pool.zfs().destroy_snapshots(&all, Destroy::Now).unwrap();
                        pool.zfs().destroy_dataset(&copy).unwrap();
                    }
                });
            }
        });
        let ended = ended.into_inner();
        println!("{ended} receives in {:?}", since.elapsed());
        assert!(ended >= wanted);
    });
}

#[test]
fn a_receive_of_each_cut_goes_on_from_its_token() {
    let random = share_unless_said("LIBZFS_TEST_CUTS", "random cuts", 20);
    let seed = seed();
    within(limit(2 * random), move || {
        let pool = pool("cuts");
        let zfs = pool.zfs();
        let data = file_system(&pool, "data");
        let contents = [
            ("small", noise(1, 100)),
            ("bulk", noise(2, 700_000)),
            ("sparse", [vec![0; 300_000], noise(3, 5000)].concat()),
        ];
        for (file, bytes) in &contents {
            write_file(&pool, &data, file, bytes);
        }
        let snap = snapshot(zfs, &data, "s");
        for raw in [false, true] {
            let send = match raw {
                false => zfs.send(&snap),
                true => zfs.send(&snap).raw(),
            };
            let stream = stream_of(&send);
            let mut cuts: Vec<usize> = Vec::new();
            for record in Records::new(&stream) {
                let (record, _) = record.unwrap();
                cuts.push(record.offset().try_into().unwrap());
            }
            assert!(cuts.len() > 15, "{cuts:?}");
            let mut numbers = Numbers(seed << 32 | 7);
            cuts.extend((0..random).map(|_| numbers.below(stream.len())));
            let number = cuts.len();
            let (sender, work) = mpsc::channel();
            for cut in cuts {
                sender.send(cut).unwrap();
            }
            drop(sender);
            let work = std::sync::Mutex::new(work);
            let since = Instant::now();
            thread::scope(|scope| {
                for number in 0..AT_ONCE {
                    let (pool, snap, stream) = (&pool, &snap, &stream);
                    let (contents, work) = (&contents, &work);
                    let target = pool.snapshot(&format!("copy-{raw}-{number}@s"));
                    scope.spawn(move || {
                        loop {
                            let Ok(cut) = work.lock().unwrap().recv() else {
                                return;
                            };
                            continued(pool, snap, &target, stream, cut);
                            let mount = pool.mount(target.dataset()).unwrap();
                            for (file, bytes) in contents {
                                let there = fs::read(mount.path().join(file)).unwrap();
                                assert!(there == *bytes, "{file}, cut at {cut}");
                            }
                            mount.unmount().unwrap();
                            let zfs = pool.zfs();
                            let all = std::slice::from_ref(&target);
                            zfs.destroy_snapshots(all, Destroy::Now).unwrap();
                            zfs.destroy_dataset(target.dataset()).unwrap();
                        }
                    });
                }
            });
            println!("{number} cuts in {:?}", since.elapsed());
        }
    });
}

/// Receives the stream up to `cut`, and then what is missing.
#[track_caller]
fn continued(pool: &Pool, snap: &SnapshotName, target: &SnapshotName, stream: &[u8], cut: usize) {
    let zfs = pool.zfs();
    let part = FromReader(&stream[..cut]);
    let error = zfs.receive(target).resumable().run(part).unwrap_err();
    let expected = match cut {
        0 => ErrorKind::EmptyStream,
        _ => ErrorKind::StreamTruncated,
    };
    assert_eq!(error.kind(), expected, "cut at {cut}: {error}");
    let rest = match error.resume_token() {
        Some(token) => zfs.resume_send(snap.dataset(), token).unwrap().start(),
        // There was not even a dataset.
        None => {
            assert!(
                !zfs.dataset_exists(target.dataset()).unwrap(),
                "cut at {cut}"
            );
            let receive = zfs.receive(target);
            receive.run(FromReader(stream)).unwrap().all().unwrap();
            return;
        }
    };
    let receive = zfs.receive(target);
    rest.unwrap().copy_to(receive).unwrap().all().unwrap();
}
