//! Deduplication tables: pruned, and loaded into memory.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::thread;
use std::time::{Duration, Instant, SystemTime};

use libzfs::testing::Pool;
use libzfs::{DedupPrune, ErrorKind, PoolTable};
use support::{file_system, kind, noise, pool, release, write_file, zfs_says, zpool_says};

/// How many entries the pool's deduplication table has.
fn entries(pool: &Pool) -> u64 {
    let text = zpool_says(&["status", "-D", pool.name().as_str()]);
    text.lines()
        .find_map(|line| line.trim().strip_prefix("dedup: DDT entries "))
        .and_then(|rest| rest.split(',').next()?.parse().ok())
        .unwrap_or(0)
}

/// A pool with so many blocks of 4 KiB in its table, each once.
fn deduplicated(pool: Pool, blocks: usize) -> Pool {
    let data = file_system(&pool, "data");
    zfs_says(&["set", "dedup=on", "recordsize=4k", data.as_str()]);
    write_file(&pool, &data, "file", &noise(1, blocks << 12));
    pool.zfs().sync_pool(pool.name()).unwrap();
    pool
}

#[test]
fn entries_are_pruned_and_the_data_stays() {
    let pool = deduplicated(pool("prune"), 16);
    let (zfs, name) = (pool.zfs(), pool.name());
    if release() < (2, 3) {
        let error = zfs
            .prune_dedup_table(name, DedupPrune::OldestPercent(100))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("2.3"), "{error}");
        return;
    }
    assert_eq!(entries(&pool), 16);
    // Nothing is so old.
    let week = DedupPrune::OlderThan(Duration::from_secs(7 * 24 * 3600));
    zfs.prune_dedup_table(name, week).unwrap();
    assert_eq!(entries(&pool), 16);

    // What is still in the table's log is passed over; the log is written out bit by bit.
    let deadline = Instant::now() + Duration::from_secs(120);
    while entries(&pool) > 0 {
        assert!(Instant::now() < deadline, "{} entries", entries(&pool));
        zfs.sync_pool_and_labels(name).unwrap();
        thread::sleep(Duration::from_millis(100));
        zfs.prune_dedup_table(name, DedupPrune::OldestPercent(100))
            .unwrap();
        zfs.sync_pool(name).unwrap();
    }
    let data = pool.dataset("data");
    assert_eq!(support::read_file(&pool, &data, "file"), noise(1, 16 << 12));
}

#[test]
fn an_amount_that_the_kernel_misunderstands_does_not_reach_it() {
    let pool = deduplicated(pool("amount"), 2);
    let (zfs, name) = (pool.zfs(), pool.name());
    for prune in [
        DedupPrune::OldestPercent(0),
        DedupPrune::OldestPercent(101),
        DedupPrune::OlderThan(Duration::MAX),
        DedupPrune::OlderThan(SystemTime::UNIX_EPOCH.elapsed().unwrap()),
        DedupPrune::OlderThan(Duration::from_secs(100 * 366 * 24 * 3600)),
    ] {
        let refused = zfs.prune_dedup_table(name, prune);
        assert_eq!(kind(refused), ErrorKind::InvalidArgument, "{prune:?}");
    }
    assert_eq!(entries(&pool), 2);
}

#[test]
fn pruning_needs_its_feature() {
    let pool = Pool::builder().without_features().build().unwrap();
    let expected = match release() {
        (2, 1 | 2) => ErrorKind::Unsupported,
        _ => ErrorKind::FeatureDisabled,
    };
    let prune = DedupPrune::OlderThan(Duration::ZERO);
    let pruned = pool.zfs().prune_dedup_table(pool.name(), prune);
    assert_eq!(kind(pruned), expected);
}

#[test]
fn a_table_is_loaded() {
    if release() < (2, 3) {
        let pool = pool("prefetch");
        let error = pool
            .zfs()
            .prefetch(pool.name(), PoolTable::Dedup)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("2.3"), "{error}");
        return;
    }
    // With the feature, so few entries could be in a log, which is in memory anyway.
    let old = Pool::builder()
        .label("prefetch")
        .without_feature("fast_dedup");
    let pool = deduplicated(old.build().unwrap(), 4096);
    let name = pool.name().clone();
    // Nothing is in memory after an import.
    let pool = pool.export().unwrap().import().unwrap();
    let cached = || {
        let text = zpool_says(&["get", "-Hpo", "value", "dedupcached", name.as_str()]);
        text.parse::<u64>().unwrap()
    };
    let before = cached();
    pool.zfs().prefetch(&name, PoolTable::Dedup).unwrap();
    assert!(cached() > before, "{} {before}", cached());
}

#[test]
fn block_references_are_loaded_since_2_4() {
    let pool = pool("brt");
    let loaded = pool.zfs().prefetch(pool.name(), PoolTable::BlockReferences);
    if release() < (2, 4) {
        let error = loaded.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("2.4"), "{error}");
    } else {
        loaded.unwrap();
    }
}
