//! A pool that is imported read-only: what is refused, and what works all the same.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs::File;
use std::io::Read;

use libzfs::testing::Pool;
use libzfs::{
    BookmarkName, DatasetName, Destroy, ErrorKind, HoldTag, KeyStatus, SnapshotName, Zfs,
};
use support::{
    encrypted, file_system, file_with, kind, noise, pool, raw_key, read_file, snapshot, stream_of,
    write_file, zfs_says,
};

/// A read-only pool with one of each thing that there can be in one.
struct Sample {
    pool: Pool,
    data: DatasetName,
    encrypted: DatasetName,
    /// What an interrupted receive left.
    partial: DatasetName,
    snapshot: SnapshotName,
    held: SnapshotName,
    bookmark: BookmarkName,
    tag: HoldTag,
    /// A stream of `snapshot`, in a file from its start.
    stream: File,
}

fn sample(label: &str) -> Sample {
    let pool = pool(label);
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "file", &noise(1, 100_000));
    let held = snapshot(zfs, &data, "held");
    let tag: HoldTag = "keep".parse().unwrap();
    zfs.hold(&tag, std::slice::from_ref(&held))
        .unwrap()
        .all()
        .unwrap();
    let snapshot = snapshot(zfs, &data, "free");
    let bookmark = data.bookmark("mark").unwrap();
    zfs.create_bookmarks(&[(bookmark.clone(), (&held).into())])
        .unwrap();
    let stream = stream_of(&zfs.send(&snapshot));
    let partial = pool.dataset("partial");
    let cut = zfs
        .receive(&partial.snapshot("s").unwrap())
        .resumable()
        .run(file_with(&pool, &stream[..stream.len() / 2]));
    assert_eq!(kind(cut), ErrorKind::StreamTruncated);
    let encrypted = encrypted(&pool, "enc");
    let stream = file_with(&pool, &stream);
    Sample {
        pool: pool.export().unwrap().import_read_only().unwrap(),
        data,
        encrypted,
        partial,
        snapshot,
        held,
        bookmark,
        tag,
        stream,
    }
}

#[test]
fn nothing_is_changed_and_each_call_says_why() {
    let sample = sample("rdonly");
    let zfs: &Zfs = sample.pool.zfs();
    let before = inventory(&sample.pool);
    let fresh = sample.data.snapshot("fresh").unwrap();
    let bookmark = sample.data.bookmark("fresh").unwrap();
    let free = std::slice::from_ref(&sample.snapshot);
    let held = std::slice::from_ref(&sample.held);

    let refused = [
        kind(zfs.create(&sample.pool.dataset("fresh")).run()),
        kind(
            zfs.create(&sample.pool.dataset("fresh"))
                .volume(1 << 20)
                .run(),
        ),
        kind(zfs.destroy_dataset(&sample.encrypted)),
        kind(zfs.discard_partial_receive(&sample.partial)),
        kind(zfs.create_snapshots(std::slice::from_ref(&fresh))),
        kind(zfs.create_snapshots_with(&[fresh], [("com.example:x", "1")])),
        kind(zfs.destroy_snapshots(free, Destroy::Now)),
        kind(zfs.destroy_snapshots(held, Destroy::Deferred)),
        kind(zfs.create_bookmarks(&[(bookmark, (&sample.snapshot).into())])),
        kind(zfs.destroy_bookmarks(std::slice::from_ref(&sample.bookmark))),
        kind(zfs.hold(&sample.tag, free)),
        kind(zfs.release(&sample.tag, held)),
        kind(
            zfs.receive(&sample.pool.snapshot("copy@s"))
                .run(&sample.stream),
        ),
    ];
    assert_eq!(refused, [ErrorKind::ReadOnlyPool; 13]);
    assert_eq!(inventory(&sample.pool), before);
    assert_eq!(zfs.holds(&sample.held).unwrap().len(), 1);
}

#[test]
fn a_receive_from_a_send_tells_the_receivers_reason() {
    let (source, vault) = (pool("rosrc"), pool("rodst"));
    let vault = vault.export().unwrap().import_read_only().unwrap();
    let snap = snapshot(source.zfs(), &file_system(&source, "data"), "s");
    let send = source.zfs().send(&snap).start().unwrap();
    let received = vault.zfs().receive(&vault.snapshot("copy@s")).run(send);
    assert_eq!(kind(received), ErrorKind::ReadOnlyPool);
}

#[test]
fn what_changes_nothing_works() {
    let sample = sample("rdread");
    let zfs: &Zfs = sample.pool.zfs();
    assert!(zfs.dataset_exists(&sample.data).unwrap());
    let guid = zfs.snapshot(&sample.snapshot).unwrap().guid().unwrap();
    assert_eq!(zfs.bookmarks(&sample.data).unwrap().len(), 1);
    assert_eq!(zfs.holds(&sample.held).unwrap().len(), 1);

    // Of these the first leaves as many as the second finds.
    let mount = sample.pool.mount_read_only(&sample.data).unwrap();
    let bytes = std::fs::read(mount.path().join("file")).unwrap();
    mount.unmount().unwrap();
    let send = zfs.send(&sample.snapshot);
    assert!(send.size().unwrap() > bytes.len() as u64);
    let elsewhere = pool("rdcopy");
    let copy = elsewhere.snapshot("copy@s");
    zfs.receive(&copy)
        .run(send.start().unwrap())
        .unwrap()
        .all()
        .unwrap();
    assert_eq!(zfs.snapshot(&copy).unwrap().guid().unwrap(), guid);
    assert!(read_file(&elsewhere, copy.dataset(), "file") == bytes);
    let mut incremental = Vec::new();
    zfs.send(&sample.snapshot)
        .from(&sample.bookmark)
        .start()
        .unwrap()
        .read_to_end(&mut incremental)
        .unwrap();
    assert!(incremental.len() > 312);

    // A key is in memory alone.
    let status = || zfs.dataset(&sample.encrypted).unwrap().key_status();
    assert_eq!(status().unwrap(), KeyStatus::Unavailable);
    assert!(zfs.try_key(&sample.encrypted, &raw_key()).unwrap());
    zfs.load_key(&sample.encrypted, &raw_key()).unwrap();
    assert_eq!(status().unwrap(), KeyStatus::Available);
    zfs.unload_key(&sample.encrypted).unwrap();
}

/// All there is in a pool, by name and GUID.
fn inventory(pool: &Pool) -> String {
    let name = pool.name().as_str();
    zfs_says(&["list", "-Hpro", "name,guid,userrefs", "-t", "all", name])
}
