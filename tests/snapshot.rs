//! Snapshots, many at once.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use libzfs::{Destroy, ErrorKind, SnapshotName};
use support::{file_system, kind, pool, snapshot, zfs_says};

#[test]
fn a_tree_is_snapshotted_in_one_transaction() {
    let pool = pool("snap");
    let zfs = pool.zfs();
    let names: Vec<SnapshotName> = ["a", "a/b", "a/b/c"]
        .map(|path| file_system(&pool, path).snapshot("now").unwrap())
        .to_vec();
    zfs.create_snapshots_with(&names, [("com.example:by", "test")])
        .unwrap();
    let txgs: Vec<_> = names
        .iter()
        .map(|name| zfs.snapshot(name).unwrap().create_txg().unwrap())
        .collect();
    assert!(txgs.iter().all(|txg| *txg == txgs[0]), "{txgs:?}");
    let snap = zfs.snapshot(&names[2]).unwrap();
    assert_eq!(snap.user_property("com.example:by").unwrap().value, "test");
    let guid = zfs_says(&["get", "-Hpo", "value", "guid", names[2].as_str()]);
    assert_eq!(snap.guid().unwrap().to_string(), guid);
    zfs.destroy_snapshots(&names, Destroy::Now).unwrap();
    assert_eq!(kind(zfs.snapshot(&names[0])), ErrorKind::SnapshotNotFound);
    // Gone is what was asked for.
    zfs.destroy_snapshots(&names, Destroy::Now).unwrap();
}

#[test]
fn many_are_made_and_destroyed_in_one_call_each() {
    let pool = pool("many");
    let zfs = pool.zfs();
    let names: Vec<SnapshotName> = (0..60)
        .map(|i| {
            file_system(&pool, &format!("d{i}"))
                .snapshot("now")
                .unwrap()
        })
        .collect();
    zfs.create_snapshots(&names).unwrap();
    let listed = zfs_says(&[
        "list",
        "-Hro",
        "name",
        "-t",
        "snapshot",
        pool.name().as_str(),
    ]);
    assert_eq!(listed.lines().count(), names.len());
    zfs.destroy_snapshots(&names, Destroy::Now).unwrap();
}

#[test]
fn each_failed_item_is_told_and_nothing_is_made() {
    let pool = pool("items");
    let zfs = pool.zfs();
    let fresh = file_system(&pool, "good").snapshot("now").unwrap();
    let taken = ["one", "two"].map(|path| snapshot(zfs, &file_system(&pool, path), "now"));

    let error = zfs
        .create_snapshots(&[&taken[..], std::slice::from_ref(&fresh)].concat())
        .unwrap_err();
    let mut failed: Vec<_> = error
        .failures()
        .iter()
        .map(|failure| (failure.name.as_str(), failure.kind))
        .collect();
    failed.sort_by_key(|(name, _)| *name);
    let exists = taken
        .each_ref()
        .map(|name| (name.as_str(), ErrorKind::SnapshotExists));
    assert_eq!(failed, exists, "{error}");
    assert_eq!(kind(zfs.snapshot(&fresh)), ErrorKind::SnapshotNotFound);

    // A dataset that does not exist is all that the kernel tells of, whatever else is wrong.
    let missing = pool.snapshot("missing@now");
    let error = zfs
        .create_snapshots(&[fresh.clone(), missing.clone()])
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DatasetNotFound);
    assert_eq!(error.failures()[0].name, missing.as_str());
    assert_eq!(kind(zfs.snapshot(&fresh)), ErrorKind::SnapshotNotFound);

    let error = zfs.create_snapshots(&taken[..1]).unwrap_err();
    assert_eq!(
        (error.kind(), error.failures().len()),
        (ErrorKind::SnapshotExists, 1)
    );
}

#[test]
fn what_cannot_be_in_one_call_is_refused() {
    let (one, two) = (pool("one"), pool("two"));
    let zfs = one.zfs();
    let a = file_system(&one, "a");
    let twice = [a.snapshot("x").unwrap(), a.snapshot("y").unwrap()];
    assert_eq!(
        kind(zfs.create_snapshots(&twice)),
        ErrorKind::DuplicateSnapshots
    );
    let same = [a.snapshot("x").unwrap(), a.snapshot("x").unwrap()];
    assert_eq!(
        kind(zfs.create_snapshots(&same)),
        ErrorKind::DuplicateSnapshots
    );
    let other = file_system(&two, "b").snapshot("x").unwrap();
    let apart = [a.snapshot("x").unwrap(), other];
    assert_eq!(kind(zfs.create_snapshots(&apart)), ErrorKind::PoolsDiffer);
    let reserved = [a.snapshot("%x").unwrap()];
    assert_eq!(
        kind(zfs.create_snapshots(&reserved)),
        ErrorKind::InvalidName
    );
    let fine = [a.snapshot("x").unwrap()];
    let bad = [("nocolon", "v")];
    assert_eq!(
        kind(zfs.create_snapshots_with(&fine, bad)),
        ErrorKind::InvalidProperty
    );
    zfs.create_snapshots(&[]).unwrap();
    zfs.destroy_snapshots(&[], Destroy::Now).unwrap();
    assert_eq!(kind(zfs.snapshot(&fine[0])), ErrorKind::SnapshotNotFound);
    let nowhere = ["nosuchpool@x".parse().unwrap()];
    assert_eq!(
        kind(zfs.create_snapshots(&nowhere)),
        ErrorKind::PoolNotFound
    );
    assert_eq!(
        kind(zfs.destroy_snapshots(&nowhere, Destroy::Now)),
        ErrorKind::PoolNotFound
    );
}

#[test]
fn a_snapshot_with_a_clone_is_kept() {
    let pool = pool("cloned");
    let zfs = pool.zfs();
    let snap = snapshot(zfs, &file_system(&pool, "data"), "s");
    let clone = pool.dataset("clone");
    zfs_says(&[
        "clone",
        "-o",
        "mountpoint=none",
        snap.as_str(),
        clone.as_str(),
    ]);
    let error = zfs
        .destroy_snapshots(std::slice::from_ref(&snap), Destroy::Now)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SnapshotCloned);
    zfs.destroy_dataset(&clone).unwrap();
    zfs.destroy_snapshots(&[snap], Destroy::Now).unwrap();
}

#[test]
fn a_held_snapshot_is_kept_and_a_deferred_one_goes_later() {
    let pool = pool("held");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let (held, free) = (snapshot(zfs, &data, "held"), snapshot(zfs, &data, "free"));
    let tag = "keep".parse().unwrap();
    zfs.hold(&tag, std::slice::from_ref(&held))
        .unwrap()
        .all()
        .unwrap();

    let both = [held.clone(), free.clone()];
    let error = zfs.destroy_snapshots(&both, Destroy::Now).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SnapshotHeld);
    assert_eq!(error.failures()[0].name, held.as_str());
    zfs.snapshot(&free).unwrap();

    zfs.destroy_snapshots(&both, Destroy::Deferred).unwrap();
    assert_eq!(kind(zfs.snapshot(&free)), ErrorKind::SnapshotNotFound);
    zfs.snapshot(&held).unwrap();
    zfs.release(&tag, std::slice::from_ref(&held))
        .unwrap()
        .all()
        .unwrap();
    assert_eq!(kind(zfs.snapshot(&held)), ErrorKind::SnapshotNotFound);
}
