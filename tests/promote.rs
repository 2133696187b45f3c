//! Promoting clones.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use libzfs::testing::Pool;
use libzfs::{DatasetName, ErrorKind, KeyStatus, SnapshotName};
use support::{
    LIMIT, NOBODY, allow, as_user, begun_send, encrypted, file_system, kind, needs,
    needs_a_healthy_pool, noise, pool, property_says, raw_key, read_file, snapshot, within,
    write_file, zfs_says,
};

fn clone_of(pool: &Pool, origin: &SnapshotName, path: &str) -> DatasetName {
    let name = pool.dataset(path);
    pool.zfs().clone_snapshot(origin, &name).run().unwrap();
    name
}

#[test]
fn a_promoted_clone_takes_its_origin_over() {
    let pool = pool("promote");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "file", b"then");
    let before = snapshot(zfs, &data, "before");
    let mark = data.bookmark("before").unwrap();
    zfs.create_bookmarks(&[(mark.clone(), (&before).into())])
        .unwrap();
    let origin = snapshot(zfs, &data, "origin");
    let guid = zfs.snapshot(&origin).unwrap().guid().unwrap();
    let after = snapshot(zfs, &data, "after");
    let clone = clone_of(&pool, &origin, "clone");

    zfs.promote(&clone).unwrap();
    let moved = clone.snapshot("origin").unwrap();
    assert_eq!(property_says("origin", &clone), "-");
    assert_eq!(property_says("origin", &data), moved.as_str());
    assert_eq!(zfs.snapshot(&moved).unwrap().guid().unwrap(), guid);
    assert!(
        zfs.snapshot_exists(&clone.snapshot("before").unwrap())
            .unwrap()
    );
    assert!(zfs.snapshot_exists(&after).unwrap());
    assert!(
        zfs.bookmark_exists(&clone.bookmark("before").unwrap())
            .unwrap()
    );
    assert!(!zfs.bookmark_exists(&mark).unwrap());
    assert_eq!(kind(zfs.promote(&clone)), ErrorKind::NotAClone);

    zfs.destroy_snapshots(&[after], Default::default()).unwrap();
    zfs.destroy_dataset(&data).unwrap();
    assert_eq!(read_file(&pool, &clone, "file"), b"then");
}

#[test]
fn what_is_no_clone_cannot_be_promoted() {
    let pool = pool("noclone");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    assert_eq!(kind(zfs.promote(&data)), ErrorKind::NotAClone);
    assert_eq!(kind(zfs.promote(&pool.dataset(""))), ErrorKind::NotAClone);
    let missing = pool.dataset("missing");
    assert_eq!(kind(zfs.promote(&missing)), ErrorKind::DatasetNotFound);
}

#[test]
fn what_is_in_the_way_is_named() {
    let pool = pool("conflict");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let marked = snapshot(zfs, &data, "marked");
    let mark = data.bookmark("mark").unwrap();
    zfs.create_bookmarks(&[(mark, (&marked).into())]).unwrap();
    let origin = snapshot(zfs, &data, "origin");
    let clone = clone_of(&pool, &origin, "clone");
    let own = snapshot(zfs, &clone, "marked");
    let error = zfs.promote(&clone).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SnapshotExists);
    let failure = &error.failures()[0];
    assert_eq!(
        (failure.name.as_str(), failure.kind),
        (own.as_str(), ErrorKind::SnapshotExists)
    );
    zfs.rename_snapshot(&own, &clone.snapshot("own").unwrap())
        .unwrap();

    let own = clone.bookmark("mark").unwrap();
    let source = clone.snapshot("own").unwrap();
    zfs.create_bookmarks(&[(own.clone(), source.into())])
        .unwrap();
    // The kernel itself would panic.
    let error = zfs.promote(&clone).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BookmarkExists);
    let failure = &error.failures()[0];
    assert_eq!(
        (failure.name.as_str(), failure.kind),
        (own.as_str(), ErrorKind::BookmarkExists)
    );
    zfs.destroy_bookmarks(&[own]).unwrap();
    zfs.promote(&clone).unwrap();
}

#[test]
fn what_moves_must_fit() {
    let pool = pool("fit");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "bulk", &noise(1, 4 << 20));
    let long = "s".repeat(240 - data.as_str().len());
    let origin = snapshot(zfs, &data, &long);
    let clone = clone_of(&pool, &origin, &"c".repeat(100));
    assert_eq!(kind(zfs.promote(&clone)), ErrorKind::NameTooLong);
    let short = data.snapshot("s").unwrap();
    zfs.rename_snapshot(&origin, &short).unwrap();
    let long = data.bookmark(&long).unwrap();
    zfs.create_bookmarks(&[(long.clone(), (&short).into())])
        .unwrap();
    assert_eq!(kind(zfs.promote(&clone)), ErrorKind::NameTooLong);
    zfs.destroy_bookmarks(&[long]).unwrap();

    let busy = begun_send(zfs, &short);
    assert_eq!(kind(zfs.promote(&clone)), ErrorKind::Busy);
    drop(busy);
    zfs.promote(&clone).unwrap();

    let narrow = pool.dataset("narrow");
    zfs.create(&narrow).set("quota", 2_u64 << 20).run().unwrap();
    let inside = clone_of(&pool, &clone.snapshot("s").unwrap(), "narrow/clone");
    assert_eq!(kind(zfs.promote(&inside)), ErrorKind::NoSpace);
}

#[test]
fn an_encryption_root_moves_only_where_the_key_stays() {
    let pool = pool("promenc");
    let zfs = pool.zfs();
    let root = encrypted(&pool, "enc");
    let child = file_system(&pool, "enc/child");
    write_file(&pool, &root, "file", b"secret");

    let outside = clone_of(&pool, &snapshot(zfs, &child, "s"), "outside");
    assert_eq!(
        kind(zfs.promote(&outside)),
        ErrorKind::EncryptionRootWouldChange
    );
    let inside = clone_of(&pool, &child.snapshot("s").unwrap(), "enc/inside");
    zfs.promote(&inside).unwrap();

    let clone = clone_of(&pool, &snapshot(zfs, &root, "s"), "clone");
    zfs.promote(&clone).unwrap();
    for name in [&clone, &root, &child] {
        let dataset = zfs.dataset(name).unwrap();
        assert_eq!(dataset.encryption_root().unwrap().as_ref(), Some(&clone));
    }
    // The kernel does not hand over what it has loaded.
    let status = zfs.dataset(&clone).unwrap().key_status().unwrap();
    assert_eq!(status, KeyStatus::Unavailable);
    zfs.load_key(&clone, &raw_key()).unwrap();
    assert_eq!(read_file(&pool, &clone, "file"), b"secret");
    assert_eq!(read_file(&pool, &root, "file"), b"secret");
    zfs.unload_key(&clone).unwrap();
}

#[test]
fn who_promotes_needs_permissions() {
    let pool = pool("promperm");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let origin = snapshot(zfs, &data, "s");
    let clone = clone_of(&pool, &origin, "clone");
    needs(
        &[(&clone, "promote"), (&clone, "mount"), (&data, "promote")],
        || zfs.promote(&clone),
    );

    // A limit that does not bind root: now it is the other one that is a clone.
    snapshot(zfs, &data, "own");
    zfs_says(&["set", "snapshot_limit=1", data.as_str()]);
    allow(&data, NOBODY, "mount");
    assert_eq!(
        kind(as_user(NOBODY, || zfs.promote(&data))),
        ErrorKind::QuotaExceeded
    );
    zfs.promote(&data).unwrap();
}

#[test]
fn a_pool_that_cannot_promote_says_why() {
    within(LIMIT, || {
        let pool = pool("promodd");
        let zfs = pool.zfs().clone();
        let origin = snapshot(&zfs, &file_system(&pool, "data"), "s");
        let clone = clone_of(&pool, &origin, "clone");
        needs_a_healthy_pool(pool, &[&|| zfs.promote(&clone)]);
    });
}
