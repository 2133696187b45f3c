//! Pools as a whole: sync, reopen, properties, checkpoint; and what every call on pools says of
//! one that is missing, read-only or suspended.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use libzfs::testing::Pool;
use libzfs::{
    BootEnvironment, DedupPrune, ErrorKind, PoolActivity, PoolName, PoolTable, RunningScrub, Scrub,
    Source, VdevGuid, Zfs,
};
use support::{
    NOBODY, as_user, file_system, kind, noise, pool, release, within, write_file, zpool_says,
};

const LIMIT: Duration = Duration::from_secs(60);

fn mirror(label: &str) -> Pool {
    Pool::builder().label(label).mirror(2).build().unwrap()
}

fn guids(pool: &Pool) -> Vec<VdevGuid> {
    let vdevs = pool.vdevs().iter();
    vdevs.map(|vdev| VdevGuid::new(vdev.guid)).collect()
}

fn missing() -> PoolName {
    "no-such-pool".parse().unwrap()
}

/// The pool's transaction groups with their states, as the module tells: `O` is open, `C` written.
fn txgs(pool: &Pool) -> Vec<(u64, String)> {
    let path = format!("/proc/spl/kstat/zfs/{}/txgs", pool.name());
    let text = fs::read_to_string(path).unwrap();
    let rows = text.lines().filter_map(|line| {
        let mut fields = line.split_whitespace();
        let txg = fields.next()?.parse().ok()?;
        Some((txg, fields.nth(1)?.to_owned()))
    });
    rows.filter(|(_, state)| state.chars().all(char::is_alphabetic))
        .collect()
}

#[test]
fn a_sync_writes_what_was_open() {
    let pool = pool("sync");
    let (open, _) = txgs(&pool)
        .into_iter()
        .find(|(_, state)| state == "O")
        .unwrap();
    pool.zfs().sync_pool(pool.name()).unwrap();
    let written = txgs(&pool)
        .into_iter()
        .any(|(txg, state)| txg == open && state == "C");
    assert!(written, "{open}: {:?}", txgs(&pool));
}

/// The transaction group in which the configuration in a device's label was written.
fn label_txg(path: &Path) -> u64 {
    let output = std::process::Command::new("zdb")
        .arg("-l")
        .arg(path)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("txg: "));
    line.unwrap().parse().unwrap()
}

#[test]
fn labels_are_written_when_it_is_asked_for() {
    let pool = pool("labels");
    let path = &pool.vdevs()[0].path;
    pool.zfs().sync_pool_and_labels(pool.name()).unwrap();
    let before = label_txg(path);
    pool.zfs().sync_pool(pool.name()).unwrap();
    assert_eq!(label_txg(path), before);
    pool.zfs().sync_pool_and_labels(pool.name()).unwrap();
    assert!(label_txg(path) > before);
}

#[test]
fn reopening_notices_that_a_device_has_grown() {
    for scrub in [RunningScrub::GoesOn, RunningScrub::MayEnd] {
        let pool = pool("reopen");
        let expansion = || {
            let shown = zpool_says(&["get", "-Hpo", "value", "expandsize", pool.name().as_str()]);
            shown.parse::<u64>().unwrap_or(0)
        };
        let file = File::options().write(true).open(&pool.vdevs()[0].path);
        file.unwrap().set_len(1 << 30).unwrap();
        assert_eq!(expansion(), 0);
        pool.zfs().reopen_pool(pool.name(), scrub).unwrap();
        assert!(expansion() >= 1 << 29, "{}", expansion());
    }
}

#[test]
fn properties_are_those_that_zpool_shows() {
    let pool = pool("props");
    let name = pool.name().as_str();
    zpool_says(&["set", "comment=no comment", name]);
    let properties = pool.zfs().pool_properties(pool.name()).unwrap();
    for number in ["size", "guid", "expandsize", "ashift"] {
        let shown = zpool_says(&["get", "-Hpo", "value", number, name]);
        let read = properties.raw(number).and_then(|p| p.value.as_u64());
        // `-` is a 0 of some.
        assert_eq!(read.unwrap_or(0), shown.parse().unwrap_or(0), "{number}");
    }
    let comment = properties.raw("comment").unwrap();
    assert_eq!(comment.value.as_str(), Some("no comment"));
    assert_eq!(comment.source, Source::Local);
    let health = properties.raw("health").unwrap();
    // `VDEV_STATE_HEALTHY`
    assert_eq!(
        (health.value.as_u64(), health.source),
        (Some(7), Source::None)
    );
    assert_eq!(properties.raw("readonly").unwrap().value.as_u64(), Some(0));
    assert!(properties.raw("no such property").is_none());
}

#[test]
fn a_checkpoint_is_taken_once_and_discarded_once() {
    let pool = pool("ckpt");
    let (zfs, name) = (pool.zfs(), pool.name());
    let space = || {
        let properties = zfs.pool_properties(name).unwrap();
        properties
            .raw("checkpoint")
            .unwrap()
            .value
            .as_u64()
            .unwrap()
    };
    assert_eq!(space(), 0);
    assert_eq!(
        kind(zfs.discard_checkpoint(name)),
        ErrorKind::CheckpointNotFound
    );
    zfs.checkpoint_pool(name).unwrap();
    // What it keeps is what is written over afterwards.
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "file", &noise(1, 1 << 20));
    zfs.sync_pool(name).unwrap();
    assert!(space() > 0);
    assert_ne!(
        zpool_says(&["get", "-Hpo", "value", "checkpoint", name.as_str()]),
        "-"
    );
    assert_eq!(kind(zfs.checkpoint_pool(name)), ErrorKind::CheckpointExists);

    zfs.discard_checkpoint(name).unwrap();
    zfs.wait(name, PoolActivity::DiscardCheckpoint).unwrap();
    assert_eq!(space(), 0);
    zfs.checkpoint_pool(name).unwrap();
}

#[test]
fn a_checkpoint_that_is_being_discarded_is_told() {
    let pool = pool("discard");
    let (zfs, name) = (pool.zfs(), pool.name());
    let data = file_system(&pool, "data");
    // It can be over before it is asked for.
    let seen = (0..10).any(|seed| {
        zfs.checkpoint_pool(name).unwrap();
        write_file(&pool, &data, "file", &noise(seed, 4 << 20));
        zfs.discard_checkpoint(name).unwrap();
        let again = kind(zfs.discard_checkpoint(name));
        zfs.wait(name, PoolActivity::DiscardCheckpoint).unwrap();
        again == ErrorKind::CheckpointDiscarding
    });
    assert!(seen);
}

#[test]
fn a_checkpoint_needs_its_feature() {
    let pool = Pool::builder().without_features().build().unwrap();
    assert_eq!(
        kind(pool.zfs().checkpoint_pool(pool.name())),
        ErrorKind::FeatureDisabled
    );
}

/// A call on a pool, and what is to come of it.
struct Call {
    name: &'static str,
    run: fn(&Zfs, &PoolName, &[VdevGuid]) -> libzfs::Result<()>,
    since: Since,
    needs_root: bool,
    read_only: Option<ErrorKind>,
    suspended: Option<ErrorKind>,
}

/// Which releases have a call, and what says so of the others.
enum Since {
    Always,
    /// The library lacks the function, whatever the pool.
    Library(u32, u32),
    /// The module does not know the command, and looks at the pool first.
    Module(u32, u32),
}
use Since::{Always, Library, Module};

const ROOT: bool = true;
const EVERYBODY: bool = false;
const READ_ONLY: Option<ErrorKind> = Some(ErrorKind::ReadOnlyPool);
const SUSPENDED: Option<ErrorKind> = Some(ErrorKind::PoolSuspended);
const FINE: Option<ErrorKind> = None;

/// Calls in an order in which each leaves a pool as it was, as far as it matters to the next.
fn calls() -> Vec<Call> {
    let call = |name, run, since, needs_root, read_only, suspended| Call {
        name,
        run,
        since,
        needs_root,
        read_only,
        suspended,
    };
    vec![
        call(
            "sync_pool",
            |z, p, _| z.sync_pool(p),
            Always,
            EVERYBODY,
            READ_ONLY,
            SUSPENDED,
        ),
        call(
            "sync_pool_and_labels",
            |z, p, _| z.sync_pool_and_labels(p),
            Always,
            EVERYBODY,
            READ_ONLY,
            SUSPENDED,
        ),
        call(
            "reopen_pool",
            |z, p, _| z.reopen_pool(p, RunningScrub::GoesOn),
            Always,
            ROOT,
            FINE,
            SUSPENDED,
        ),
        call(
            "pool_properties",
            |z, p, _| z.pool_properties(p).map(drop),
            Always,
            EVERYBODY,
            FINE,
            FINE,
        ),
        call(
            "checkpoint_pool",
            |z, p, _| z.checkpoint_pool(p),
            Always,
            ROOT,
            READ_ONLY,
            SUSPENDED,
        ),
        call(
            "discard_checkpoint",
            |z, p, _| z.discard_checkpoint(p),
            Always,
            ROOT,
            READ_ONLY,
            SUSPENDED,
        ),
        call(
            "initialize",
            |z, p, v| z.initialize(p, v)?.all(),
            Always,
            ROOT,
            READ_ONLY,
            SUSPENDED,
        ),
        call(
            "cancel_initialization",
            // It may be over.
            |z, p, v| z.cancel_initialization(p, v).map(drop),
            Always,
            ROOT,
            READ_ONLY,
            SUSPENDED,
        ),
        call(
            "suspend_initialization",
            |z, p, v| z.suspend_initialization(p, v).map(drop),
            Always,
            ROOT,
            READ_ONLY,
            SUSPENDED,
        ),
        call(
            "forget_initialization",
            |z, p, v| z.forget_initialization(p, v).map(drop),
            Module(2, 2),
            ROOT,
            READ_ONLY,
            SUSPENDED,
        ),
        call(
            "trim",
            |z, p, v| z.trim(p, v).run()?.all(),
            Always,
            ROOT,
            READ_ONLY,
            SUSPENDED,
        ),
        call(
            "suspend_trim",
            |z, p, v| z.suspend_trim(p, v).map(drop),
            Always,
            ROOT,
            READ_ONLY,
            SUSPENDED,
        ),
        call(
            "cancel_trim",
            |z, p, v| z.cancel_trim(p, v).map(drop),
            Always,
            ROOT,
            READ_ONLY,
            SUSPENDED,
        ),
        call(
            "scrub",
            |z, p, _| {
                z.scrub(p, Scrub::All)?;
                z.wait(p, PoolActivity::Scrub).map(drop)
            },
            Always,
            ROOT,
            READ_ONLY,
            SUSPENDED,
        ),
        call(
            "scrub since the last",
            |z, p, _| {
                z.scrub(p, Scrub::SinceLast)?;
                z.wait(p, PoolActivity::Scrub).map(drop)
            },
            Module(2, 3),
            ROOT,
            READ_ONLY,
            SUSPENDED,
        ),
        call(
            "wait",
            |z, p, _| z.wait(p, PoolActivity::Resilver).map(drop),
            Always,
            EVERYBODY,
            READ_ONLY,
            SUSPENDED,
        ),
        call(
            "boot_environment",
            |z, p, _| z.boot_environment(p).map(drop),
            Always,
            EVERYBODY,
            FINE,
            SUSPENDED,
        ),
        call(
            "set_boot_environment",
            |z, p, _| z.set_boot_environment(p, &BootEnvironment::empty()),
            Always,
            ROOT,
            READ_ONLY,
            SUSPENDED,
        ),
        call(
            "prefetch",
            |z, p, _| z.prefetch(p, PoolTable::Dedup),
            Library(2, 3),
            ROOT,
            FINE,
            SUSPENDED,
        ),
        call(
            "prune_dedup_table",
            |z, p, _| z.prune_dedup_table(p, DedupPrune::OldestPercent(100)),
            Library(2, 3),
            ROOT,
            READ_ONLY,
            SUSPENDED,
        ),
        call(
            "vdev_properties",
            |z, p, v| z.vdev_properties(p, v[0]).map(drop),
            Library(2, 2),
            EVERYBODY,
            FINE,
            FINE,
        ),
        call(
            "set_vdev_property",
            |z, p, v| z.set_vdev_property(p, v[0], "com.example:slot", "7"),
            Library(2, 2),
            ROOT,
            READ_ONLY,
            SUSPENDED,
        ),
    ]
}

/// Runs the call within a time limit; what came of it.
fn outcome(call: &Call, zfs: &Zfs, pool: &PoolName, vdevs: &[VdevGuid]) -> Option<ErrorKind> {
    let (run, zfs, pool, vdevs) = (call.run, zfs.clone(), pool.clone(), vdevs.to_vec());
    println!("{} on {pool}", call.name);
    let result = within(LIMIT, move || run(&zfs, &pool, &vdevs));
    if let Err(error) = &result {
        println!("  {error}");
    }
    result.err().map(|error| error.kind())
}

/// What is to come of a call that this release may not have.
fn expected(call: &Call, kind: Option<ErrorKind>) -> Option<ErrorKind> {
    match call.since {
        Library(major, minor) if release() < (major, minor) => Some(ErrorKind::Unsupported),
        Module(major, minor) if release() < (major, minor) => kind.or(Some(ErrorKind::Unsupported)),
        _ => kind,
    }
}

#[test]
fn every_call_tells_a_missing_pool() {
    let pool = pool("other");
    for call in calls() {
        let got = outcome(&call, pool.zfs(), &missing(), &guids(&pool));
        let expected = expected(&call, Some(ErrorKind::PoolNotFound));
        assert_eq!(got, expected, "{}", call.name);
    }
    let zfs = pool.zfs();
    assert_eq!(kind(zfs.pause_scrub(&missing())), ErrorKind::PoolNotFound);
    assert_eq!(kind(zfs.stop_scrub(&missing())), ErrorKind::PoolNotFound);
}

#[test]
fn every_call_works_for_root_and_some_for_everybody() {
    let pool = mirror("users");
    for call in calls() {
        let nobody = as_user(NOBODY, || {
            (call.run)(pool.zfs(), pool.name(), &guids(&pool))
                .err()
                .map(|error| error.kind())
        });
        let denied = call.needs_root.then_some(ErrorKind::PermissionDenied);
        let by_nobody = match call.name {
            // Everybody may do what it does first, and then the library lacks the rest.
            "scrub since the last" if release() < (2, 2) => Some(ErrorKind::Unsupported),
            _ => expected(&call, denied),
        };
        assert_eq!(nobody, by_nobody, "{} by nobody", call.name);
        let root = outcome(&call, pool.zfs(), pool.name(), &guids(&pool));
        assert_eq!(root, expected(&call, None), "{} by root", call.name);
    }
}

#[test]
fn every_call_tells_a_read_only_pool() {
    let pool = mirror("ro").export().unwrap().import_read_only().unwrap();
    for call in calls() {
        let got = outcome(&call, pool.zfs(), pool.name(), &guids(&pool));
        assert_eq!(got, expected(&call, call.read_only), "{}", call.name);
    }
}

#[test]
fn every_call_tells_a_suspended_pool() {
    let pool = mirror("susp");
    let suspension = pool.suspend().unwrap();
    for call in calls() {
        let got = outcome(&call, pool.zfs(), pool.name(), &guids(&pool));
        assert_eq!(got, expected(&call, call.suspended), "{}", call.name);
    }
    suspension.resume().unwrap();
}
