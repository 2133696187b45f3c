//! Interrupted transfers, and what becomes of them.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::io::Read;

use libzfs::nvlist::Endian;
use libzfs::testing::Pool;
use libzfs::{Destroy, ErrorKind, ResumeToken, SendStream, SnapshotName, Zfs};
use support::{
    encrypted, file_system, file_with, kind, noise, pool, raw_key, read_file, snapshot, stream_of,
    write_file, zfs_says,
};

fn read_all(mut stream: SendStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Receives the first part of a stream, and returns the token for the rest.
fn interrupt(pool: &Pool, zfs: &Zfs, target: &SnapshotName, part: &[u8]) -> ResumeToken {
    let cut = zfs.receive(target).resumable().run(file_with(pool, part));
    assert_eq!(kind(cut), ErrorKind::StreamTruncated);
    let token = zfs
        .dataset(target.dataset())
        .unwrap()
        .receive_resume_token()
        .unwrap();
    let token = token.expect("a resumable receive leaves a token");
    let said = zfs_says(&[
        "get",
        "-Ho",
        "value",
        "receive_resume_token",
        target.dataset().as_str(),
    ]);
    assert_eq!(token.as_str(), said);
    token
}

#[test]
fn a_full_and_an_incremental_receive_are_resumed_many_times() {
    let (pool, vault) = (pool("ressrc"), pool("resdst"));
    let zfs = pool.zfs();
    let root = encrypted(&pool, "enc");
    let (first, second) = (noise(1, 4 << 20), noise(2, 4 << 20));
    write_file(&pool, &root, "first", &first);
    let one = snapshot(zfs, &root, "one");
    write_file(&pool, &root, "second", &second);
    let two = snapshot(zfs, &root, "two");
    let copy = vault.dataset("copy");

    for (send, short) in [
        (zfs.send(&one).raw(), "one"),
        (zfs.send(&two).from(&one).raw(), "two"),
    ] {
        let target = copy.snapshot(short).unwrap();
        let mut stream = stream_of(&send);
        let mut received = 0;
        for _ in 0..3 {
            let token = interrupt(&vault, zfs, &target, &stream[..stream.len() / 2]);
            assert!(token.fields().raw);
            assert!(token.fields().bytes > received, "{token:?}");
            received = token.fields().bytes;
            let rest = zfs.resume_send(&root, &token).unwrap();
            assert!(rest.is_raw() && rest.incremental_source() == send.incremental_source());
            assert!(rest.size().unwrap() < send.size().unwrap());
            stream = read_all(rest.start().unwrap());
        }
        zfs.receive(&target)
            .resumable()
            .run(file_with(&vault, &stream))
            .unwrap()
            .all()
            .unwrap();
        assert_eq!(
            zfs.dataset(&copy).unwrap().receive_resume_token().unwrap(),
            None
        );
        let guid = |snap| zfs.snapshot(snap).unwrap().guid().unwrap();
        assert_eq!(guid(&target), guid(send.snapshot()));
    }
    zfs.load_key(&copy, &raw_key()).unwrap();
    assert!(read_file(&vault, &copy, "first") == first);
    assert!(read_file(&vault, &copy, "second") == second);
}

#[test]
fn a_renamed_snapshot_and_a_bookmark_are_found_by_guid() {
    let pool = pool("resguid");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let one = snapshot(zfs, &data, "one");
    let copy = pool.dataset("copy");
    zfs.receive(&copy.snapshot("one").unwrap())
        .run(zfs.send(&one).start().unwrap())
        .unwrap()
        .all()
        .unwrap();
    write_file(&pool, &data, "file", &noise(3, 2 << 20));
    let two = snapshot(zfs, &data, "two");
    let target = copy.snapshot("two").unwrap();
    let stream = stream_of(&zfs.send(&two).from(&one));
    let token = interrupt(&pool, zfs, &target, &stream[..stream.len() / 2]);

    let bookmark = data.bookmark("one").unwrap();
    zfs.create_bookmarks(&[(bookmark.clone(), (&one).into())])
        .unwrap();
    zfs.destroy_snapshots(&[one], Destroy::Now).unwrap();
    zfs_says(&["rename", two.as_str(), "@renamed"]);
    let rest = zfs.resume_send(&data, &token).unwrap();
    assert_eq!(rest.snapshot().short_name(), "renamed");
    assert_eq!(
        rest.incremental_source().unwrap().as_str(),
        bookmark.as_str()
    );
    zfs.receive(&target)
        .run(rest.start().unwrap())
        .unwrap()
        .all()
        .unwrap();

    let guids: Vec<_> = zfs
        .bookmarks(&data)
        .unwrap()
        .iter()
        .map(libzfs::Bookmark::guid)
        .collect();
    assert_eq!(token.fields().from_guid, Some(guids[0]));
    zfs.destroy_bookmarks(&[bookmark]).unwrap();
    assert_eq!(
        kind(zfs.resume_send(&data, &token)),
        ErrorKind::IncrementalSourceNotFound
    );
    zfs.destroy_snapshots(&[data.snapshot("renamed").unwrap()], Destroy::Now)
        .unwrap();
    assert_eq!(
        kind(zfs.resume_send(&data, &token)),
        ErrorKind::SnapshotNotFound
    );
    assert_eq!(
        kind(zfs.resume_send(&pool.dataset("missing"), &token)),
        ErrorKind::DatasetNotFound
    );
}

#[test]
fn a_partial_state_is_in_the_way_until_it_is_resumed_or_discarded() {
    let pool = pool("partial");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "file", &noise(1, 2 << 20));
    let one = snapshot(zfs, &data, "one");
    write_file(&pool, &data, "more", &noise(2, 2 << 20));
    let two = snapshot(zfs, &data, "two");
    let copy = pool.dataset("copy");
    let (first, second) = (copy.snapshot("one").unwrap(), copy.snapshot("two").unwrap());

    // Of a full receive there is nothing else: the dataset goes.
    let full = stream_of(&zfs.send(&one));
    interrupt(&pool, zfs, &first, &full[..full.len() / 2]);
    assert!(zfs.discard_partial_receive(&copy).unwrap());
    assert!(!zfs.dataset_exists(&copy).unwrap());
    zfs.receive(&first)
        .run(file_with(&pool, &full))
        .unwrap()
        .all()
        .unwrap();
    assert!(!zfs.discard_partial_receive(&copy).unwrap());

    // Of an incremental one the dataset stays as it was.
    let incremental = stream_of(&zfs.send(&two).from(&one));
    interrupt(&pool, zfs, &second, &incremental[..incremental.len() / 2]);
    let again = zfs.receive(&second).run(file_with(&pool, &incremental));
    assert_eq!(kind(again), ErrorKind::ResumableStateExists);
    assert!(zfs.discard_partial_receive(&copy).unwrap());
    assert_eq!(
        zfs.dataset(&copy).unwrap().receive_resume_token().unwrap(),
        None
    );
    zfs.snapshot(&first).unwrap();
    zfs.receive(&second)
        .run(file_with(&pool, &incremental))
        .unwrap()
        .all()
        .unwrap();
    assert_eq!(
        kind(zfs.discard_partial_receive(&pool.dataset("missing"))),
        ErrorKind::DatasetNotFound
    );
}

#[test]
fn a_receive_that_is_not_resumable_leaves_nothing() {
    let pool = pool("nores");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "file", &noise(1, 1 << 20));
    let one = snapshot(zfs, &data, "one");
    let stream = stream_of(&zfs.send(&one));
    let target = pool.snapshot("copy@one");
    let cut = zfs
        .receive(&target)
        .run(file_with(&pool, &stream[..stream.len() / 2]));
    assert_eq!(kind(cut), ErrorKind::StreamTruncated);
    assert!(!zfs.dataset_exists(target.dataset()).unwrap());
}

#[test]
fn only_partial_state_is_ever_discarded() {
    let pool = pool("deep");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let one = snapshot(zfs, &data, "one");
    write_file(&pool, &data, "file", &noise(1, 1 << 20));
    let two = snapshot(zfs, &data, "two");
    // So deep that the name of the hidden dataset below it is none that somebody could make.
    let mut copy = pool.dataset("d");
    while copy.child("d").is_ok() {
        zfs.create(&copy).run().unwrap();
        copy = copy.child("d").unwrap();
    }
    let (first, second) = (copy.snapshot("one").unwrap(), copy.snapshot("two").unwrap());
    zfs.receive(&first)
        .run(zfs.send(&one).start().unwrap())
        .unwrap()
        .all()
        .unwrap();
    let stream = stream_of(&zfs.send(&two).from(&one));
    interrupt(&pool, zfs, &second, &stream[..stream.len() / 2]);
    assert!(zfs.discard_partial_receive(&copy).unwrap());
    zfs.snapshot(&first).unwrap();
    assert_eq!(
        zfs.dataset(&copy).unwrap().receive_resume_token().unwrap(),
        None
    );

    // Many at once: one of them discards it, and none anything else.
    let copy = pool.dataset("copy");
    let (first, second) = (copy.snapshot("one").unwrap(), copy.snapshot("two").unwrap());
    zfs.receive(&first)
        .run(zfs.send(&one).start().unwrap())
        .unwrap()
        .all()
        .unwrap();
    for _ in 0..5 {
        interrupt(&pool, zfs, &second, &stream[..stream.len() / 2]);
        let discarded: usize = std::thread::scope(|scope| {
            let discard = || zfs.discard_partial_receive(&copy).unwrap_or(false);
            let threads: Vec<_> = (0..6).map(|_| scope.spawn(discard)).collect();
            threads
                .into_iter()
                .map(|thread| usize::from(thread.join().unwrap()))
                .sum()
        });
        assert_eq!(discarded, 1);
        zfs.snapshot(&first).unwrap();
    }
}

#[test]
fn a_token_cannot_ask_for_plain_text_of_an_encrypted_dataset() {
    let pool = pool("forged");
    let zfs = pool.zfs();
    let root = encrypted(&pool, "enc");
    write_file(&pool, &root, "file", &noise(1, 1 << 20));
    let one = snapshot(zfs, &root, "one");
    let target = pool.snapshot("copy@one");
    let stream = stream_of(&zfs.send(&one).raw());
    let token = interrupt(&pool, zfs, &target, &stream[..stream.len() / 2]);

    let mut forged = token.fields().clone();
    forged.raw = false;
    let forged = ResumeToken::build(&forged, Endian::HOST).unwrap();
    assert_eq!(
        kind(zfs.resume_send(&root, &forged)),
        ErrorKind::InvalidResumeToken
    );
    assert!(!zfs.resume_send_decrypted(&root, &forged).unwrap().is_raw());
    assert!(zfs.resume_send(&root, &token).unwrap().is_raw());
    // Another dataset's snapshots are not sent whatever the token says.
    let other = file_system(&pool, "other");
    assert_eq!(
        kind(zfs.resume_send(&other, &token)),
        ErrorKind::SnapshotNotFound
    );

    let mut lying = token.fields().clone();
    lying.bytes = u64::MAX;
    let lying = ResumeToken::build(&lying, Endian::HOST).unwrap();
    assert_eq!(zfs.resume_send(&root, &lying).unwrap().size().unwrap(), 0);
    lying_object(&pool, &target, &root, &token);
}

/// Where to go on is the receiver's to say as well; nonsense is refused by the receiver, and the
/// partial state stays.
fn lying_object(
    pool: &Pool,
    target: &SnapshotName,
    dataset: &libzfs::DatasetName,
    token: &ResumeToken,
) {
    let zfs = pool.zfs();
    let mut lying = token.fields().clone();
    (lying.object, lying.offset) = (u64::MAX, u64::MAX);
    let lying = ResumeToken::build(&lying, Endian::HOST).unwrap();
    let rest = zfs.resume_send(dataset, &lying).unwrap();
    let refused = zfs.receive(target).run(rest.start().unwrap());
    assert_eq!(kind(refused), ErrorKind::ResumeMismatch);
    let state = zfs.dataset(target.dataset()).unwrap();
    assert_eq!(state.receive_resume_token().unwrap().as_ref(), Some(token));
}
