//! Holds and releases.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::time::{Duration, SystemTime};

use libzfs::{ErrorKind, HoldTag};
use support::{file_system, kind, pool, snapshot, zfs_says};

fn tag(text: &str) -> HoldTag {
    text.parse().unwrap()
}

#[test]
fn holds_are_made_read_and_released() {
    let pool = pool("hold");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let snaps = [snapshot(zfs, &data, "a"), snapshot(zfs, &data, "b")];
    assert_eq!(zfs.holds(&snaps[0]).unwrap(), []);
    zfs.hold(&tag("rep"), &snaps).unwrap().all().unwrap();
    zfs.hold(&tag("second one"), &snaps[..1])
        .unwrap()
        .all()
        .unwrap();

    let mut holds = zfs.holds(&snaps[0]).unwrap();
    holds.sort_by(|a, b| a.tag.cmp(&b.tag));
    assert_eq!(
        holds
            .iter()
            .map(|hold| hold.tag.as_str())
            .collect::<Vec<_>>(),
        ["rep", "second one"]
    );
    let age = SystemTime::now()
        .duration_since(holds[0].since)
        .unwrap_or_default();
    assert!(age < Duration::from_secs(3600), "{age:?}");
    assert_eq!(
        zfs_says(&["get", "-Hpo", "value", "userrefs", snaps[0].as_str()]),
        "2"
    );

    zfs.release(&tag("rep"), &snaps).unwrap().all().unwrap();
    assert_eq!(zfs.holds(&snaps[1]).unwrap(), []);
    assert_eq!(zfs.holds(&snaps[0]).unwrap().len(), 1);
}

#[test]
fn missing_snapshots_are_told_and_the_others_held() {
    let pool = pool("miss");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let there = snapshot(zfs, &data, "there");
    let missing = data.snapshot("missing").unwrap();
    let both = [there.clone(), missing.clone()];

    let held = zfs.hold(&tag("rep"), &both).unwrap();
    assert_eq!(held.missing(), std::slice::from_ref(&missing));
    assert_eq!(kind(held.all()), ErrorKind::SnapshotNotFound);
    assert_eq!(zfs.holds(&there).unwrap().len(), 1);

    let none = zfs
        .hold(&tag("rep"), std::slice::from_ref(&missing))
        .unwrap();
    assert_eq!(kind(none.all()), ErrorKind::SnapshotNotFound);

    let released = zfs.release(&tag("rep"), &both).unwrap();
    assert_eq!(released.missing(), [missing]);
    assert_eq!(zfs.holds(&there).unwrap(), []);
    let again = zfs
        .release(&tag("rep"), std::slice::from_ref(&there))
        .unwrap();
    assert_eq!(kind(again.all()), ErrorKind::HoldNotFound);
}

#[test]
fn each_way_of_failing_is_told() {
    let (one, two) = (pool("one"), pool("two"));
    let zfs = one.zfs();
    let a = snapshot(zfs, &file_system(&one, "a"), "s");
    let b = snapshot(zfs, &file_system(&two, "b"), "s");
    zfs.hold(&tag("rep"), std::slice::from_ref(&a))
        .unwrap()
        .all()
        .unwrap();
    let error = zfs.hold(&tag("rep"), std::slice::from_ref(&a)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::HoldExists);
    assert!(
        error
            .failures()
            .iter()
            .any(|failure| failure.name.starts_with(a.as_str())),
        "{error}"
    );
    let error = zfs.hold(&tag("x"), &[a.clone(), b]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PoolsDiffer, "{error}");
    let longest = tag(&"t".repeat(255));
    zfs.hold(&longest, std::slice::from_ref(&a))
        .unwrap()
        .all()
        .unwrap();
    let missing = a.dataset().snapshot("missing").unwrap();
    assert_eq!(kind(zfs.holds(&missing)), ErrorKind::SnapshotNotFound);
    let nowhere = ["nosuchpool@s".parse().unwrap()];
    assert_eq!(kind(zfs.hold(&tag("x"), &nowhere)), ErrorKind::PoolNotFound);
    assert_eq!(
        kind(zfs.release(&tag("x"), &nowhere)),
        ErrorKind::PoolNotFound
    );
    zfs.hold(&tag("x"), &[]).unwrap().all().unwrap();
    zfs.release(&tag("x"), &[]).unwrap().all().unwrap();
}
