//! Redaction bookmarks, redacted sends, and what becomes of them when they are interrupted.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs;
use std::io::Read;

use libzfs::nvlist::Endian;
use libzfs::stream::Features;
use libzfs::testing::Pool;
use libzfs::{BookmarkName, DatasetName, ErrorKind, ResumeToken, SendStream, SnapshotName};
use support::{
    encrypted, file_system, file_with, kind, noise, pool, snapshot, write_file, zfs_says,
};

const LEN: usize = 2 << 20;

/// A snapshot with a secret and a public file, and one of a clone of it without the secret.
struct Sample {
    pool: Pool,
    whole: SnapshotName,
    public: SnapshotName,
    bookmark: BookmarkName,
}

impl Sample {
    fn new(label: &str) -> Self {
        let pool = pool(label);
        let data = file_system(&pool, "data");
        write_file(&pool, &data, "public", &noise(1, LEN));
        write_file(&pool, &data, "secret", &noise(2, LEN));
        let whole = snapshot(pool.zfs(), &data, "s");
        let public = without_secret(&pool, &whole, "clone");
        let bookmark = data.bookmark("book").unwrap();
        Self {
            pool,
            whole,
            public,
            bookmark,
        }
    }

    fn redacted(label: &str) -> Self {
        let sample = Self::new(label);
        let by = std::slice::from_ref(&sample.public);
        sample
            .pool
            .zfs()
            .redact(&sample.whole, &sample.bookmark, by)
            .unwrap();
        sample
    }
}

fn clone(of: &SnapshotName, name: &DatasetName) {
    zfs_says(&["clone", "-o", "canmount=off", of.as_str(), name.as_str()]);
}

fn without_secret(pool: &Pool, of: &SnapshotName, path: &str) -> SnapshotName {
    let name = pool.dataset(path);
    clone(of, &name);
    let mount = pool.mount(&name).unwrap();
    fs::remove_file(mount.path().join("secret")).unwrap();
    mount.unmount().unwrap();
    snapshot(pool.zfs(), &name, "s")
}

fn read_all(mut stream: SendStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

fn has(stream: &[u8], seed: u64) -> bool {
    let pattern = &noise(seed, LEN)[LEN / 2..][..64];
    stream.windows(64).any(|window| window == pattern)
}

/// Whether this release leaves blocks out when it builds on a redaction bookmark.
fn loses_blocks() -> bool {
    libzfs::kernel_version().unwrap().starts_with("2.1.")
}

fn guid(pool: &Pool, name: &SnapshotName) -> u64 {
    pool.zfs().snapshot(name).unwrap().guid().unwrap()
}

/// Receives the first half of a stream, and returns the token for the rest.
fn interrupt(pool: &Pool, target: &SnapshotName, stream: &[u8]) -> ResumeToken {
    let half = file_with(pool, &stream[..stream.len() / 2]);
    let cut = pool.zfs().receive(target).resumable().run(half);
    assert_eq!(kind(cut), ErrorKind::StreamTruncated);
    let dataset = pool.zfs().dataset(target.dataset()).unwrap();
    dataset.receive_resume_token().unwrap().unwrap()
}

#[test]
fn what_the_clone_does_not_have_is_left_out() {
    let sample = Sample::redacted("redact");
    let (pool, zfs) = (&sample.pool, sample.pool.zfs());
    let book = sample.bookmark.as_str();
    assert_eq!(
        zfs_says(&["get", "-Hpo", "value", "redact_snaps", book]),
        guid(pool, &sample.public).to_string()
    );
    let send = zfs.send(&sample.whole).redacted(&sample.bookmark);
    let stream = read_all(send.start().unwrap());
    assert!(has(&stream, 1) && !has(&stream, 2));
    let whole = zfs.send(&sample.whole);
    assert!(has(&read_all(whole.start().unwrap()), 2));
    let said = std::process::Command::new("zfs")
        .args(["send", "--redact", "book", sample.whole.as_str()])
        .output()
        .unwrap();
    assert!(said.stdout == stream, "zfs send --redact");
    let (estimate, len) = (send.size().unwrap() as f64, stream.len() as f64);
    assert!((0.8..1.2).contains(&(estimate / len)), "{estimate}, {len}");
    assert!(send.size().unwrap() * 3 < whole.size().unwrap() * 2);

    let copy = pool.snapshot("copy@s");
    let received = zfs.receive(&copy).run(send.start().unwrap()).unwrap();
    assert!(received.begin().features().contains(Features::REDACTED));
    assert_eq!(
        zfs_says(&["get", "-Hpo", "value", "redacted", copy.dataset().as_str()]),
        "1"
    );

    // What was left out follows, and the copy is whole.
    let rest = zfs.send(&sample.whole).from(&sample.bookmark);
    if loses_blocks() {
        assert_eq!(kind(rest.size()), ErrorKind::Unsupported);
        return;
    }
    assert!(rest.size().unwrap() < whole.size().unwrap());
    let rest_stream = read_all(rest.start().unwrap());
    assert!(has(&rest_stream, 2) && !has(&rest_stream, 1));
    zfs.receive(&pool.snapshot("copy@whole"))
        .run(file_with(pool, &rest_stream))
        .unwrap()
        .all()
        .unwrap();
    for (file, seed) in [("public", 1), ("secret", 2)] {
        assert!(support::read_file(pool, copy.dataset(), file) == noise(seed, LEN));
    }
}

#[test]
fn each_way_of_failing_to_redact_is_told() {
    let sample = Sample::new("redactbad");
    let other = pool("redactother");
    let (pool, zfs) = (&sample.pool, sample.pool.zfs());
    let data = sample.whole.dataset().clone();
    let redact = |whole: &SnapshotName, book: &str, by: &[&SnapshotName]| {
        let by: Vec<_> = by.iter().map(|&name| name.clone()).collect();
        zfs.redact(whole, &whole.dataset().bookmark(book).unwrap(), &by)
    };
    let (whole, public) = (&sample.whole, &sample.public);
    let missing = data.snapshot("missing").unwrap();
    let foreign = snapshot(zfs, &file_system(pool, "foreign"), "s");
    let elsewhere = snapshot(zfs, &file_system(&other, "data"), "s");

    assert_eq!(kind(redact(whole, "book", &[])), ErrorKind::InvalidArgument);
    let foreign_book = foreign.dataset().bookmark("book").unwrap();
    assert_eq!(
        kind(zfs.redact(whole, &foreign_book, std::slice::from_ref(public))),
        ErrorKind::InvalidArgument
    );
    assert_eq!(
        kind(redact(&missing, "book", &[public])),
        ErrorKind::SnapshotNotFound
    );
    let error = redact(whole, "book", &[public, &missing]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SnapshotNotFound);
    assert!(error.to_string().contains(missing.as_str()), "{error}");
    for by in [&foreign, whole] {
        assert_eq!(
            kind(redact(whole, "book", &[by])),
            ErrorKind::NotADescendant
        );
    }
    assert_eq!(
        kind(redact(whole, "book", &[&elsewhere])),
        ErrorKind::PoolsDiffer
    );
    assert_eq!(zfs.bookmarks(&data).unwrap(), []);

    redact(whole, "book", &[public]).unwrap();
    assert_eq!(
        kind(redact(whole, "book", &[public])),
        ErrorKind::BookmarkExists
    );
    let second = without_secret(pool, whole, "second");
    assert_eq!(
        kind(redact(whole, "book", &[&second])),
        ErrorKind::RedactionDiffers
    );
    redact(whole, "both", &[public, &second]).unwrap();
    let plain = data.bookmark("plain").unwrap();
    zfs.create_bookmarks(&[(plain, whole.into())]).unwrap();
    assert_eq!(
        kind(redact(whole, "plain", &[public])),
        ErrorKind::BookmarkExists
    );

    let copy = pool.snapshot("copy@s");
    let send = zfs.send(whole).redacted(&sample.bookmark);
    zfs.receive(&copy)
        .run(send.start().unwrap())
        .unwrap()
        .all()
        .unwrap();
    let of_copy = pool.dataset("of-copy");
    clone(&copy, &of_copy);
    let of_copy = snapshot(zfs, &of_copy, "s");
    assert_eq!(
        kind(redact(&copy, "book", &[&of_copy])),
        ErrorKind::AlreadyRedacted
    );

    let root = encrypted(pool, "enc");
    let hidden = snapshot(zfs, &root, "s");
    clone(&hidden, &root.child("clone").unwrap());
    let of_hidden = snapshot(zfs, &root.child("clone").unwrap(), "s");
    zfs.unload_key(&root).unwrap();
    assert_eq!(
        kind(redact(&hidden, "book", &[&of_hidden])),
        ErrorKind::KeyNotLoaded
    );
}

#[test]
fn nothing_is_sent_with_a_bookmark_that_does_not_know_what_to_hide() {
    let sample = Sample::redacted("redactsend");
    let (pool, zfs) = (&sample.pool, sample.pool.zfs());
    let data = sample.whole.dataset();
    let later = snapshot(zfs, data, "later");
    let public = without_secret(pool, &later, "laterclone");
    assert_eq!(
        kind(zfs.redact(&later, &sample.bookmark, &[public])),
        ErrorKind::BookmarkExists
    );
    let plain = data.bookmark("plain").unwrap();
    zfs.create_bookmarks(&[(plain.clone(), (&sample.whole).into())])
        .unwrap();
    let null = fs::File::options().write(true).open("/dev/null").unwrap();
    let both = |snapshot: &SnapshotName, bookmark: &BookmarkName| {
        let send = zfs.send(snapshot).redacted(bookmark);
        let sent = kind(send.write_to(&null));
        assert_eq!(kind(send.size()), sent);
        assert_eq!(
            kind(
                zfs.receive(&pool.snapshot("no@s"))
                    .run(send.start().unwrap())
            ),
            sent
        );
        sent
    };
    let book = &sample.bookmark;
    assert_eq!(
        both(&sample.whole, &data.bookmark("missing").unwrap()),
        ErrorKind::BookmarkNotFound
    );
    assert_eq!(both(&sample.whole, &plain), ErrorKind::NotRedactionBookmark);
    assert_eq!(both(&later, book), ErrorKind::NotRedactionBookmark);
    let foreign = snapshot(zfs, &file_system(pool, "foreign"), "s");
    assert_eq!(both(&foreign, book), ErrorKind::NotRedactionBookmark);
    assert_eq!(
        both(&data.snapshot("missing").unwrap(), book),
        ErrorKind::SnapshotNotFound
    );
    let raw = zfs.send(&sample.whole).redacted(book).raw();
    assert_eq!(kind(raw.write_to(&null)), ErrorKind::InvalidArgument);
    assert_eq!(kind(raw.size()), ErrorKind::InvalidArgument);
}

#[test]
fn an_interrupted_redacted_send_stays_redacted() {
    let sample = Sample::redacted("redactres");
    let (pool, zfs) = (&sample.pool, sample.pool.zfs());
    let data = sample.whole.dataset();
    // Of another snapshot, by the same: not to be taken for it.
    let later = snapshot(zfs, data, "later");
    let of_later = without_secret(pool, &later, "of-later");
    zfs.redact(&later, &data.bookmark("a").unwrap(), &[of_later])
        .unwrap();

    let send = zfs.send(&sample.whole).redacted(&sample.bookmark);
    let stream = read_all(send.start().unwrap());
    let target = pool.snapshot("copy@s");
    let token = interrupt(pool, &target, &stream);
    let by = guid(pool, &sample.public);
    assert_eq!(token.fields().redact_snaps, Some(vec![by]));
    let rest = zfs.resume_send(data, &token).unwrap();
    assert_eq!(rest.redaction_bookmark(), Some(&sample.bookmark));
    assert!(rest.size().unwrap() < send.size().unwrap());
    let rest_stream = read_all(rest.start().unwrap());
    assert!(!has(&rest_stream, 2));
    zfs.receive(&target)
        .run(file_with(pool, &rest_stream))
        .unwrap()
        .all()
        .unwrap();
    assert_eq!(guid(pool, &target), guid(pool, &sample.whole));

    let forged = |change: fn(&mut libzfs::resume_token::TokenFields)| {
        let mut fields = token.fields().clone();
        change(&mut fields);
        ResumeToken::build(&fields, Endian::HOST).unwrap()
    };
    let other = forged(|fields| fields.redact_snaps = Some(vec![1]));
    assert_eq!(
        kind(zfs.resume_send(data, &other)),
        ErrorKind::BookmarkNotFound
    );
    let raw = forged(|fields| fields.raw = true);
    assert_eq!(
        kind(zfs.resume_send(data, &raw)),
        ErrorKind::InvalidResumeToken
    );
    let open = forged(|fields| fields.redact_snaps = None);
    assert_eq!(
        zfs.resume_send(data, &open).unwrap().redaction_bookmark(),
        None
    );
    zfs.destroy_bookmarks(std::slice::from_ref(&sample.bookmark))
        .unwrap();
    assert_eq!(
        kind(zfs.resume_send(data, &token)),
        ErrorKind::BookmarkNotFound
    );
}

#[test]
fn what_completes_a_redacted_copy_can_be_interrupted_too() {
    let sample = Sample::redacted("redactinc");
    let (pool, zfs) = (&sample.pool, sample.pool.zfs());
    let data = sample.whole.dataset();
    let copy = pool.dataset("copy");
    zfs.receive(&copy.snapshot("s").unwrap())
        .run(
            zfs.send(&sample.whole)
                .redacted(&sample.bookmark)
                .start()
                .unwrap(),
        )
        .unwrap()
        .all()
        .unwrap();
    write_file(pool, data, "more", &noise(5, LEN));
    let later = snapshot(zfs, data, "later");
    // Only the redaction bookmark knows what the copy lacks.
    let plain = data.bookmark("plain").unwrap();
    zfs.create_bookmarks(&[(plain, (&sample.whole).into())])
        .unwrap();
    let send = zfs.send(&later).from(&sample.bookmark);
    if loses_blocks() {
        let target = copy.snapshot("later").unwrap();
        let refused = zfs.receive(&target).run(send.start().unwrap());
        assert_eq!(kind(refused), ErrorKind::Unsupported);
        return;
    }
    let stream = read_all(send.start().unwrap());
    assert!(has(&stream, 2) && has(&stream, 5) && !has(&stream, 1));
    let target = copy.snapshot("later").unwrap();
    let token = interrupt(pool, &target, &stream);
    let by = guid(pool, &sample.public);
    assert_eq!(token.fields().book_redact_snaps, Some(vec![by]));
    let rest = zfs.resume_send(data, &token).unwrap();
    assert_eq!(rest.incremental_source(), send.incremental_source());
    assert!(rest.size().unwrap() < send.size().unwrap());
    zfs.receive(&target)
        .run(rest.start().unwrap())
        .unwrap()
        .all()
        .unwrap();
    for (file, seed) in [("public", 1), ("secret", 2), ("more", 5)] {
        assert!(support::read_file(pool, &copy, file) == noise(seed, LEN));
    }
    zfs.destroy_bookmarks(std::slice::from_ref(&sample.bookmark))
        .unwrap();
    assert_eq!(
        kind(zfs.resume_send(data, &token)),
        ErrorKind::IncrementalSourceNotFound
    );
}

#[test]
fn a_redacted_copy_takes_nothing_that_does_not_fit_it() {
    let sample = Sample::redacted("redactfit");
    let (pool, zfs) = (&sample.pool, sample.pool.zfs());
    let data = sample.whole.dataset();
    let copy = pool.dataset("copy");
    zfs.receive(&copy.snapshot("s").unwrap())
        .run(
            zfs.send(&sample.whole)
                .redacted(&sample.bookmark)
                .start()
                .unwrap(),
        )
        .unwrap()
        .all()
        .unwrap();
    let later = snapshot(zfs, data, "later");
    let target = copy.snapshot("later").unwrap();
    let incremental = zfs.send(&later).from(&sample.whole);
    assert_eq!(
        kind(zfs.receive(&target).run(incremental.start().unwrap())),
        ErrorKind::RedactionMismatch
    );
}
