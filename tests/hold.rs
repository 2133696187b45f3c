//! Holds and releases.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::time::{Duration, SystemTime};

use libzfs::{Destroy, ErrorKind, HoldTag, SnapshotName, Zfs};
use support::{
    NOBODY, allow, as_user, begun_send, file_system, kind, noise, pool, snapshot, write_file,
    zfs_says,
};

fn tag(text: &str) -> HoldTag {
    text.parse().unwrap()
}

fn tags_of(zfs: &Zfs, snapshot: &SnapshotName) -> Vec<String> {
    let holds = zfs.holds(snapshot).unwrap();
    let mut tags: Vec<_> = holds.into_iter().map(|hold| hold.tag).collect();
    tags.sort();
    tags
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
    assert_eq!(held.missing(), [(missing.clone(), tag("rep"))]);
    assert_eq!(kind(held.all()), ErrorKind::SnapshotNotFound);
    assert_eq!(zfs.holds(&there).unwrap().len(), 1);

    let none = zfs
        .hold(&tag("rep"), std::slice::from_ref(&missing))
        .unwrap();
    assert_eq!(kind(none.all()), ErrorKind::SnapshotNotFound);

    let released = zfs.release(&tag("rep"), &both).unwrap();
    assert_eq!(released.missing(), [(missing, tag("rep"))]);
    assert_eq!(zfs.holds(&there).unwrap(), []);
    let again = zfs
        .release(&tag("rep"), std::slice::from_ref(&there))
        .unwrap();
    assert_eq!(kind(again.all()), ErrorKind::HoldNotFound);
}

#[test]
fn each_snapshot_has_tags_of_its_own() {
    let pool = pool("tags");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let (a, b) = (snapshot(zfs, &data, "a"), snapshot(zfs, &data, "b"));
    let missing = data.snapshot("missing").unwrap();
    let pair = |snapshot: &SnapshotName, text: &str| (snapshot.clone(), tag(text));
    let holds = [
        pair(&a, "one"),
        pair(&a, "two"),
        pair(&b, "two"),
        pair(&missing, "one"),
        pair(&b, "three"),
    ];
    let held = zfs.hold_many(&holds).unwrap();
    assert_eq!(held.missing(), [pair(&missing, "one")]);
    assert_eq!(tags_of(zfs, &a), ["one", "two"]);
    assert_eq!(tags_of(zfs, &b), ["three", "two"]);

    // All of them or none.
    let again = [pair(&a, "four"), pair(&b, "two")];
    assert_eq!(kind(zfs.hold_many(&again)), ErrorKind::HoldExists);
    let twice = [pair(&a, "four"), pair(&a, "four")];
    assert_eq!(kind(zfs.hold_many(&twice)), ErrorKind::HoldExists);
    assert_eq!(tags_of(zfs, &a), ["one", "two"]);

    let release = [
        pair(&a, "one"),
        pair(&a, "three"),
        pair(&b, "two"),
        pair(&missing, "one"),
    ];
    let released = zfs.release_many(&release).unwrap();
    assert_eq!(
        released.missing(),
        [pair(&a, "three"), pair(&missing, "one")]
    );
    assert_eq!(tags_of(zfs, &a), ["two"]);
    assert_eq!(tags_of(zfs, &b), ["three"]);
    let error = released.all().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::HoldNotFound);
    assert_eq!(error.failures()[0].name, format!("{a}#three"));
}

#[test]
fn the_last_release_of_a_destroyed_snapshot_waits_for_its_users() {
    let pool = pool("lastrel");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "bulk", &noise(1, 4 << 20));
    let snap = snapshot(zfs, &data, "s");
    let snaps = std::slice::from_ref(&snap);
    zfs.hold(&tag("rep"), snaps).unwrap().all().unwrap();
    zfs.destroy_snapshots(snaps, Destroy::Deferred).unwrap();
    let sending = begun_send(zfs, &snap);
    let error = zfs.release(&tag("rep"), snaps).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert_eq!(error.failures()[0].name, snap.as_str());
    drop(sending);
    zfs.release(&tag("rep"), snaps).unwrap().all().unwrap();
    assert!(!zfs.snapshot_exists(&snap).unwrap());
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
    let error = zfs.hold(&tag("x"), &[a.clone(), b.clone()]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PoolsDiffer, "{error}");
    let error = zfs.release(&tag("rep"), &[a.clone(), b]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PoolsDiffer, "{error}");
    assert_eq!(zfs.holds(&a).unwrap().len(), 1);
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
    let no_dataset = [one.snapshot("missing@s")];
    let held = zfs.hold(&tag("x"), &no_dataset).unwrap();
    assert_eq!(held.missing().len(), 1);
    zfs.hold(&tag("x"), &[]).unwrap().all().unwrap();
    zfs.release(&tag("x"), &[]).unwrap().all().unwrap();
}

#[test]
fn a_missing_dataset_keeps_a_user_from_all_the_others() {
    let pool = pool("holduser");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let snaps = [snapshot(zfs, &data, "s"), pool.snapshot("missing@s")];
    allow(&data, NOBODY, "hold,release");
    // The kernel asks for each dataset first, and says no more than that one is not there.
    let hold = || zfs.hold(&tag("t"), &snaps);
    assert_eq!(kind(as_user(NOBODY, hold)), ErrorKind::DatasetNotFound);
    assert_eq!(hold().unwrap().missing().len(), 1);
    let release = || zfs.release(&tag("t"), &snaps);
    assert_eq!(kind(as_user(NOBODY, release)), ErrorKind::DatasetNotFound);
    assert_eq!(tags_of(zfs, &snaps[0]), ["t"]);
    assert_eq!(release().unwrap().missing().len(), 1);
}
