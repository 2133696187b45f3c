//! Partial receives, sent on to others.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::io::Read;

use libzfs::stream::{Features, Guard, Require, StreamError, Verify};
use libzfs::testing::Pool;
use libzfs::{ErrorKind, ResumeToken, SavedSend, SendStream, SnapshotName};
use support::{
    encrypted, file_system, file_with, kind, noise, pool, raw_key, read_file, snapshot, write_file,
};

fn read_all(mut stream: SendStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Receives what has no end, and returns the token for the rest.
fn partial(pool: &Pool, target: &SnapshotName, stream: &[u8]) -> ResumeToken {
    let cut = pool
        .zfs()
        .receive(target)
        .resumable()
        .run(file_with(pool, stream));
    assert_eq!(kind(cut), ErrorKind::StreamTruncated);
    let dataset = pool.zfs().dataset(target.dataset()).unwrap();
    dataset.receive_resume_token().unwrap().unwrap()
}

/// What it sends, which has to be what is estimated and what `zfs send -S` sends.
fn checked(send: &SavedSend, dataset: &str) -> Vec<u8> {
    let stream = read_all(send.start().unwrap());
    let (estimate, len) = (send.size() as f64, stream.len() as f64);
    assert!((0.8..1.25).contains(&(estimate / len)), "{estimate}, {len}");
    let said = std::process::Command::new("zfs")
        .args(["send", "-S", dataset])
        .output()
        .unwrap();
    assert!(said.stdout == stream, "zfs send -S: {:?}", said.stderr);
    // Right as far as it goes, but without the record that ends a stream.
    let require = match send.is_raw() {
        true => Require::new().raw(),
        false => Require::new(),
    };
    let guard = Guard::new(&stream[..], require).without_end();
    let mut verify = Verify::new(guard).without_end();
    let mut passed = Vec::new();
    verify.read_to_end(&mut passed).unwrap();
    assert!(passed == stream && verify.is_done());
    let summary = verify.summary();
    assert!(!summary.complete && summary.streams.len() == 1);
    let error = libzfs::stream::verify(&stream).unwrap_err();
    assert!(matches!(error, StreamError::NoEnd { .. }), "{error}");
    stream
}

/// First a full stream and then an incremental one: to the second machine up to the half, from
/// there to the third, in two pieces, and the rest from the first to the third.
fn passed_on(raw: bool) {
    let pool = pool("savedsrc");
    let (second, third) = (support::pool("saved2"), support::pool("saved3"));
    let zfs = pool.zfs();
    let data = if raw {
        encrypted(&pool, "data")
    } else {
        file_system(&pool, "data")
    };
    write_file(&pool, &data, "first", &noise(1, 4 << 20));
    let one = snapshot(zfs, &data, "one");
    write_file(&pool, &data, "more", &noise(2, 4 << 20));
    let two = snapshot(zfs, &data, "two");
    let sends = [zfs.send(&one), zfs.send(&two).from(&one)];
    for (send, short) in sends.into_iter().zip(["one", "two"]) {
        let send = if raw { send.raw() } else { send };
        let at = |pool: &Pool| pool.snapshot(&format!("copy@{short}"));
        let stream = read_all(send.start().unwrap());
        let token = partial(&second, &at(&second), &stream[..stream.len() / 2]);

        let saved = zfs.send_saved(at(&second).dataset()).unwrap();
        assert_eq!(saved.is_raw(), raw);
        assert_eq!(
            saved.incremental_source().is_some(),
            send.incremental_source().is_some()
        );
        let saved_stream = checked(&saved, at(&second).dataset().as_str());
        let half = &saved_stream[..saved_stream.len() / 2];
        let early = partial(&third, &at(&third), half);
        assert!(early.fields().bytes < token.fields().bytes);
        let rest = zfs
            .resume_send_saved(at(&second).dataset(), &early)
            .unwrap();
        assert!(rest.size() < saved.size());
        let late = partial(&third, &at(&third), &read_all(rest.start().unwrap()));
        assert!(early.fields().bytes < late.fields().bytes);
        assert_eq!(late.fields().to_guid, token.fields().to_guid);

        let last = zfs.resume_send(&data, &late).unwrap();
        zfs.receive(&at(&third))
            .run(last.start().unwrap())
            .unwrap()
            .all()
            .unwrap();
        let guid = |snap| zfs.snapshot(snap).unwrap().guid().unwrap();
        assert_eq!(guid(&at(&third)), guid(send.snapshot()));
        // The second machine has lost nothing of what it had.
        let last = zfs.resume_send(&data, &token).unwrap();
        zfs.receive(&at(&second))
            .run(last.start().unwrap())
            .unwrap()
            .all()
            .unwrap();
    }
    for vault in [&second, &third] {
        let copy = vault.dataset("copy");
        if raw {
            zfs.load_key(&copy, &raw_key()).unwrap();
        }
        assert!(read_file(vault, &copy, "first") == noise(1, 4 << 20));
        assert!(read_file(vault, &copy, "more") == noise(2, 4 << 20));
    }
}

#[test]
fn plain_partial_receives_are_passed_on() {
    passed_on(false);
}

#[test]
fn raw_partial_receives_are_passed_on_without_a_key() {
    passed_on(true);
}

#[test]
fn what_is_no_partial_receive_is_not_sent() {
    let pool = pool("savedbad");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "file", &noise(1, 2 << 20));
    let one = snapshot(zfs, &data, "one");
    assert_eq!(kind(zfs.send_saved(&data)), ErrorKind::NoPartialReceive);
    assert_eq!(
        kind(zfs.send_saved(&pool.dataset("missing"))),
        ErrorKind::DatasetNotFound
    );

    let stream = read_all(zfs.send(&one).start().unwrap());
    let target = pool.snapshot("copy@one");
    let token = partial(&pool, &target, &stream[..stream.len() / 2]);
    let send = zfs.send_saved(target.dataset()).unwrap();
    let mut other = token.fields().clone();
    other.to_guid += 1;
    let other = ResumeToken::build(&other, libzfs::nvlist::Endian::HOST).unwrap();
    assert_eq!(
        kind(zfs.resume_send_saved(target.dataset(), &other)),
        ErrorKind::InvalidResumeToken
    );

    let mut other = token.fields().clone();
    other.large_block = true;
    let other = ResumeToken::build(&other, libzfs::nvlist::Endian::HOST).unwrap();
    assert_eq!(
        kind(zfs.resume_send_saved(target.dataset(), &other)),
        ErrorKind::InvalidResumeToken
    );
    let rest = zfs.resume_send(&data, &token).unwrap();
    let mut large = read_all(rest.start().unwrap());
    let version = u64::from_ne_bytes(large[16..24].try_into().unwrap());
    let version = version | Features::LARGE_BLOCKS.bits() << 2;
    large[16..24].copy_from_slice(&version.to_ne_bytes());
    assert_eq!(
        kind(zfs.receive(&target).run(file_with(&pool, &large))),
        ErrorKind::ResumeMismatch
    );

    // It is whole by the time that it is sent.
    let rest = zfs.resume_send(&data, &token).unwrap();
    zfs.receive(&target)
        .run(rest.start().unwrap())
        .unwrap()
        .all()
        .unwrap();
    let mut started = send.start().unwrap();
    let error = started.read_to_end(&mut Vec::new()).unwrap_err();
    let error = error.downcast::<libzfs::Error>().unwrap();
    assert_eq!(error.kind(), ErrorKind::NoPartialReceive, "{error}");
}

#[test]
fn nothing_is_sent_on_from_a_read_only_pool() {
    let pool = pool("savedro");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "file", &noise(1, 2 << 20));
    let one = snapshot(zfs, &data, "one");
    let stream = read_all(zfs.send(&one).start().unwrap());
    let target = pool.snapshot("copy@one");
    partial(&pool, &target, &stream[..stream.len() / 2]);
    let pool = pool.export().unwrap().import_read_only().unwrap();
    assert_eq!(
        kind(pool.zfs().send_saved(target.dataset())),
        ErrorKind::ReadOnlyPool
    );
}

#[test]
fn what_is_encrypted_here_is_not_sent_in_plain_text_unasked() {
    let pool = pool("savedenc");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "file", &noise(1, 2 << 20));
    let one = snapshot(zfs, &data, "one");
    let root = encrypted(&pool, "enc");
    let target = root.child("copy").unwrap().snapshot("one").unwrap();
    let stream = read_all(zfs.send(&one).start().unwrap());
    partial(&pool, &target, &stream[..stream.len() / 2]);
    assert_eq!(
        kind(zfs.send_saved(target.dataset())),
        ErrorKind::WouldDecrypt
    );
    let asked = zfs.send_saved_decrypted(target.dataset()).unwrap();
    assert!(read_all(asked.start().unwrap()).len() > 1 << 20);
    zfs.unload_key(&root).unwrap();
    let mut asked = asked.start().unwrap();
    let error = asked.read_to_end(&mut Vec::new()).unwrap_err();
    let error = error.downcast::<libzfs::Error>().unwrap();
    assert_eq!(error.kind(), ErrorKind::KeyNotLoaded);
}
