//! Vdevs: initialisation, trimming, properties.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs::File;
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use libzfs::property::PropertyValue;
use libzfs::testing::Pool;
use libzfs::{ErrorKind, PoolActivity, Source, VdevGuid, VdevOutcome};
use support::{kind, pool, release, zpool_says};

/// So slow that it does not end.
const SLOWEST: NonZeroU64 = NonZeroU64::MIN;

fn guids(pool: &Pool) -> Vec<VdevGuid> {
    let vdevs = pool.vdevs().iter();
    vdevs.map(|vdev| VdevGuid::new(vdev.guid)).collect()
}

/// What `zpool status` says of the pool's one device.
fn status(pool: &Pool, flag: &str) -> String {
    let text = zpool_says(&["status", flag, pool.name().as_str()]);
    let line = text.lines().find(|line| line.contains("vdev-0"));
    line.unwrap().to_owned()
}

#[track_caller]
fn only_failure(outcome: VdevOutcome) -> ErrorKind {
    let [failure] = outcome.failures() else {
        panic!("{outcome:?}");
    };
    let expected = failure.kind;
    assert_eq!(kind(outcome.all()), expected);
    expected
}

/// The GUID of the pool's vdev that is not a leaf: the root is the only one of a pool on one file.
fn root_guid(pool: &Pool) -> VdevGuid {
    let text = zpool_says(&["get", "-Hpo", "value", "guid", pool.name().as_str()]);
    text.parse().unwrap()
}

#[test]
fn an_initialization_is_begun_suspended_cancelled_and_forgotten() {
    // Large enough not to be done before it is suspended.
    let pool = Pool::builder().label("init").size(4 << 30).build().unwrap();
    let (zfs, name, vdevs) = (pool.zfs(), pool.name(), guids(&pool));
    assert!(status(&pool, "-i").contains("uninitialized"));

    let not_yet = zfs.suspend_initialization(name, &vdevs).unwrap();
    assert_eq!(only_failure(not_yet), ErrorKind::NotRunning);
    zfs.initialize(name, &vdevs).unwrap().all().unwrap();
    let twice = zfs.initialize(name, &vdevs).unwrap();
    assert_eq!(only_failure(twice), ErrorKind::AlreadyRunning);
    if release() >= (2, 2) {
        let running = zfs.forget_initialization(name, &vdevs).unwrap();
        assert_eq!(only_failure(running), ErrorKind::AlreadyRunning);
    }
    zfs.suspend_initialization(name, &vdevs)
        .unwrap()
        .all()
        .unwrap();
    assert!(
        status(&pool, "-i").contains("suspended"),
        "{}",
        status(&pool, "-i")
    );
    // Nothing is going on, so that there is nothing to wait for.
    let vdev = PoolActivity::InitializeVdev(vdevs[0]);
    assert!(!zfs.wait(name, vdev).unwrap());

    zfs.initialize(name, &vdevs).unwrap().all().unwrap();
    zfs.cancel_initialization(name, &vdevs)
        .unwrap()
        .all()
        .unwrap();
    assert!(status(&pool, "-i").contains("uninitialized"));
    let over = zfs.cancel_initialization(name, &vdevs).unwrap();
    assert_eq!(only_failure(over), ErrorKind::NotRunning);
}

/// The outcome of a call once what has just ended counts as ended for it.
fn once_over(call: impl Fn() -> libzfs::Result<VdevOutcome>) -> libzfs::Result<VdevOutcome> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        match call() {
            Ok(outcome)
                if Instant::now() < deadline
                    && outcome
                        .failures()
                        .iter()
                        .any(|failure| failure.kind == ErrorKind::AlreadyRunning) => {}
            result => return result,
        }
    }
}

#[test]
fn what_is_initialized_can_be_forgotten() {
    let pool = Pool::builder()
        .label("uninit")
        .size(64 << 20)
        .build()
        .unwrap();
    let (zfs, name, vdevs) = (pool.zfs(), pool.name(), guids(&pool));
    zfs.initialize(name, &vdevs).unwrap().all().unwrap();
    zfs.wait(name, PoolActivity::InitializeVdev(vdevs[0]))
        .unwrap();
    assert!(status(&pool, "-i").contains("100% initialized, completed"));

    // It is not done again, unless it is forgotten.
    once_over(|| zfs.initialize(name, &vdevs))
        .unwrap()
        .all()
        .unwrap();
    zfs.wait(name, PoolActivity::Initialize).unwrap();
    assert!(status(&pool, "-i").contains("100% initialized, completed"));

    let forgotten = once_over(|| zfs.forget_initialization(name, &vdevs));
    if release() < (2, 2) {
        let error = forgotten.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("2.1.12"), "{error}");
    } else {
        forgotten.unwrap().all().unwrap();
        assert!(status(&pool, "-i").contains("uninitialized"));
    }
}

#[test]
fn a_trim_is_begun_suspended_and_cancelled() {
    let pool = pool("trim");
    let (zfs, name, vdevs) = (pool.zfs(), pool.name(), guids(&pool));
    assert!(status(&pool, "-t").contains("untrimmed"));
    let not_yet = zfs.suspend_trim(name, &vdevs).unwrap();
    assert_eq!(only_failure(not_yet), ErrorKind::NotRunning);
    let secure = zfs.trim(name, &vdevs).secure().run().unwrap();
    assert_eq!(only_failure(secure), ErrorKind::VdevNotSupported);

    zfs.trim(name, &vdevs)
        .rate(SLOWEST)
        .run()
        .unwrap()
        .all()
        .unwrap();
    let twice = zfs.trim(name, &vdevs).run().unwrap();
    assert_eq!(only_failure(twice), ErrorKind::AlreadyRunning);
    zfs.suspend_trim(name, &vdevs).unwrap().all().unwrap();
    assert!(status(&pool, "-t").contains("suspended"));
    zfs.trim(name, &vdevs)
        .rate(SLOWEST)
        .run()
        .unwrap()
        .all()
        .unwrap();
    zfs.cancel_trim(name, &vdevs).unwrap().all().unwrap();
    assert!(status(&pool, "-t").contains("untrimmed"));
    let over = zfs.cancel_trim(name, &vdevs).unwrap();
    assert_eq!(only_failure(over), ErrorKind::NotRunning);

    // As fast as it goes, it ends, also one that was slow before.
    zfs.trim(name, &vdevs)
        .rate(SLOWEST)
        .run()
        .unwrap()
        .all()
        .unwrap();
    zfs.suspend_trim(name, &vdevs).unwrap().all().unwrap();
    zfs.trim(name, &vdevs).run().unwrap().all().unwrap();
    let mut waiter = zfs
        .wait_in_background(name, PoolActivity::TrimVdev(vdevs[0]))
        .unwrap();
    let ended = waiter.wait_timeout(Duration::from_secs(120)).unwrap();
    assert!(ended.is_some(), "{}", status(&pool, "-t"));
    assert!(status(&pool, "-t").contains("100% trimmed, completed"));
}

#[test]
fn one_vdev_that_fails_does_not_keep_the_others() {
    let pool = Pool::builder().label("some").mirror(2).build().unwrap();
    let (zfs, name, vdevs) = (pool.zfs(), pool.name(), guids(&pool));
    let missing = VdevGuid::new(17);
    let asked = [missing, vdevs[0], root_guid(&pool)];
    let outcome = zfs.trim(name, &asked).rate(SLOWEST).run().unwrap();
    let failed = |vdev: VdevGuid| {
        let of = |failure: &&libzfs::Failure| failure.name == vdev.to_string();
        outcome
            .failures()
            .iter()
            .find(of)
            .map(|failure| failure.kind)
    };
    assert_eq!(outcome.failures().len(), 2);
    assert_eq!(failed(missing), Some(ErrorKind::VdevNotFound));
    assert_eq!(failed(root_guid(&pool)), Some(ErrorKind::VdevNotLeaf));
    assert!(status(&pool, "-t").contains("trimmed, started"));
    zfs.cancel_trim(name, &vdevs[..1]).unwrap().all().unwrap();

    let outcome = zfs.initialize(name, &asked[..1]).unwrap();
    assert_eq!(only_failure(outcome), ErrorKind::VdevNotFound);
    let outcome = zfs.initialize(name, &asked[2..]).unwrap();
    assert_eq!(only_failure(outcome), ErrorKind::VdevNotLeaf);

    let path = pool.vdevs()[1].path.to_str().unwrap();
    zpool_says(&["offline", name.as_str(), path]);
    let outcome = zfs.trim(name, &vdevs[1..]).run().unwrap();
    assert_eq!(only_failure(outcome), ErrorKind::VdevNotWritable);
    let outcome = zfs.initialize(name, &vdevs[1..]).unwrap();
    assert_eq!(only_failure(outcome), ErrorKind::VdevNotWritable);
}

#[test]
fn nothing_is_nothing_to_do() {
    let pool = pool("none");
    let (zfs, name) = (pool.zfs(), pool.name());
    zfs.initialize(name, &[]).unwrap().all().unwrap();
    zfs.trim(name, &[]).run().unwrap().all().unwrap();
}

#[test]
fn properties_are_those_that_zpool_shows() {
    let pool = pool("vprops");
    let (zfs, name, vdev) = (pool.zfs(), pool.name(), guids(&pool)[0]);
    if release() < (2, 2) {
        let error = zfs.vdev_properties(name, vdev).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("2.2"), "{error}");
        let set = zfs.set_vdev_property(name, vdev, "comment", "text");
        assert_eq!(kind(set), ErrorKind::Unsupported);
        return;
    }
    zfs.set_vdev_property(name, vdev, "comment", "slot 7")
        .unwrap();
    zfs.set_vdev_property(name, vdev, "com.example:a", "first")
        .unwrap();
    zfs.set_vdev_property(name, vdev, "com.example:b", "second")
        .unwrap();
    zfs.set_vdev_property(name, vdev, "failfast", false)
        .unwrap();

    let guid = vdev.to_string();
    let shown = zpool_says(&[
        "get",
        "-Hpo",
        "property,value,source",
        "all",
        name.as_str(),
        &guid,
    ]);
    let properties = zfs.vdev_properties(name, vdev).unwrap();
    let mut compared = 0;
    for line in shown.lines() {
        let [property, value, source] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let Some(read) = properties.raw(property) else {
            // `zpool` makes a 0 of the one that the kernel knows nothing of.
            assert!(value == "-" || property == "bootsize", "{line}");
            continue;
        };
        compared += 1;
        let local = read.source == Source::Local;
        assert_eq!(local, source == "local", "{line}: {read:?}");
        let text = match (read.value.as_u64(), read.value.as_str()) {
            (Some(number), _) => number.to_string(),
            (_, text) => text.unwrap().to_owned(),
        };
        // Some are shown by names, and all that change are of another moment.
        let names = ["on", "off", "none", "-", "ONLINE"];
        let moves = property.ends_with("_ops") || property.ends_with("_bytes");
        if !names.contains(&value) && !moves && property != "capacity" {
            assert_eq!(text, value.trim_end_matches('%'), "{line}");
        }
    }
    assert!(compared > 40, "{compared} of\n{shown}");
    assert_eq!(properties.users().count(), 2);
    let failfast = properties.raw("failfast").unwrap();
    assert_eq!(
        (failfast.value.as_u64(), failfast.source),
        (Some(0), Source::Local)
    );

    // An empty text removes a user property.
    zfs.set_vdev_property(name, vdev, "com.example:a", "")
        .unwrap();
    let properties = zfs.vdev_properties(name, vdev).unwrap();
    assert!(properties.user("com.example:a").is_none());
    assert!(properties.user("com.example:b").is_some());
}

#[test]
fn a_value_that_would_panic_the_kernel_does_not_reach_it() {
    let pool = pool("vbad");
    let (zfs, name, vdev) = (pool.zfs(), pool.name(), guids(&pool)[0]);
    let long = "x".repeat(8192);
    for (property, value) in [
        ("allocating", PropertyValue::Number(7)),
        ("com.example:a", PropertyValue::Number(7)),
        ("com.example:a", PropertyValue::from(long.as_str())),
        ("com.delphix:indirect_obsolete_sm", PropertyValue::from("")),
        ("size", PropertyValue::Number(7)),
        ("nosuch", PropertyValue::Number(7)),
    ] {
        let set = zfs.set_vdev_property(name, vdev, property, value);
        assert_eq!(kind(set), ErrorKind::InvalidProperty, "{property}");
    }
    if release() >= (2, 2) {
        // The longest that there is room for.
        let set = zfs.set_vdev_property(name, vdev, "com.example:a", &long[..8191]);
        set.unwrap();
        let properties = zfs.vdev_properties(name, vdev).unwrap();
        assert_eq!(properties.user("com.example:a").unwrap().value.len(), 8191);
        let path = zfs.set_vdev_property(name, vdev, "path", "/tmp/elsewhere");
        assert_eq!(kind(path), ErrorKind::InvalidProperty);
        zfs.set_vdev_property(name, vdev, "path", "/dev/elsewhere")
            .unwrap();
        let properties = zfs.vdev_properties(name, vdev).unwrap();
        let path = properties.raw("path").unwrap().value.as_str();
        assert_eq!(path, Some("/dev/elsewhere"));
    }
    if release() >= (2, 3) {
        // Only devices and files have one.
        let path = zfs.set_vdev_property(name, root_guid(&pool), "path", "/dev/elsewhere");
        assert_eq!(kind(path), ErrorKind::VdevNotSupported);
    }
    // One that only 2.4 knows, and no file by itself has.
    let sit_out = kind(zfs.set_vdev_property(name, vdev, "sit_out", true));
    let expected = match release() {
        (2, 1) => ErrorKind::Unsupported,
        (2, 2 | 3) => ErrorKind::InvalidProperty,
        _ => ErrorKind::VdevNotSupported,
    };
    assert_eq!(sit_out, expected);
}

#[test]
fn a_leaf_of_a_mirror_cannot_be_kept_from_allocating() {
    if release() < (2, 2) {
        return_unsupported();
        return;
    }
    let pool = Pool::builder().label("alloc").mirror(2).build().unwrap();
    let (zfs, name) = (pool.zfs(), pool.name());
    let set = zfs.set_vdev_property(name, guids(&pool)[0], "allocating", false);
    assert_eq!(kind(set), ErrorKind::VdevNotSupported);
}

#[test]
fn a_vdev_for_logs_and_the_last_for_data_cannot_be_kept_from_allocating() {
    if release() < (2, 2) {
        return_unsupported();
        return;
    }
    let pool = pool("log");
    let (zfs, name) = (pool.zfs(), pool.name());
    let path = pool.directory().join("log");
    File::create(&path).unwrap().set_len(64 << 20).unwrap();
    let path = path.to_str().unwrap();
    zpool_says(&["add", name.as_str(), "log", path]);
    let guid = zpool_says(&["get", "-Hpo", "value", "guid", name.as_str(), path]);
    let set = zfs.set_vdev_property(name, guid.parse().unwrap(), "allocating", false);
    assert_eq!(kind(set), ErrorKind::VdevNotSupported);
    let set = zfs.set_vdev_property(name, guids(&pool)[0], "allocating", false);
    assert_eq!(kind(set), ErrorKind::InvalidProperty);
}

/// What 2.1 has of vdev properties, in the place of a test on them.
fn return_unsupported() {
    let pool = pool("old");
    let set = pool
        .zfs()
        .set_vdev_property(pool.name(), guids(&pool)[0], "allocating", false);
    assert_eq!(kind(set), ErrorKind::Unsupported);
}

#[test]
fn what_is_set_of_a_vdev_comes_into_the_history_of_no_other_pool() {
    if release() < (2, 2) {
        return return_unsupported();
    }
    let (pool, other) = (pool("vhist"), pool("vother"));
    // The kernel remembers the pool, and no entry is made.
    let quiet = other.zfs().clone().without_history();
    quiet.create_snapshots(&[other.snapshot("@s")]).unwrap();
    let before = commands(&other);
    let zfs = pool.zfs();
    zfs.set_vdev_property(pool.name(), guids(&pool)[0], "comment", "text")
        .unwrap();
    assert_eq!(commands(&other), before);
}

fn commands(pool: &Pool) -> Vec<String> {
    let history = pool.zfs().pool_history(pool.name()).map(Result::unwrap);
    let commands = history.filter_map(|record| record.command().map(ToString::to_string));
    commands.collect()
}

#[test]
fn a_vdev_that_is_not_there_is_told_from_a_pool() {
    let pool = pool("vmiss");
    let (zfs, name, missing) = (pool.zfs(), pool.name(), VdevGuid::new(17));
    let there = if release() < (2, 2) {
        ErrorKind::Unsupported
    } else {
        ErrorKind::VdevNotFound
    };
    assert_eq!(kind(zfs.vdev_properties(name, missing)), there);
    let set = zfs.set_vdev_property(name, missing, "comment", "text");
    assert_eq!(kind(set), there);
    let wait = zfs.wait(name, PoolActivity::TrimVdev(missing));
    assert_eq!(kind(wait), ErrorKind::VdevNotFound);
    let mut waiter = zfs
        .wait_in_background(name, PoolActivity::InitializeVdev(missing))
        .unwrap();
    let wait = waiter.wait_timeout(Duration::from_secs(30));
    assert_eq!(kind(wait), ErrorKind::VdevNotFound);
}
