//! `cargo xtask bench replicate`: a tree of encrypted datasets, replicated by this crate and by
//! `zfs send -R | zfs receive`, for the first time, again, and with nothing to do.
#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that meets an error has measured nothing"
)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fmt, fs};

use clap::Parser;
use libzfs::replicate::{Limits, LocalSource, LocalTarget, Marks, Replication};
use libzfs::testing::Pool;
use libzfs::{DatasetName, Encryption, Key, SnapshotName};

#[derive(Debug, Parser)]
struct Options {
    /// How many datasets there are
    #[arg(long, value_name = "N", default_value_t = 50)]
    datasets: usize,
    /// How many snapshots each has
    #[arg(long, value_name = "N", default_value_t = 20)]
    snapshots: usize,
    /// Of how many datasets the tree is in which there is nothing to do
    #[arg(long, value_name = "N", default_value_t = 1000)]
    idle: usize,
    /// How many MiB are in the one dataset of the bulk copy
    #[arg(long, value_name = "MIB", default_value_t = 64)]
    bulk: usize,
    /// Where the unpacked packages of syncoid and its Perl are
    #[arg(long, value_name = "DIRECTORY")]
    syncoid: Option<PathBuf>,
    /// How long the clock says that an instruction takes
    #[arg(long, value_name = "NANOSECONDS")]
    instruction_clock: Option<u32>,
    /// What cargo says to a benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

/// An encrypted tree of so many datasets.
fn tree(pool: &Pool, path: &str, datasets: usize) -> Vec<DatasetName> {
    let zfs = pool.zfs();
    let top = pool.dataset(path);
    let create = zfs.create(&top);
    let key = Key::raw(&[7; 32]).unwrap();
    create.encryption(Encryption::Aes256Gcm, key).run().unwrap();
    let mut tree = vec![top];
    for number in 1..datasets {
        let child = tree[0].child(&format!("d{number}")).unwrap();
        zfs.create(&child).run().unwrap();
        tree.push(child);
    }
    tree
}

/// A snapshot of each, and before that something new in each tenth.
fn next(pool: &Pool, tree: &[DatasetName], number: usize) {
    for dataset in tree.iter().skip(number % 10).step_by(10) {
        let mount = pool.mount(dataset).unwrap();
        fs::write(mount.path().join("file"), number.to_string().repeat(1000)).unwrap();
        mount.unmount().unwrap();
    }
    let short = format!("s{number}");
    let snapshots: Vec<SnapshotName> = tree
        .iter()
        .map(|dataset| dataset.snapshot(&short).unwrap())
        .collect();
    pool.zfs().create_snapshots(&snapshots).unwrap();
}

/// What something took: time, how many processes and threads were started, and how many transaction
/// groups the pool has written.
#[derive(Debug)]
struct Cost {
    time: Duration,
    tasks: u64,
    txgs: u64,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.time.as_secs_f64();
        write!(f, "{seconds:9.2} s | {:6} | {:6}", self.tasks, self.txgs)
    }
}

/// How many tasks the system has started so far.
fn tasks() -> u64 {
    let text = fs::read_to_string("/proc/stat").unwrap();
    let line = text.lines().find(|line| line.starts_with("processes "));
    line.unwrap()["processes ".len()..].parse().unwrap()
}

/// The pool's newest transaction group.
fn txg(pool: &Pool) -> u64 {
    let path = format!("/proc/spl/kstat/zfs/{}/txgs", pool.name());
    let text = fs::read_to_string(path).unwrap();
    let newest = text.lines().last().unwrap();
    newest.split_whitespace().next().unwrap().parse().unwrap()
}

fn cost<T>(pool: &Pool, work: impl FnOnce() -> T) -> Cost {
    let before = (tasks(), txg(pool));
    let since = Instant::now();
    work();
    Cost {
        time: since.elapsed(),
        tasks: tasks() - before.0,
        txgs: txg(pool) - before.1,
    }
}

fn told(what: &str, how: &str, cost: &Cost) {
    println!("| {what:<24} | {how:<28} | {cost} |");
}

fn succeeds(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn shell(script: &str) {
    succeeds(Command::new("sh").args(["-c", script]));
}

/// One run of syncoid, with the snapshots that are there and raw streams, as the engine has it.
fn syncoid(tree: &Path, from: &DatasetName, to: &DatasetName) {
    let modules = [
        "usr/share/perl5",
        "usr/share/perl/5.36",
        "usr/lib/x86_64-linux-gnu/perl/5.36",
        "usr/lib/x86_64-linux-gnu/perl-base",
    ];
    // It starts itself again, and so by the system's own loader.
    let mut perl = Command::new(tree.join("usr/bin/perl"));
    perl.env(
        "PERL5LIB",
        env::join_paths(modules.map(|path| tree.join(path))).unwrap(),
    )
    .arg(tree.join("usr/sbin/syncoid"))
    .args(["--recursive", "--no-sync-snap", "--quiet"])
    .args([
        "--no-privilege-elevation",
        "--sendoptions=w",
        "--recvoptions=u",
    ])
    .args([from.as_str(), to.as_str()]);
    succeeds(&mut perl);
}

/// One run of the engine; returns how many bytes were sent.
fn replicate(pool: &Pool, from: &DatasetName, to: &DatasetName, at_once: usize) -> u64 {
    let (source, target) = (LocalSource::new(pool.zfs()), LocalTarget::new(pool.zfs()));
    // Each copy has marks of its own.
    let marks = Marks::new(to.as_str().replace('/', "-")).unwrap();
    let limits = Limits {
        at_once,
        ..Limits::default()
    };
    let report = Replication::new((&source, from), (&target, to), &marks)
        .limits(limits)
        .run()
        .unwrap();
    assert!(report.is_complete(), "{report:?}");
    report.bytes()
}

/// How many bytes the shell's pipe has.
fn piped(script: &str) -> u64 {
    let script = format!("{script} | wc -c");
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .unwrap()
}

/// A tree of many small datasets: for the first time, and again.
fn many_small(pool: &Pool, options: &Options) {
    let datasets = tree(pool, "prod", options.datasets);
    for number in 0..options.snapshots {
        next(pool, &datasets, number);
    }
    let from = &datasets[0];
    let last = options.snapshots - 1;
    let then = last + 1;
    let package = format!("zfs send -w -R {from}@s{last}");
    let increment = format!("zfs send -w -R -I @s{last} {from}@s{then}");
    let by_zfs = pool.dataset("by-zfs");
    let by_syncoid = pool.dataset("by-syncoid");
    let ways = [1, 4].map(|at_once| (at_once, pool.dataset(&format!("by-{at_once}"))));
    let mut bytes = Vec::new();
    for (what, script) in [("first", package), ("again", increment)] {
        if what == "again" {
            next(pool, &datasets, then);
        }
        let pipe = format!("{script} | zfs receive -u {by_zfs}");
        told(
            what,
            "zfs send -R | zfs receive",
            &cost(pool, || shell(&pipe)),
        );
        bytes.push((what, "zfs", piped(&script)));
        if let Some(tree) = &options.syncoid {
            let taken = cost(pool, || syncoid(tree, from, &by_syncoid));
            told(what, "syncoid", &taken);
        }
        for (at_once, to) in &ways {
            let mut sent = 0;
            let taken = cost(pool, || sent = replicate(pool, from, to, *at_once));
            told(what, &format!("libzfs, {at_once} at once"), &taken);
            bytes.push((what, "libzfs", sent));
        }
    }
    if let Some(tree) = &options.syncoid {
        let taken = cost(pool, || syncoid(tree, from, &by_syncoid));
        told("nothing to do", "syncoid", &taken);
    }
    let (at_once, to) = &ways[0];
    let taken = cost(pool, || replicate(pool, from, to, *at_once));
    told("nothing to do", "libzfs, 1 at once", &taken);
    for (what, who, bytes) in bytes {
        println!("bytes, {what}, {who}: {bytes}");
    }
}

/// One large dataset: for the first time.
fn bulk(pool: &Pool, mib: usize) {
    let datasets = tree(pool, "bulk", 1);
    let from = &datasets[0];
    let mount = pool.mount(from).unwrap();
    let mut file = fs::File::create(mount.path().join("bulk")).unwrap();
    let mut noise = 1_u64;
    for _ in 0..mib {
        let words = std::iter::repeat_with(|| {
            noise = noise
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            noise.to_ne_bytes()
        });
        let bytes: Vec<u8> = words.take((1 << 20) / 8).flatten().collect();
        file.write_all(&bytes).unwrap();
    }
    file.sync_all().unwrap();
    drop(file);
    mount.unmount().unwrap();
    let snapshot = from.snapshot("s").unwrap();
    pool.zfs()
        .create_snapshots(std::slice::from_ref(&snapshot))
        .unwrap();
    let what = format!("{mib} MiB");
    // Each by turns, because what was read before is in memory.
    for round in 0..3 {
        let to = pool.dataset(&format!("bulk-zfs{round}"));
        let script = format!("zfs send -w {snapshot} | zfs receive -u {to}");
        told(
            &what,
            "zfs send | zfs receive",
            &cost(pool, || shell(&script)),
        );
        let to = pool.dataset(&format!("bulk-libzfs{round}"));
        told(
            &what,
            "libzfs",
            &cost(pool, || replicate(pool, from, &to, 1)),
        );
    }
}

fn main() {
    let options = Options::parse();
    let pool = Pool::builder()
        .label("bench")
        .size(4 << 30)
        .build()
        .unwrap();
    println!(
        "{} datasets with {} snapshots each, OpenZFS {}{}\n",
        options.datasets,
        options.snapshots,
        libzfs::kernel_version().unwrap(),
        match options.instruction_clock {
            Some(ns) => format!(", by a clock in which an instruction takes {ns} ns"),
            None => String::new(),
        }
    );
    println!(
        "| what                     | by                           |        time |  tasks |   txgs |"
    );
    println!(
        "| ---                      | ---                          |         --: |    --: |    --: |"
    );
    many_small(&pool, &options);
    bulk(&pool, options.bulk);

    let idle = tree(&pool, "idle", options.idle);
    next(&pool, &idle, 0);
    let to = pool.dataset("by-idle");
    replicate(&pool, &idle[0], &to, 8);
    // What a look at all snapshots of both takes.
    let list = format!("zfs list -r -t snapshot -o name,guid {} {to}", idle[0]);
    let what = format!("nothing, {} datasets", options.idle);
    told(&what, "zfs list", &cost(&pool, || shell(&list)));
    for at_once in [1, 8] {
        let taken = cost(&pool, || replicate(&pool, &idle[0], &to, at_once));
        told(&what, &format!("libzfs, {at_once} at once"), &taken);
    }
    pool.destroy().unwrap();
}
