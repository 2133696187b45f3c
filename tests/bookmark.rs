//! Bookmarks.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use libzfs::{Destroy, ErrorKind, IncrementalSource, SnapshotName};
use support::{
    LIMIT, NOBODY, as_user, encrypted, file_system, kind, noise, pool, property_says, snapshot,
    within, write_file, zfs_says,
};

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

    let marks = listed.iter().map(libzfs::Bookmark::name);
    for (mark, listed) in marks.zip(&listed) {
        assert_eq!(zfs.bookmark(mark).unwrap(), *listed);
        assert!(zfs.bookmark_exists(mark).unwrap());
    }

    zfs.destroy_bookmarks(&[copy, names[0].clone()]).unwrap();
    assert!(!zfs.bookmark_exists(&names[0]).unwrap());
    zfs.destroy_bookmarks(&names).unwrap();
    assert_eq!(zfs.bookmarks(&data).unwrap(), []);
    zfs.destroy_bookmarks(&names).unwrap();
}

#[test]
fn a_bookmark_tells_what_its_snapshot_was() {
    let pool = pool("bookprops");
    let zfs = pool.zfs();
    let data = encrypted(&pool, "data");
    write_file(&pool, &data, "zeros", &[1; 1 << 20]);
    let snap = snapshot(zfs, &data, "s");
    let name = data.bookmark("s").unwrap();
    zfs.create_bookmarks(&[(name.clone(), (&snap).into())])
        .unwrap();
    let bookmark = zfs.bookmark(&name).unwrap();
    let say = |number: Option<u64>| number.map(|number| number.to_string());
    for of in [name.as_str(), snap.as_str()] {
        assert_eq!(bookmark.guid().to_string(), property_says("guid", of));
        assert_eq!(
            bookmark.create_txg().to_string(),
            property_says("createtxg", of)
        );
        let said = say(bookmark.ivset_guid());
        assert_eq!(said, Some(property_says("ivsetguid", of)));
        let said = say(bookmark.referenced());
        assert_eq!(said, Some(property_says("referenced", of)));
        let said = say(bookmark.logical_referenced());
        assert_eq!(said, Some(property_says("logicalreferenced", of)));
    }
    assert_eq!(bookmark.redaction(), None);

    let plain = file_system(&pool, "plain");
    let snap = snapshot(zfs, &plain, "s");
    let name = plain.bookmark("s").unwrap();
    zfs.create_bookmarks(&[(name.clone(), (&snap).into())])
        .unwrap();
    assert_eq!(zfs.bookmark(&name).unwrap().ivset_guid(), None);
}

#[test]
fn a_redaction_bookmark_tells_what_it_redacts() {
    let pool = pool("bookred");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "file", &noise(1, 1 << 20));
    let snap = snapshot(zfs, &data, "s");
    let redacted = ["a", "b"].map(|path| {
        let clone = pool.dataset(path);
        zfs.clone_snapshot(&snap, &clone).run().unwrap();
        write_file(&pool, &clone, "file", &noise(2, 1 << 20));
        snapshot(zfs, &clone, "s")
    });
    zfs_says(&[
        "redact",
        snap.as_str(),
        "book",
        redacted[0].as_str(),
        redacted[1].as_str(),
    ]);
    let name = data.bookmark("book").unwrap();
    let bookmark = zfs.bookmark(&name).unwrap();
    let redaction = bookmark.redaction().unwrap();
    let mut guids = redacted.map(|snap| zfs.snapshot(&snap).unwrap().guid().unwrap());
    let mut told = redaction.snapshots.clone();
    guids.sort_unstable();
    told.sort_unstable();
    assert_eq!(told, guids);
    assert!(redaction.is_complete);
    assert_eq!(zfs.bookmarks(&data).unwrap(), [bookmark]);
}

#[test]
fn each_way_of_failing_is_told() {
    let (pool, second) = (pool("bookbad"), pool("bookoth"));
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
    let no_mark: IncrementalSource = data.bookmark("missing").unwrap().into();
    assert_eq!(
        kind(make(&fresh, no_mark.clone())),
        ErrorKind::BookmarkNotFound
    );
    let no_dataset = pool.bookmark("missing#s");
    for of in [IncrementalSource::from(&snap), no_mark] {
        let error = make(&no_dataset, of).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DatasetNotFound);
        assert_eq!(error.failures()[0].kind, ErrorKind::DatasetNotFound);
    }
    let reserved = data.bookmark("%x").unwrap();
    assert_eq!(
        kind(make(&reserved, (&snap).into())),
        ErrorKind::InvalidName
    );
    assert_eq!(
        kind(zfs.destroy_bookmarks(&[reserved])),
        ErrorKind::InvalidName
    );
    let apart = second.bookmark("#s");
    assert_eq!(kind(make(&apart, (&snap).into())), ErrorKind::PoolsDiffer);
    let foreign: IncrementalSource = (&apart).into();
    assert_eq!(kind(make(&fresh, foreign)), ErrorKind::PoolsDiffer);
    assert_eq!(
        kind(zfs.destroy_bookmarks(&[name.clone(), apart])),
        ErrorKind::PoolsDiffer
    );
    assert_eq!(kind(zfs.bookmark(&fresh)), ErrorKind::BookmarkNotFound);
    assert_eq!(kind(zfs.bookmark(&no_dataset)), ErrorKind::DatasetNotFound);
    assert!(!zfs.bookmark_exists(&no_dataset).unwrap());
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
    let source: SnapshotName = "nosuchpool@s".parse().unwrap();
    assert_eq!(kind(make(&nowhere, source.into())), ErrorKind::PoolNotFound);
    assert_eq!(
        kind(zfs.destroy_bookmarks(&[nowhere])),
        ErrorKind::PoolNotFound
    );
    zfs.create_bookmarks(&[]).unwrap();
    zfs.destroy_bookmarks(&[]).unwrap();
}

#[test]
fn a_suspended_pool_is_not_taken_for_one_without_bookmarks() {
    within(LIMIT, || {
        let pool = pool("booksus");
        let zfs = pool.zfs();
        let data = file_system(&pool, "data");
        let name = data.bookmark("s").unwrap();
        let suspension = pool.suspend().unwrap();
        assert_eq!(kind(zfs.bookmark(&name)), ErrorKind::PoolSuspended);
        assert_eq!(kind(zfs.bookmark_exists(&name)), ErrorKind::PoolSuspended);
        suspension.resume().unwrap();
    });
}

#[test]
fn a_missing_dataset_is_told_to_a_user_too() {
    let pool = pool("bookuser");
    let zfs = pool.zfs();
    let snap = snapshot(zfs, &file_system(&pool, "data"), "s");
    let missing = pool.bookmark("missing#s");
    // The kernel asks for the dataset first, and says no more than that it is not there.
    let error = as_user(NOBODY, || {
        zfs.create_bookmarks(&[(missing, (&snap).into())])
    });
    assert_eq!(kind(error), ErrorKind::DatasetNotFound);
}
