//! Rolling back.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

use libzfs::{Destroy, ErrorKind, Operation};
use support::{
    LIMIT, file_system, kind, needs, needs_a_healthy_pool, noise, pool, read_file, snapshot,
    within, write_file, zfs_says,
};

#[test]
fn what_was_written_since_is_discarded() {
    let pool = pool("roll");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "file", b"one");
    let one = snapshot(zfs, &data, "one");
    write_file(&pool, &data, "file", b"two");
    let two = snapshot(zfs, &data, "two");
    write_file(&pool, &data, "file", b"lost");
    assert_eq!(zfs.rollback(&data).discard_changes().unwrap(), two);
    assert_eq!(read_file(&pool, &data, "file"), b"two");

    write_file(&pool, &data, "file", b"lost");
    let back = zfs.rollback(&data).to(&two).discard_changes().unwrap();
    assert_eq!(back, two);
    assert_eq!(read_file(&pool, &data, "file"), b"two");
    assert!(zfs.snapshot_exists(&one).unwrap());
}

#[test]
fn a_mounted_file_system_is_rolled_back_where_it_is() {
    let pool = pool("rollmnt");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let mount = pool.mount(&data).unwrap();
    let (kept, new) = (mount.path().join("kept"), mount.path().join("new"));
    fs::write(&kept, "then").unwrap();
    snapshot(zfs, &data, "s");
    fs::write(&kept, "now").unwrap();
    fs::write(&new, "lost").unwrap();
    let mut open = fs::File::open(&new).unwrap();
    zfs.rollback(&data).discard_changes().unwrap();
    assert_eq!(fs::read(&kept).unwrap(), b"then");
    assert!(!new.exists());
    assert!(open.read(&mut [0; 4]).is_err());
    drop(open);
    mount.unmount().unwrap();
}

#[test]
fn a_clone_without_snapshots_goes_back_to_its_origin() {
    let pool = pool("rollclone");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "file", b"origin");
    let origin = snapshot(zfs, &data, "s");
    let later = snapshot(zfs, &data, "later");
    let clone = pool.dataset("clone");
    zfs.clone_snapshot(&origin, &clone).run().unwrap();
    for rollback in [zfs.rollback(&clone), zfs.rollback(&clone).to(&origin)] {
        write_file(&pool, &clone, "file", b"lost");
        assert_eq!(rollback.discard_changes().unwrap(), origin);
        assert_eq!(read_file(&pool, &clone, "file"), b"origin");
    }
    let error = zfs.rollback(&clone).to(&later).discard_changes();
    assert_eq!(kind(error), ErrorKind::SnapshotMismatch);
    let own = snapshot(zfs, &clone, "own");
    let error = zfs
        .rollback(&clone)
        .to(&origin)
        .discard_changes()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotLatestSnapshot);
    assert_eq!(error.failures()[0].name, own.as_str());
}

#[test]
fn a_volume_is_rolled_back() {
    let pool = pool("rollvol");
    let zfs = pool.zfs();
    let volume = pool.dataset("vol");
    zfs.create(&volume).volume(16 << 20).run().unwrap();
    let snap = snapshot(zfs, &volume, "s");
    zfs_says(&["set", "volsize=32M", volume.as_str()]);
    assert_eq!(zfs.rollback(&volume).discard_changes().unwrap(), snap);
    let volsize = zfs_says(&["get", "-Hpo", "value", "volsize", volume.as_str()]);
    assert_eq!(volsize, "16777216");
}

#[test]
fn what_is_newer_is_named_and_never_destroyed() {
    let pool = pool("rollnew");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let snaps = ["z", "y", "x"].map(|short| snapshot(zfs, &data, short));
    let mark = data.bookmark("mark").unwrap();
    zfs.create_bookmarks(&[(mark.clone(), (&snaps[2]).into())])
        .unwrap();
    let names = |error: &libzfs::Error| -> Vec<String> {
        let failures = error.failures().iter();
        failures.map(|failure| failure.name.clone()).collect()
    };

    let error = zfs
        .rollback(&data)
        .to(&snaps[0])
        .discard_changes()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotLatestSnapshot);
    assert_eq!(error.operation(), Operation::Rollback);
    assert_eq!(
        names(&error),
        [snaps[1].as_str(), mark.as_str(), snaps[2].as_str()]
    );
    for snap in &snaps {
        assert!(zfs.snapshot_exists(snap).unwrap());
    }

    // A bookmark whose snapshot is gone is in the way even of the newest that there is.
    zfs.destroy_snapshots(&snaps[2..], Destroy::Now).unwrap();
    for rollback in [zfs.rollback(&data), zfs.rollback(&data).to(&snaps[1])] {
        let error = rollback.discard_changes().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotLatestSnapshot);
        assert_eq!(names(&error), [mark.as_str()]);
    }
    zfs.destroy_bookmarks(&[mark]).unwrap();
    assert_eq!(zfs.rollback(&data).discard_changes().unwrap(), snaps[1]);
}

#[test]
fn each_way_of_failing_is_told() {
    let (pool, other) = (pool("rollbad"), pool("rolloth"));
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let missing = data.snapshot("missing").unwrap();
    let none = zfs.rollback(&data).discard_changes();
    assert_eq!(kind(none), ErrorKind::SnapshotNotFound);
    let none = zfs.rollback(&data).to(&missing).discard_changes();
    assert_eq!(kind(none), ErrorKind::SnapshotNotFound);
    let snap = snapshot(zfs, &data, "s");
    let none = zfs.rollback(&data).to(&missing).discard_changes();
    assert_eq!(kind(none), ErrorKind::SnapshotNotFound);

    let foreign = snapshot(zfs, &file_system(&pool, "other"), "s");
    let elsewhere = snapshot(zfs, &file_system(&other, "data"), "s");
    for of_another in [foreign, elsewhere] {
        let error = zfs.rollback(&data).to(&of_another).discard_changes();
        assert_eq!(kind(error), ErrorKind::SnapshotMismatch);
    }
    for path in ["missing", "missing/too"] {
        let rollback = zfs.rollback(&pool.dataset(path)).to(&snap);
        assert_eq!(kind(rollback.discard_changes()), ErrorKind::DatasetNotFound);
    }
    let nowhere = "nosuchpool".parse().unwrap();
    let error = zfs.rollback(&nowhere).discard_changes();
    assert_eq!(kind(error), ErrorKind::DatasetNotFound);
}

#[test]
fn a_name_without_room_is_refused_before_the_kernel_panics() {
    let pool = pool("rolllong");
    let zfs = pool.zfs();
    let room = 245 - pool.name().as_str().len() - 1;
    let longest = file_system(&pool, &"x".repeat(room));
    let snap = snapshot(zfs, &longest, "s");
    assert_eq!(zfs.rollback(&longest).discard_changes().unwrap(), snap);
    let longer = file_system(&pool, &"y".repeat(room + 1));
    let snap = snapshot(zfs, &longer, "s");
    for rollback in [zfs.rollback(&longer), zfs.rollback(&longer).to(&snap)] {
        assert_eq!(kind(rollback.discard_changes()), ErrorKind::NameTooLong);
    }
}

#[test]
fn a_dataset_in_use_is_not_rolled_back() {
    let pool = pool("rollbusy");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "bulk", &noise(1, 4 << 20));
    snapshot(zfs, &data, "s");
    // A send of the dataset itself, which waits for its reader.
    let mut send = Command::new("zfs")
        .args(["send", data.as_str()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stream = send.stdout.take().unwrap();
    stream.read_exact(&mut [0]).unwrap();
    assert_eq!(kind(zfs.rollback(&data).discard_changes()), ErrorKind::Busy);
    drop(stream);
    send.wait().unwrap();
    zfs.rollback(&data).discard_changes().unwrap();
}

#[test]
fn the_snapshot_has_to_fit_what_is_set_now() {
    let pool = pool("rollfit");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "bulk", &noise(1, 8 << 20));
    let snap = snapshot(zfs, &data, "s");
    write_file(&pool, &data, "bulk", b"");
    zfs_says(&["set", "refquota=4M", data.as_str()]);
    let rollback = || zfs.rollback(&data).to(&snap).discard_changes();
    assert_eq!(kind(rollback()), ErrorKind::QuotaExceeded);
    zfs_says(&["set", "refquota=none", data.as_str()]);
    rollback().unwrap();
    assert_eq!(read_file(&pool, &data, "bulk").len(), 8 << 20);

    // What was written since is part of what is reserved, and has to be free once more meanwhile.
    let narrow = pool.dataset("narrow");
    zfs.create(&narrow)
        .set("quota", 16_u64 << 20)
        .run()
        .unwrap();
    zfs.rename_dataset(&data, &narrow.child("data").unwrap())
        .unwrap();
    let data = narrow.child("data").unwrap();
    let rollback = || zfs.rollback(&data).discard_changes();
    write_file(&pool, &data, "bulk", b"");
    write_file(&pool, &data, "more", &noise(2, 5 << 20));
    zfs_says(&["set", "refreservation=6M", data.as_str()]);
    assert_eq!(kind(rollback()), ErrorKind::NoSpace);
    zfs_says(&["set", "refreservation=none", data.as_str()]);
    rollback().unwrap();
}

#[test]
fn who_rolls_back_needs_permission() {
    let pool = pool("rollperm");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    snapshot(zfs, &data, "s");
    needs(&[(&data, "rollback")], || {
        zfs.rollback(&data).discard_changes().map(drop)
    });
}

#[test]
fn a_pool_that_cannot_roll_back_says_why() {
    within(LIMIT, || {
        let pool = pool("rollodd");
        let zfs = pool.zfs().clone();
        let data = file_system(&pool, "data");
        let snap = snapshot(&zfs, &data, "s");
        needs_a_healthy_pool(
            pool,
            &[&|| zfs.rollback(&data).discard_changes().map(drop), &|| {
                zfs.rollback(&data).to(&snap).discard_changes().map(drop)
            }],
        );
    });
}
