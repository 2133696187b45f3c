//! Snapshots, many at once.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use libzfs::{Destroy, ErrorKind, SnapshotName};
use support::{
    LIMIT, begun_send, encrypted, file_system, file_with, kind, noise, pool, property_says,
    snapshot, stream_of, within, write_file, zfs_says,
};

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
fn a_property_that_is_too_long_is_refused() {
    let pool = pool("snapprop");
    let zfs = pool.zfs();
    let name = [file_system(&pool, "data").snapshot("s").unwrap()];
    let text = "x".repeat(8192);
    let with = |value| zfs.create_snapshots_with(&name, [("com.example:x", value)]);
    assert_eq!(kind(with(text.as_str())), ErrorKind::InvalidProperty);
    assert!(!zfs.snapshot_exists(&name[0]).unwrap());
    with(&text[1..]).unwrap();
    assert_eq!(property_says("com.example:x", &name[0]), text[1..]);
}

#[test]
fn a_partial_receive_has_no_snapshots() {
    let pool = pool("snappart");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "bulk", &noise(1, 2 << 20));
    let snap = snapshot(zfs, &data, "s");
    let stream = stream_of(&zfs.send(&snap));
    let half = file_with(&pool, &stream[..stream.len() / 2]);
    let target = pool.snapshot("copy@s");
    let cut = zfs.receive(&target).resumable().run(half);
    assert_eq!(kind(cut), ErrorKind::StreamTruncated);
    let error = zfs.create_snapshots(&[target]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
}

#[test]
fn what_a_snapshot_keeps_must_not_be_reserved() {
    let pool = pool("snapref");
    let zfs = pool.zfs();
    let narrow = pool.dataset("narrow");
    zfs.create(&narrow)
        .set("quota", 16_u64 << 20)
        .run()
        .unwrap();
    let data = file_system(&pool, "narrow/data");
    write_file(&pool, &data, "bulk", &noise(1, 10 << 20));
    zfs_says(&["set", "refreservation=11M", data.as_str()]);
    let name = data.snapshot("s").unwrap();
    let error = zfs
        .create_snapshots(std::slice::from_ref(&name))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoSpace, "{error}");
    assert_eq!(error.failures()[0].name, name.as_str());
}

#[test]
fn a_range_of_snapshots_takes_space() {
    let pool = pool("range");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let snaps = ["one", "two", "three"].map(|short| {
        write_file(&pool, &data, "bulk", &noise(1, 1 << 20));
        snapshot(zfs, &data, short)
    });
    write_file(&pool, &data, "bulk", b"");
    let space = zfs.snapshot_range_space(&snaps[0], &snaps[2]).unwrap();
    assert!((3 << 20..4 << 20).contains(&space), "{space}");
    let said = zfs_says(&["destroy", "-nvp", &format!("{data}@one%three")]);
    assert!(said.contains(&format!("reclaim\t{space}")), "{said}");
    let one = zfs.snapshot_range_space(&snaps[1], &snaps[1]).unwrap();
    assert_eq!(property_says("used", &snaps[1]), one.to_string());

    let other = snapshot(zfs, &file_system(&pool, "other"), "one");
    let missing = data.snapshot("missing").unwrap();
    let space = |first, last| zfs.snapshot_range_space(first, last);
    assert_eq!(
        kind(space(&snaps[2], &snaps[0])),
        ErrorKind::SnapshotMismatch
    );
    assert_eq!(kind(space(&other, &snaps[0])), ErrorKind::SnapshotMismatch);
    for (first, last) in [(&missing, &snaps[0]), (&snaps[0], &missing)] {
        let error = space(first, last).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SnapshotNotFound);
        assert!(error.to_string().contains("snapshot: "), "{error}");
        assert!(
            error.to_string().contains(&format!(": {missing} (")),
            "{error}"
        );
    }
    let nowhere: SnapshotName = "nosuchpool@s".parse().unwrap();
    assert_eq!(kind(space(&nowhere, &nowhere)), ErrorKind::PoolNotFound);
}

#[test]
fn a_snapshot_in_use_is_kept() {
    let (pool, other) = (pool("snapbusy"), pool("snapoth"));
    let zfs = pool.zfs();
    let data = encrypted(&pool, "data");
    write_file(&pool, &data, "bulk", &noise(1, 4 << 20));
    let snaps = ["a", "b"].map(|short| snapshot(zfs, &data, short));
    let sending = begun_send(zfs, &snaps[0]);
    let tag = "keep".parse().unwrap();
    let first = std::slice::from_ref(&snaps[0]);
    for how in [Destroy::Now, Destroy::Deferred] {
        let error = zfs.destroy_snapshots(&snaps, how).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        assert_eq!(error.failures()[0].name, snaps[0].as_str());
        assert_eq!(error.failures()[0].kind, ErrorKind::Busy);
    }
    zfs.hold(&tag, first).unwrap().all().unwrap();
    let held = zfs.destroy_snapshots(&snaps, Destroy::Now);
    assert_eq!(kind(held), ErrorKind::SnapshotHeld);
    let busy = zfs.destroy_snapshots(&snaps, Destroy::Deferred);
    assert_eq!(kind(busy), ErrorKind::Busy);
    drop(sending);

    let elsewhere = snapshot(zfs, &file_system(&other, "data"), "a");
    let apart = [snaps[1].clone(), elsewhere.clone()];
    assert_eq!(
        kind(zfs.destroy_snapshots(&apart, Destroy::Now)),
        ErrorKind::PoolsDiffer
    );
    assert!(zfs.snapshot_exists(&snaps[1]).unwrap());
    assert!(zfs.snapshot_exists(&elsewhere).unwrap());
    assert!(!zfs.snapshot_exists(&pool.snapshot("missing@a")).unwrap());
    assert!(
        !zfs.snapshot_exists(&"nosuchpool@s".parse().unwrap())
            .unwrap()
    );
}

#[test]
fn a_snapshot_with_a_clone_is_kept() {
    let pool = pool("cloned");
    let zfs = pool.zfs();
    let snap = snapshot(zfs, &file_system(&pool, "data"), "s");
    let clone = pool.dataset("clone");
    zfs.clone_snapshot(&snap, &clone).run().unwrap();
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

#[test]
fn a_suspended_pool_is_not_taken_for_one_without_snapshots() {
    within(LIMIT, || {
        let pool = pool("snapsus");
        let zfs = pool.zfs();
        let snap = snapshot(zfs, &file_system(&pool, "data"), "s");
        let suspension = pool.suspend().unwrap();
        assert_eq!(kind(zfs.snapshot_exists(&snap)), ErrorKind::PoolSuspended);
        assert_eq!(
            kind(zfs.snapshot_range_space(&snap, &snap)),
            ErrorKind::PoolSuspended
        );
        suspension.resume().unwrap();
    });
}
