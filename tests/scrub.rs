//! Scrubs: begun, paused, resumed and stopped.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use libzfs::testing::Pool;
use libzfs::{ErrorKind, PoolActivity, RunningScrub, Scrub};
use serial_test::serial;
use support::{file_system, kind, noise, pool, release, write_file, zpool_says};

/// Scrubs and resilvers stand still for as long as this lives, of all pools of the module.
struct Standstill;

const SUSPEND_PROGRESS: &str = "/sys/module/zfs/parameters/zfs_scan_suspend_progress";

impl Standstill {
    fn begin() -> Self {
        fs::write(SUSPEND_PROGRESS, "1").unwrap();
        Self
    }
}

impl Drop for Standstill {
    fn drop(&mut self) {
        fs::write(SUSPEND_PROGRESS, "0").unwrap();
    }
}

/// What `zpool status` says of the pool's scrub or resilver.
fn status(pool: &Pool) -> String {
    let text = zpool_says(&["status", pool.name().as_str()]);
    let line = text.lines().find(|line| line.contains("scan:"));
    line.unwrap_or("none").trim().to_owned()
}

#[track_caller]
fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
#[serial]
fn a_scrub_is_begun_paused_resumed_and_stopped() {
    let pool = pool("scrub");
    let (zfs, name) = (pool.zfs(), pool.name());
    assert_eq!(kind(zfs.pause_scrub(name)), ErrorKind::NotRunning);
    assert_eq!(kind(zfs.stop_scrub(name)), ErrorKind::NotRunning);
    assert_eq!(status(&pool), "none");

    let standstill = Standstill::begin();
    zfs.scrub(name, Scrub::All).unwrap();
    assert!(
        status(&pool).contains("scrub in progress"),
        "{}",
        status(&pool)
    );
    assert_eq!(kind(zfs.scrub(name, Scrub::All)), ErrorKind::AlreadyRunning);
    zfs.pause_scrub(name).unwrap();
    assert!(status(&pool).contains("scrub paused"), "{}", status(&pool));
    assert_eq!(kind(zfs.pause_scrub(name)), ErrorKind::AlreadyPaused);
    // A paused one is nothing to wait for.
    assert!(!zfs.wait(name, PoolActivity::Scrub).unwrap());
    zfs.scrub(name, Scrub::All).unwrap();
    assert!(
        status(&pool).contains("scrub in progress"),
        "{}",
        status(&pool)
    );
    zfs.reopen_pool(name, RunningScrub::GoesOn).unwrap();
    assert!(
        status(&pool).contains("scrub in progress"),
        "{}",
        status(&pool)
    );
    zfs.stop_scrub(name).unwrap();
    assert!(
        status(&pool).contains("scrub canceled"),
        "{}",
        status(&pool)
    );
    assert_eq!(kind(zfs.stop_scrub(name)), ErrorKind::NotRunning);

    zfs.scrub(name, Scrub::All).unwrap();
    zfs.pause_scrub(name).unwrap();
    zfs.stop_scrub(name).unwrap();
    assert!(
        status(&pool).contains("scrub canceled"),
        "{}",
        status(&pool)
    );

    drop(standstill);
    zfs.scrub(name, Scrub::All).unwrap();
    zfs.wait(name, PoolActivity::Scrub).unwrap();
    assert!(
        status(&pool).contains("scrub repaired 0B"),
        "{}",
        status(&pool)
    );
}

#[test]
#[serial]
fn a_resilver_is_told_from_a_scrub() {
    let pool = Pool::builder().label("resilver").mirror(2).build().unwrap();
    let (zfs, name) = (pool.zfs(), pool.name());
    let data = file_system(&pool, "data");
    let path = pool.vdevs()[1].path.to_str().unwrap();
    zpool_says(&["offline", name.as_str(), path]);
    write_file(&pool, &data, "file", &noise(1, 4 << 20));
    zfs.sync_pool(name).unwrap();

    let standstill = Standstill::begin();
    zpool_says(&["online", name.as_str(), path]);
    wait_for("no resilver", || {
        status(&pool).contains("resilver in progress")
    });
    for result in [
        zfs.scrub(name, Scrub::All),
        zfs.pause_scrub(name),
        zfs.stop_scrub(name),
    ] {
        assert_eq!(kind(result), ErrorKind::ResilverRunning);
    }
    drop(standstill);
    zfs.wait(name, PoolActivity::Resilver).unwrap();
    assert!(status(&pool).contains("resilvered"), "{}", status(&pool));
}

/// Overwrites a block of `bytes`, which the pool's file has somewhere.
fn damage(pool: &Pool, bytes: &[u8]) {
    let path = &pool.vdevs()[0].path;
    let needle = &bytes[bytes.len() / 2..][..512];
    let content = fs::read(path).unwrap();
    let at = content
        .windows(needle.len())
        .step_by(512)
        .position(|window| window == needle)
        .unwrap();
    let file = File::options().write(true).open(path).unwrap();
    file.write_all_at(&[0; 512], at as u64 * 512).unwrap();
}

#[test]
#[serial]
fn known_errors_are_scrubbed_alone() {
    let pool = Pool::builder()
        .label("errors")
        .size(64 << 20)
        .build()
        .unwrap();
    let name = pool.name().clone();
    let data = file_system(&pool, "data");
    if release() < (2, 2) {
        let error = pool.zfs().scrub(&name, Scrub::Errors).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("2.2"), "{error}");
        return;
    }
    assert_eq!(
        kind(pool.zfs().scrub(&name, Scrub::Errors)),
        ErrorKind::NothingToScrub
    );
    let bytes = noise(7, 1 << 20);
    write_file(&pool, &data, "file", &bytes);
    pool.zfs().sync_pool(&name).unwrap();
    let exported = pool.export().unwrap();
    // What is in memory would hide it.
    let pool = exported.import().unwrap();
    damage(&pool, &bytes);
    let zfs = pool.zfs();
    zfs.scrub(&name, Scrub::All).unwrap();
    zfs.wait(&name, PoolActivity::Scrub).unwrap();
    assert!(status(&pool).contains("with 1 errors"), "{}", status(&pool));
    zfs.sync_pool(&name).unwrap();

    zfs.scrub(&name, Scrub::Errors).unwrap();
    wait_for("no error scrub", || {
        let text = zpool_says(&["status", name.as_str()]);
        text.contains("scrubbed 1 error blocks")
    });
}

#[test]
#[serial]
fn an_error_scrub_needs_its_feature() {
    if release() < (2, 2) {
        let pool = pool("old");
        let scrub = pool.zfs().scrub(pool.name(), Scrub::Errors);
        assert_eq!(kind(scrub), ErrorKind::Unsupported);
        return;
    }
    let pool = Pool::builder().without_features().build().unwrap();
    let scrub = pool.zfs().scrub(pool.name(), Scrub::Errors);
    assert_eq!(kind(scrub), ErrorKind::FeatureDisabled);
}

#[test]
#[serial]
fn what_was_written_since_is_scrubbed_alone() {
    let pool = pool("since");
    let (zfs, name) = (pool.zfs(), pool.name());
    let since = zfs.scrub(name, Scrub::SinceLast);
    if release() < (2, 3) {
        let error = since.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("2.3"), "{error}");
        return;
    }
    since.unwrap();
    zfs.wait(name, PoolActivity::Scrub).unwrap();
    let last = || {
        let text = zpool_says(&["get", "-Hpo", "value", "last_scrubbed_txg", name.as_str()]);
        text.parse::<u64>().unwrap()
    };
    let first = last();
    assert!(first > 0);
    zfs.sync_pool(name).unwrap();
    let standstill = Standstill::begin();
    zfs.scrub(name, Scrub::SinceLast).unwrap();
    assert_eq!(
        kind(zfs.scrub(name, Scrub::SinceLast)),
        ErrorKind::AlreadyRunning
    );
    drop(standstill);
    zfs.wait(name, PoolActivity::Scrub).unwrap();
    assert!(last() > first, "{} {first}", last());
}

#[test]
#[serial]
fn what_was_written_in_a_time_is_scrubbed_alone() {
    let pool = pool("written");
    let (zfs, name) = (pool.zfs(), pool.name());
    let today = Scrub::Written {
        after: Some(SystemTime::now() - Duration::from_secs(24 * 3600)),
        before: None,
    };
    let now = SystemTime::now();
    for (after, before) in [
        (Some(now), Some(now - Duration::from_secs(60))),
        (None, Some(SystemTime::UNIX_EPOCH)),
    ] {
        let backwards = zfs.scrub(name, Scrub::Written { after, before });
        assert_eq!(kind(backwards), ErrorKind::InvalidArgument);
    }
    let scrub = zfs.scrub(name, today);
    if release() < (2, 4) {
        let error = scrub.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("2.4"), "{error}");
        return;
    }
    scrub.unwrap();
    zfs.wait(name, PoolActivity::Scrub).unwrap();
    assert!(
        status(&pool).contains("scrub repaired 0B"),
        "{}",
        status(&pool)
    );
}
