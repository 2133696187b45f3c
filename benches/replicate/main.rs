//! `cargo xtask bench replicate`: a tree of encrypted datasets, replicated by this crate and by
//! `zfs send -R | zfs receive`, for the first time, again, and with nothing to do.
#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that meets an error has measured nothing"
)]

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

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

fn timed(work: impl FnOnce()) -> Duration {
    let since = Instant::now();
    work();
    since.elapsed()
}

fn shell(script: &str) {
    let mut shell = Command::new("sh");
    let status = shell.args(["-c", script]).stdout(Stdio::null()).status();
    assert!(status.unwrap().success(), "{script}");
}

fn replicate(pool: &Pool, from: &DatasetName, to: &DatasetName, at_once: usize) {
    let (source, target) = (LocalSource::new(pool.zfs()), LocalTarget::new(pool.zfs()));
    let marks = Marks::new(format!("bench-{at_once}")).unwrap();
    let limits = Limits {
        at_once,
        ..Limits::default()
    };
    let report = Replication::new((&source, from), (&target, to), &marks)
        .limits(limits)
        .run()
        .unwrap();
    assert!(report.is_complete(), "{report:?}");
}

fn main() {
    let options = Options::parse();
    let pool = Pool::builder()
        .label("bench")
        .size(2 << 30)
        .build()
        .unwrap();
    let datasets = tree(&pool, "prod", options.datasets);
    for number in 0..options.snapshots {
        next(&pool, &datasets, number);
    }
    let from = &datasets[0];
    println!(
        "{} datasets with {} snapshots each, OpenZFS {}",
        options.datasets,
        options.snapshots,
        libzfs::kernel_version().unwrap()
    );
    let by_zfs = pool.dataset("by-zfs");
    let last = options.snapshots - 1;
    let sent = timed(|| {
        shell(&format!(
            "zfs send -w -R {from}@s{last} | zfs receive -u {by_zfs}"
        ));
    });
    println!("first, zfs send -R | zfs receive: {sent:.2?}");
    let ways = [1, 4].map(|at_once| (at_once, pool.dataset(&format!("by-{at_once}"))));
    for (at_once, to) in &ways {
        let sent = timed(|| replicate(&pool, from, to, *at_once));
        println!("first, {at_once} at once: {sent:.2?}");
    }
    let then = last + 1;
    next(&pool, &datasets, then);
    let sent = timed(|| {
        shell(&format!(
            "zfs send -w -R -I @s{last} {from}@s{then} | zfs receive -u {by_zfs}"
        ));
    });
    println!("again, zfs send -R -I | zfs receive: {sent:.2?}");
    for (at_once, to) in &ways {
        let sent = timed(|| replicate(&pool, from, to, *at_once));
        println!("again, {at_once} at once: {sent:.2?}");
    }
    let (at_once, to) = &ways[0];
    let sent = timed(|| replicate(&pool, from, to, *at_once));
    println!("nothing to do, {} datasets: {sent:.2?}", options.datasets);

    let idle = tree(&pool, "idle", options.idle);
    next(&pool, &idle, 0);
    let to = pool.dataset("by-idle");
    replicate(&pool, &idle[0], &to, 8);
    let sent = timed(|| replicate(&pool, &idle[0], &to, 8));
    println!("nothing to do, {} datasets: {sent:.2?}", options.idle);
    pool.destroy().unwrap();
}
