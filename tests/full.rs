//! What there is no room for: space, quotas, limits, and names that are too deep.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use libzfs::testing::Pool;
use libzfs::{Destroy, ErrorKind, HoldTag};
use support::{
    NOBODY, allow, as_user, file_system, file_with, fill, kind, noise, pool, snapshot, stream_of,
    unallow, write_file,
};

/// A pool of the smallest size that there is, which is filled soon.
fn small(label: &str) -> Pool {
    let builder = Pool::builder().label(label).size(64 << 20);
    builder.build().unwrap()
}

#[test]
fn a_full_pool_takes_nothing_more_and_is_emptied() {
    let pool = small("full");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let snap = [snapshot(zfs, &data, "s")];
    let other = file_system(&pool, "other");
    write_file(&pool, &other, "file", &noise(1, 1 << 20));
    let stream = stream_of(&zfs.send(&snapshot(zfs, &other, "s")));
    assert_eq!(fill(&pool, &data), libc::ENOSPC);

    assert_eq!(
        kind(zfs.create(&pool.dataset("fresh")).run()),
        ErrorKind::NoSpace
    );
    let fresh = [data.snapshot("fresh").unwrap()];
    assert_eq!(kind(zfs.create_snapshots(&fresh)), ErrorKind::NoSpace);
    let bookmark = data.bookmark("s").unwrap();
    assert_eq!(
        kind(zfs.create_bookmarks(&[(bookmark, (&snap[0]).into())])),
        ErrorKind::NoSpace
    );
    let copy = zfs.receive(&pool.snapshot("copy@s"));
    assert_eq!(
        kind(copy.run(file_with(&pool, &stream))),
        ErrorKind::NoSpace
    );
    assert!(!zfs.dataset_exists(&pool.dataset("copy")).unwrap());

    // What frees space is always let through, and what keeps things from being freed.
    let tag: HoldTag = "keep".parse().unwrap();
    zfs.hold(&tag, &snap).unwrap().all().unwrap();
    zfs.release(&tag, &snap).unwrap().all().unwrap();
    zfs.destroy_snapshots(&snap, Destroy::Now).unwrap();
    zfs.destroy_dataset(&data).unwrap();
}

#[test]
fn a_reservation_must_fit() {
    let pool = small("reserve");
    let zfs = pool.zfs();
    let name = pool.dataset("data");
    let huge = 1_u64 << 40;
    for property in ["reservation", "refreservation"] {
        let create = zfs.create(&name).set(property, huge);
        assert_eq!(kind(create.run()), ErrorKind::NoSpace, "{property}");
        assert!(!zfs.dataset_exists(&name).unwrap());
    }
    let parent = pool.dataset("parent");
    zfs.create(&parent).set("quota", 8_u64 << 20).run().unwrap();
    let child = zfs.create(&pool.dataset("parent/child"));
    let child = child.set("reservation", 16_u64 << 20);
    assert_eq!(kind(child.run()), ErrorKind::NoSpace);
}

#[test]
fn a_quota_is_kept_by_writers_and_receives() {
    let (source, pool) = (pool("qsrc"), pool("quota"));
    let zfs = pool.zfs();
    let data = file_system(&source, "data");
    write_file(&source, &data, "file", &noise(1, 12 << 20));
    let snap = snapshot(zfs, &data, "s");
    for property in ["quota", "refquota"] {
        let name = pool.dataset(property);
        zfs.create(&name).set(property, 8_u64 << 20).run().unwrap();
        assert_eq!(fill(&pool, &name), libc::EDQUOT, "{property}");
        // A snapshot writes nothing of its own, and children are outside of a refquota.
        snapshot(zfs, &name, "s");
        let child = name.child("child").unwrap().snapshot("s").unwrap();
        let received = zfs.receive(&child).run(zfs.send(&snap).start().unwrap());
        if property == "quota" {
            assert_eq!(kind(received), ErrorKind::QuotaExceeded);
            assert!(!zfs.dataset_exists(child.dataset()).unwrap());
        } else {
            received.unwrap().all().unwrap();
        }
    }
}

#[test]
fn limits_are_kept_by_everybody_but_root() {
    let pool = pool("limits");
    let zfs = pool.zfs();
    let name = pool.dataset("data");
    let create = zfs.create(&name).set("filesystem_limit", 1_u64);
    create.set("snapshot_limit", 1_u64).run().unwrap();
    let permissions = "create,mount,snapshot,receive";
    allow(&name, NOBODY, permissions);
    let child = |short: &str| name.child(short).unwrap();
    let snap = |short: &str| name.snapshot(short).unwrap();
    as_user(NOBODY, || {
        zfs.create(&child("a")).run().unwrap();
        assert_eq!(
            kind(zfs.create(&child("b")).run()),
            ErrorKind::QuotaExceeded
        );
        zfs.create_snapshots(&[snap("a")]).unwrap();
        let error = zfs.create_snapshots(&[snap("b")]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::QuotaExceeded, "{error}");
    });
    let stream = stream_of(&zfs.send(&snap("a")));
    let file = file_with(&pool, &stream);
    let target = child("c").snapshot("s").unwrap();
    let received = as_user(NOBODY, || zfs.receive(&target).run(&file));
    assert_eq!(kind(received), ErrorKind::QuotaExceeded);
    assert!(!zfs.dataset_exists(target.dataset()).unwrap());
    unallow(&name, NOBODY);
    zfs.create(&child("b")).run().unwrap();
    zfs.create_snapshots(&[snap("b")]).unwrap();
}

#[test]
fn the_deepest_dataset_that_has_a_name_is_made_and_received_into() {
    let pool = pool("deep");
    let zfs = pool.zfs();
    let mut name = pool.dataset("");
    let mut depth = 0;
    while let Ok(child) = name.child("d") {
        zfs.create(&child).run().unwrap();
        name = child;
        depth += 1;
    }
    // The kernel's own limit (`zfs_max_dataset_nesting`), which a name cannot exceed.
    assert_eq!(depth, 49);
    let base = snapshot(zfs, &name, "base");
    let full = zfs.send(&base).start().unwrap();
    let source = pool.dataset("source");
    zfs.receive(&source.snapshot("base").unwrap())
        .run(full)
        .unwrap()
        .all()
        .unwrap();
    let later = snapshot(zfs, &source, "later");
    // By way of a hidden dataset, which is deeper still.
    let added = zfs.receive(&name.snapshot("later").unwrap());
    let send = zfs.send(&later).from(source.snapshot("base").unwrap());
    added.run(send.start().unwrap()).unwrap().all().unwrap();
}
