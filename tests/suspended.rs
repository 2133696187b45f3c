//! A pool that is suspended because its devices are gone: every call says so, and none hangs.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::io::Read;
use std::time::Duration;

use libzfs::{Destroy, ErrorKind, HoldTag};
use support::{
    encrypted, file_system, file_with, kind, noise, pool, raw_key, snapshot, stream_of, within,
    write_file,
};

/// Longer than anything here takes, under emulation and on a busy machine.
const LIMIT: Duration = Duration::from_secs(240);

#[test]
fn each_call_says_so_and_works_afterwards() {
    within(LIMIT, || {
        let pool = pool("suspend");
        let zfs = pool.zfs();
        let data = file_system(&pool, "data");
        write_file(&pool, &data, "file", &noise(1, 1 << 20));
        let root = encrypted(&pool, "enc");
        let snap = snapshot(zfs, &data, "s");
        let bookmark = data.bookmark("mark").unwrap();
        zfs.create_bookmarks(&[(bookmark.clone(), (&snap).into())])
            .unwrap();
        let tag: HoldTag = "keep".parse().unwrap();
        let bytes = stream_of(&zfs.send(&snap));
        let copy = pool.snapshot("copy@s");
        let cut = zfs.receive(&copy).resumable();
        let cut = cut.run(file_with(&pool, &bytes[..bytes.len() / 2]));
        assert_eq!(kind(cut), ErrorKind::StreamTruncated);
        let partial = zfs.dataset(copy.dataset()).unwrap();
        let token = partial.receive_resume_token().unwrap().unwrap();
        let resumed = zfs.resume_send(&data, &token).unwrap();
        let mut rest = Vec::new();
        resumed.start().unwrap().read_to_end(&mut rest).unwrap();
        // Files of their own, because a receive reads on where the last one stopped.
        let files = [&bytes, &bytes, &rest, &bytes].map(|bytes| file_with(&pool, bytes));
        let snaps = std::slice::from_ref(&snap);
        let fresh = data.snapshot("fresh").unwrap();
        let marked = data.bookmark("fresh").unwrap();

        let suspension = pool.suspend().unwrap();
        let reads = [
            kind(zfs.dataset(&data)),
            kind(zfs.dataset_exists(&data)),
            kind(zfs.snapshot(&snap)),
            kind(zfs.bookmarks(&data)),
            kind(zfs.holds(&snap)),
            kind(zfs.send(&snap).size()),
            kind(zfs.resume_send(&data, &token)),
        ];
        assert_eq!(reads, [ErrorKind::PoolSuspended; 7]);
        let writes = [
            kind(zfs.create(&pool.dataset("fresh")).run()),
            kind(zfs.destroy_dataset(&root)),
            kind(zfs.discard_partial_receive(copy.dataset())),
            kind(zfs.create_snapshots(std::slice::from_ref(&fresh))),
            kind(zfs.destroy_snapshots(snaps, Destroy::Now)),
            kind(zfs.create_bookmarks(&[(marked.clone(), (&snap).into())])),
            kind(zfs.destroy_bookmarks(std::slice::from_ref(&bookmark))),
            kind(zfs.hold(&tag, snaps)),
            kind(zfs.release(&tag, snaps)),
            kind(zfs.load_key(&root, &raw_key())),
            kind(zfs.try_key(&root, &raw_key())),
            kind(zfs.unload_key(&root)),
        ];
        assert_eq!(writes, [ErrorKind::PoolSuspended; 12]);
        let null = std::fs::File::options()
            .write(true)
            .open("/dev/null")
            .unwrap();
        let transfers = [
            kind(zfs.send(&snap).write_to(&null)),
            kind(resumed.write_to(&null)),
            kind(zfs.receive(&pool.snapshot("other@s")).run(&files[0])),
            kind(zfs.receive(&pool.snapshot("@other")).run(&files[3])),
            kind(zfs.receive(&data.snapshot("other").unwrap()).run(&files[1])),
            kind(zfs.receive(&copy).run(&files[2])),
        ];
        assert_eq!(transfers, [ErrorKind::PoolSuspended; 6]);
        let mut sent = zfs.send(&snap).start().unwrap();
        let error = sent.read_to_end(&mut Vec::new()).unwrap_err();
        let error = error.downcast::<libzfs::Error>().unwrap();
        assert_eq!(error.kind(), ErrorKind::PoolSuspended);
        suspension.resume().unwrap();

        // None of them was done, and each can be now.
        assert!(!zfs.dataset_exists(&pool.dataset("fresh")).unwrap());
        assert_eq!(kind(zfs.snapshot(&fresh)), ErrorKind::SnapshotNotFound);
        assert_eq!(zfs.bookmarks(&data).unwrap().len(), 1);
        assert_eq!(zfs.holds(&snap).unwrap(), []);
        zfs.create_snapshots(&[fresh]).unwrap();
        zfs.create_bookmarks(&[(marked, (&snap).into())]).unwrap();
        zfs.hold(&tag, snaps).unwrap().all().unwrap();
        zfs.unload_key(&root).unwrap();
        zfs.receive(&copy)
            .run(file_with(&pool, &rest))
            .unwrap()
            .all()
            .unwrap();
        assert_eq!(
            zfs.snapshot(&copy).unwrap().guid().unwrap(),
            zfs.snapshot(&snap).unwrap().guid().unwrap()
        );
    });
}

#[test]
fn another_pool_goes_on() {
    within(LIMIT, || {
        let (bad, good) = (pool("susbad"), pool("susgood"));
        let zfs = good.zfs();
        let suspension = bad.suspend().unwrap();
        let data = file_system(&good, "data");
        let snap = snapshot(zfs, &data, "s");
        assert!(!stream_of(&zfs.send(&snap)).is_empty());
        suspension.resume().unwrap();
    });
}
