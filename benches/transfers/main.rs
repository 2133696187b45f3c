//! `cargo xtask bench streams`, what needs pools of it: sends and copies through libzfs beside the
//! same with `zfs`, into the same kind of sink.
//!
//! Both sides take turns on the same snapshot, which is in memory after the first round. `zfs` is a
//! process that has to start, which is part of what it takes; `zfs version` shows how much.
#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that meets an error has measured nothing"
)]

#[path = "../core/measure.rs"]
#[allow(dead_code, reason = "the other benchmark has more to measure")]
mod measure;
mod memory;
#[path = "../core/table.rs"]
#[allow(dead_code, reason = "the other benchmark has more to show")]
mod table;
mod ways;

use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::Parser;
use libzfs::testing::Pool;
use libzfs::{Encryption, Key, SnapshotName, Zfs};

use crate::measure::Case;
use crate::table::{Clock, added};
use crate::ways::{Send, copy, discard, zfs_copy};

/// What shows how long `zfs` takes to start.
const NOTHING: &str = "nothing";

/// A send and a receive in one.
const COPIES: [&str; 2] = ["copy", "copy, watched"];

#[derive(Debug, Parser)]
struct Options {
    /// Only ways with this in their names
    #[arg(default_value = "")]
    filter: String,
    /// How often each is measured
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: usize,
    /// How much is sent
    #[arg(long, value_name = "N", default_value_t = 128)]
    mib: usize,
    /// The clock counts instructions, each of so many nanoseconds
    #[arg(long, value_name = "NANOSECONDS")]
    instruction_clock: Option<u32>,
    /// Send this snapshot once, as the way with this name does, for its memory to be looked at
    #[arg(long, hide = true, num_args = 2, value_names = ["WAY", "SNAPSHOT"])]
    once: Option<Vec<String>>,
    /// What cargo says to a benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

/// A file system with a file that does not compress, and its snapshot.
fn snapshot(pool: &Pool, mib: usize) -> SnapshotName {
    let data = pool.dataset("data");
    let key = Key::raw(&[7; 32]).unwrap();
    let create = pool.zfs().create(&data);
    create.encryption(Encryption::Aes256Gcm, key).run().unwrap();
    let mount = pool.mount(&data).unwrap();
    let mut file = File::create(mount.path().join("file")).unwrap();
    let mut state = 1_u64;
    let mut block = vec![0; 1 << 20];
    for _ in 0..mib {
        for word in block.chunks_exact_mut(8) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            word.copy_from_slice(&state.to_le_bytes());
        }
        file.write_all(&block).unwrap();
    }
    drop(file);
    mount.unmount().unwrap();
    let snap = data.snapshot("s").unwrap();
    let snaps = std::slice::from_ref(&snap);
    pool.zfs().create_snapshots(snaps).unwrap();
    snap
}

fn version() {
    let mut version = Command::new("zfs");
    assert!(
        version
            .arg("version")
            .stdout(Stdio::null())
            .status()
            .unwrap()
            .success()
    );
}

fn once(way: &str, snap: &str) {
    let zfs = Zfs::open().unwrap();
    let snap = snap.parse().unwrap();
    match Send::ALL.iter().find(|send| send.name == way) {
        Some(send) => send.run(&zfs, &snap),
        None => copy(&zfs, &snap, way != COPIES[0]),
    }
}

fn main() {
    let options = Options::parse();
    if let Some([way, snap]) = options.once.as_deref() {
        return once(way, snap);
    }
    let clock = options
        .instruction_clock
        .map_or(Clock::Time, Clock::Instructions);
    println!(
        "libzfs {} and zfs side by side: OpenZFS {}, {} MiB sent raw from an encrypted dataset",
        env!("CARGO_PKG_VERSION"),
        libzfs::kernel_version().unwrap(),
        options.mib,
    );
    let pool = Pool::builder()
        .label("bench")
        .size(1 << 30)
        .build()
        .unwrap();
    let zfs = pool.zfs();
    let snap = &snapshot(&pool, options.mib);
    let start = || assert!(libzfs::kernel_version().is_ok());
    let mut cases = vec![Case::new(NOTHING, version, start)];
    for send in &Send::ALL {
        let theirs = || send.run_zfs(snap);
        cases.push(Case::new(send.name, theirs, || send.run(zfs, snap)));
    }
    for (name, watched) in COPIES.into_iter().zip([false, true]) {
        let ours = move || copy(zfs, snap, watched);
        cases.push(Case::new(name, || zfs_copy(snap), ours).restore(|| discard(zfs, snap)));
    }
    cases.retain(|case| case.name.contains(&options.filter));

    println!(
        "\nIn {}, medians of {} rounds; memory at its peak:\n",
        clock.unit(),
        options.rounds
    );
    row([
        "raw send",
        "zfs",
        "libzfs",
        "ratio",
        "added (95 % interval)",
        "zfs KiB",
        "libzfs KiB",
    ]);
    row(["---", "--:", "--:", "--:", "--:", "--:", "--:"]);
    for case in &cases {
        let pairs = case.measure(Duration::ZERO, options.rounds);
        let [theirs, ours] = if case.name == NOTHING {
            [String::new(), String::new()]
        } else {
            let memory = memory::of(case.name, zfs, snap);
            [memory.zfs, memory.libzfs].map(|bytes| (bytes >> 10).to_string())
        };
        // At once: all of them take minutes.
        row([
            case.name,
            &clock.show(pairs.c()),
            &clock.show(pairs.safe()),
            &format!("{:.2}", pairs.c() / pairs.safe()),
            &added(&pairs),
            &theirs,
            &ours,
        ]);
    }
}

/// Prints a row of the table.
fn row([name, zfs, libzfs, ratio, added, zfs_memory, libzfs_memory]: [&str; 7]) {
    println!(
        "| {name:<19} | {zfs:>11} | {libzfs:>11} | {ratio:>5} | {added:>26} | {zfs_memory:>8} | {libzfs_memory:>10} |"
    );
}
