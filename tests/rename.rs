//! Renaming datasets and snapshots.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs;

use libzfs::{ErrorKind, Operation, SnapshotName};
use support::{
    LIMIT, NOBODY, allow, as_user, encrypted, file_system, kind, needs, needs_a_healthy_pool,
    noise, pool, property_says, snapshot, within, write_file, zfs_says,
};

#[test]
fn a_dataset_moves_with_all_that_is_below_it() {
    let pool = pool("rename");
    let zfs = pool.zfs();
    let from = file_system(&pool, "a");
    file_system(&pool, "a/child");
    snapshot(zfs, &pool.dataset("a/child"), "s");
    let new_parent = file_system(&pool, "other");
    let to = new_parent.child("b").unwrap();
    let guid = zfs.dataset(&from).unwrap().guid().unwrap();

    zfs.rename_dataset(&from, &to).unwrap();
    assert_eq!(zfs.dataset(&to).unwrap().guid().unwrap(), guid);
    assert!(!zfs.dataset_exists(&from).unwrap());
    let listed = zfs_says(&["list", "-Hro", "name", "-t", "all", to.as_str()]);
    assert_eq!(listed, format!("{to}\n{to}/child\n{to}/child@s"));

    let volume = pool.dataset("vol");
    zfs.create(&volume).volume(16 << 20).run().unwrap();
    let renamed = pool.dataset("volume");
    zfs.rename_dataset(&volume, &renamed).unwrap();
    assert_eq!(property_says("type", &renamed), "volume");
    let below = renamed.child("x").unwrap();
    assert_eq!(
        kind(zfs.rename_dataset(&to, &below)),
        ErrorKind::WrongParent
    );
}

#[test]
fn what_is_mounted_stays_mounted_where_it_is() {
    let pool = pool("renmnt");
    let zfs = pool.zfs();
    let from = file_system(&pool, "a");
    let mount = pool.mount(&from).unwrap();
    let file = mount.path().join("file");
    fs::write(&file, "before").unwrap();
    let to = pool.dataset("b");
    zfs.rename_dataset(&from, &to).unwrap();
    assert_eq!(fs::read(&file).unwrap(), b"before");
    fs::write(&file, "after").unwrap();
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let line = format!("{to} {} zfs ", mount.path().display());
    assert!(mounts.contains(&line), "{mounts}");
    mount.unmount().unwrap();
}

#[test]
fn each_way_of_failing_to_rename_is_told() {
    let (pool, other) = (pool("renbad"), pool("renoth"));
    let zfs = pool.zfs();
    let a = file_system(&pool, "a");
    let b = file_system(&pool, "b");
    file_system(&pool, "a/child");
    let rename = |to: &str| zfs.rename_dataset(&a, &to.parse().unwrap());
    let to = |path: &str| pool.dataset(path).to_string();

    let error = rename(b.as_str()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DatasetExists);
    assert_eq!(error.operation(), Operation::Rename);
    assert_eq!(error.target(), format!("{a} to {b}"));
    assert_eq!(kind(rename(a.as_str())), ErrorKind::DatasetExists);
    assert_eq!(kind(rename(&to("no/such"))), ErrorKind::ParentNotFound);
    assert_eq!(kind(rename(&to("a/child/x"))), ErrorKind::InvalidName);
    assert_eq!(kind(rename(&to("%x"))), ErrorKind::InvalidName);
    assert_eq!(kind(rename(pool.name().as_str())), ErrorKind::InvalidName);
    let elsewhere = other.dataset("x");
    assert_eq!(kind(rename(elsewhere.as_str())), ErrorKind::PoolsDiffer);
    let long = "x".repeat(250 - pool.name().as_str().len());
    assert_eq!(kind(rename(&to(&long))), ErrorKind::NameTooLong);

    let x = pool.dataset("x");
    assert_eq!(
        kind(zfs.rename_dataset(&pool.dataset(""), &x)),
        ErrorKind::InvalidName
    );
    assert_eq!(
        kind(zfs.rename_dataset(&pool.dataset("missing"), &x)),
        ErrorKind::DatasetNotFound
    );
    assert_eq!(
        kind(zfs.rename_dataset(
            &"nosuchpool/a".parse().unwrap(),
            &"nosuchpool/b".parse().unwrap()
        )),
        ErrorKind::PoolNotFound
    );
    let narrow = pool.dataset("narrow");
    zfs.create(&narrow).set("quota", 2_u64 << 20).run().unwrap();
    write_file(&pool, &a, "bulk", &noise(1, 4 << 20));
    snapshot(zfs, &a, "s");
    assert_eq!(kind(rename(&to("narrow/a"))), ErrorKind::NoSpace);
    assert!(zfs.dataset_exists(&a).unwrap());
}

#[test]
fn a_dataset_stays_below_its_encryption_root() {
    let pool = pool("renenc");
    let zfs = pool.zfs();
    let root = encrypted(&pool, "enc");
    let child = file_system(&pool, "enc/child");
    file_system(&pool, "enc/other");
    assert_eq!(
        kind(zfs.rename_dataset(&child, &pool.dataset("x"))),
        ErrorKind::EncryptionRootWouldChange
    );
    zfs.rename_dataset(&child, &pool.dataset("enc/other/x"))
        .unwrap();
    // The root itself takes its key along.
    let moved = pool.dataset("moved");
    zfs.rename_dataset(&root, &moved).unwrap();
    let dataset = zfs.dataset(&pool.dataset("moved/other/x")).unwrap();
    assert_eq!(dataset.encryption_root().unwrap(), Some(moved));
}

#[test]
fn a_snapshot_is_renamed_within_its_dataset() {
    let pool = pool("rensnap");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let from = snapshot(zfs, &data, "from");
    let tag = "keep".parse().unwrap();
    zfs.hold(&tag, std::slice::from_ref(&from))
        .unwrap()
        .all()
        .unwrap();
    let guid = zfs.snapshot(&from).unwrap().guid().unwrap();
    let to = data.snapshot("to").unwrap();
    zfs.rename_snapshot(&from, &to).unwrap();
    assert_eq!(property_says("guid", &to), guid.to_string());
    assert_eq!(zfs.holds(&to).unwrap().len(), 1);

    let taken = snapshot(zfs, &data, "taken");
    assert_eq!(
        kind(zfs.rename_snapshot(&to, &taken)),
        ErrorKind::SnapshotExists
    );
    assert_eq!(
        kind(zfs.rename_snapshot(&from, &to)),
        ErrorKind::SnapshotNotFound
    );
    let reserved = data.snapshot("%x").unwrap();
    assert_eq!(
        kind(zfs.rename_snapshot(&to, &reserved)),
        ErrorKind::InvalidName
    );
    let elsewhere = file_system(&pool, "other").snapshot("to").unwrap();
    assert_eq!(
        kind(zfs.rename_snapshot(&to, &elsewhere)),
        ErrorKind::InvalidName
    );
    let nowhere = |short: &str| -> SnapshotName { format!("nosuchpool@{short}").parse().unwrap() };
    assert_eq!(
        kind(zfs.rename_snapshot(&nowhere("a"), &nowhere("b"))),
        ErrorKind::PoolNotFound
    );
}

#[test]
fn snapshots_are_renamed_through_a_tree_or_not_at_all() {
    let pool = pool("renrec");
    let zfs = pool.zfs();
    let datasets = ["a", "a/b", "a/b/c", "a/d"].map(|path| file_system(&pool, path));
    let named = |short: &str| {
        datasets
            .each_ref()
            .map(|name| name.snapshot(short).unwrap())
    };
    let (from, to) = (named("from"), named("to"));
    zfs.create_snapshots(&from[..3]).unwrap();

    zfs.create_snapshots(&to[2..3]).unwrap();
    assert_eq!(
        kind(zfs.rename_snapshots_recursively(&from[0], &to[0])),
        ErrorKind::SnapshotExists
    );
    assert!(zfs.snapshot_exists(&from[0]).unwrap());
    zfs.destroy_snapshots(&to[2..3], Default::default())
        .unwrap();

    zfs.rename_snapshots_recursively(&from[0], &to[0]).unwrap();
    let exists = |names: &[SnapshotName; 4]| {
        names
            .each_ref()
            .map(|name| zfs.snapshot_exists(name).unwrap())
    };
    assert_eq!(exists(&from), [false; 4]);
    assert_eq!(exists(&to), [true, true, true, false]);

    // The dataset itself must have it.
    snapshot(zfs, &datasets[1], "from");
    assert_eq!(
        kind(zfs.rename_snapshots_recursively(&from[0], &to[0])),
        ErrorKind::SnapshotNotFound
    );
    let long = "x".repeat(254 - datasets[0].as_str().len());
    let long = datasets[0].snapshot(&long).unwrap();
    assert_eq!(
        kind(zfs.rename_snapshots_recursively(&to[0], &long)),
        ErrorKind::NameTooLong
    );
}

#[test]
fn who_renames_needs_permissions() {
    let pool = pool("renperm");
    let zfs = pool.zfs();
    let (from, parent) = (file_system(&pool, "a"), file_system(&pool, "parent"));
    let to = parent.child("a").unwrap();
    needs(
        &[
            (&from, "rename"),
            (&from, "mount"),
            (&parent, "create"),
            (&parent, "mount"),
        ],
        || zfs.rename_dataset(&from, &to),
    );

    let data = file_system(&pool, "data");
    let (one, two) = (snapshot(zfs, &data, "one"), data.snapshot("two").unwrap());
    needs(
        &[(&data, "rename"), (&data, "mount"), (&data, "create")],
        || zfs.rename_snapshot(&one, &two),
    );
    as_user(NOBODY, || zfs.rename_snapshots_recursively(&two, &one)).unwrap();

    // Limits that do not bind root.
    let narrow = file_system(&pool, "narrow");
    zfs_says(&["set", "filesystem_limit=0", narrow.as_str()]);
    allow(&narrow, NOBODY, "create,mount");
    let inside = narrow.child("data").unwrap();
    assert_eq!(
        kind(as_user(NOBODY, || zfs.rename_dataset(&data, &inside))),
        ErrorKind::QuotaExceeded
    );
    zfs.rename_dataset(&data, &inside).unwrap();
}

#[test]
fn a_pool_that_cannot_rename_says_why() {
    within(LIMIT, || {
        let pool = pool("renodd");
        let zfs = pool.zfs().clone();
        let (a, b) = (file_system(&pool, "a"), pool.dataset("b"));
        let (one, two) = (snapshot(&zfs, &a, "one"), a.snapshot("two").unwrap());
        needs_a_healthy_pool(
            pool,
            &[
                &|| zfs.rename_dataset(&a, &b),
                &|| zfs.rename_snapshot(&one, &two),
                &|| zfs.rename_snapshots_recursively(&one, &two),
            ],
        );
    });
}
