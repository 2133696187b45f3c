//! Bookmarks.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use libzfs::{Destroy, ErrorKind, IncrementalSource};
use support::{file_system, kind, pool, snapshot, zfs_says};

#[test]
fn bookmarks_are_made_listed_and_destroyed() {
    let pool = pool("book");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    assert_eq!(zfs.bookmarks(&data).unwrap(), []);
    let snaps = [snapshot(zfs, &data, "one"), snapshot(zfs, &data, "two")];
    let names = [data.bookmark("two").unwrap(), data.bookmark("one").unwrap()];
    zfs.create_bookmarks(&[
        (names[0].clone(), IncrementalSource::from(&snaps[1])),
        (names[1].clone(), IncrementalSource::from(&snaps[0])),
    ])
    .unwrap();
    let copy = data.bookmark("copy").unwrap();
    zfs.create_bookmarks(&[(copy.clone(), (&names[0]).into())])
        .unwrap();

    let guids = snaps
        .clone()
        .map(|snap| zfs.snapshot(&snap).unwrap().guid().unwrap());
    zfs.destroy_snapshots(&snaps, Destroy::Now).unwrap();
    let listed = zfs.bookmarks(&data).unwrap();
    assert_eq!(
        listed[0].name(),
        &names[1],
        "in the order of their creation txg"
    );
    assert_eq!(
        listed
            .iter()
            .map(libzfs::Bookmark::guid)
            .collect::<Vec<_>>(),
        [guids[0], guids[1], guids[1]]
    );
    assert!(listed[0].create_txg() < listed[1].create_txg());
    let creation = zfs_says(&["get", "-Hpo", "value", "creation", names[1].as_str()]);
    assert_eq!(listed[0].creation().to_string(), creation);

    zfs.destroy_bookmarks(&[copy, names[0].clone()]).unwrap();
    zfs.destroy_bookmarks(&names).unwrap();
    assert_eq!(zfs.bookmarks(&data).unwrap(), []);
    zfs.destroy_bookmarks(&names).unwrap();
}

#[test]
fn each_way_of_failing_is_told() {
    let pool = pool("bookbad");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let other = file_system(&pool, "other");
    let snap = snapshot(zfs, &data, "s");
    let name = data.bookmark("s").unwrap();
    let make = |name: &libzfs::BookmarkName, of: IncrementalSource| {
        zfs.create_bookmarks(&[(name.clone(), of)])
    };
    make(&name, (&snap).into()).unwrap();
    assert_eq!(kind(make(&name, (&snap).into())), ErrorKind::BookmarkExists);
    let missing = data.snapshot("missing").unwrap();
    let fresh = data.bookmark("fresh").unwrap();
    assert_eq!(
        kind(make(&fresh, (&missing).into())),
        ErrorKind::SnapshotNotFound
    );
    let elsewhere = other.bookmark("s").unwrap();
    assert_eq!(
        kind(make(&elsewhere, (&snap).into())),
        ErrorKind::BookmarkSourceNotAncestor
    );
    let twice = [
        (fresh.clone(), (&snap).into()),
        (fresh.clone(), (&snap).into()),
    ];
    assert_eq!(
        kind(zfs.create_bookmarks(&twice)),
        ErrorKind::BookmarkExists
    );
    assert_eq!(zfs.bookmarks(&data).unwrap().len(), 1);
    assert_eq!(
        kind(zfs.bookmarks(&pool.dataset("missing"))),
        ErrorKind::DatasetNotFound
    );
    let nowhere: libzfs::BookmarkName = "nosuchpool#s".parse().unwrap();
    let source: libzfs::SnapshotName = "nosuchpool@s".parse().unwrap();
    assert_eq!(kind(make(&nowhere, source.into())), ErrorKind::PoolNotFound);
    assert_eq!(
        kind(zfs.destroy_bookmarks(&[nowhere])),
        ErrorKind::PoolNotFound
    );
    zfs.create_bookmarks(&[]).unwrap();
    zfs.destroy_bookmarks(&[]).unwrap();
}
