//! Transfers on pools that lack something, and by users who may not do everything.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs::File;

use libzfs::testing::Pool;
use libzfs::{
    BookmarkName, Encryption, ErrorKind, ReceiveBuilder, SendBuilder, SendFlags, SnapshotName,
    kernel_version,
};
use support::{
    NOBODY, allow, as_user, encrypted, file_system, file_with, fill, kind, noise, pool, raw_key,
    snapshot, stream_of, unallow, write_file, zfs_says,
};

fn null() -> File {
    File::options().write(true).open("/dev/null").unwrap()
}

fn release(prefix: &str) -> bool {
    kernel_version().unwrap().starts_with(prefix)
}

/// A snapshot, one of a clone of it that has changed something, and a name for a bookmark.
fn redactable(pool: &Pool) -> (SnapshotName, SnapshotName, BookmarkName) {
    let data = file_system(pool, "data");
    write_file(pool, &data, "file", &noise(1, 300_000));
    let whole = snapshot(pool.zfs(), &data, "s");
    let clone = pool.dataset("clone");
    zfs_says(&[
        "clone",
        "-o",
        "canmount=off",
        whole.as_str(),
        clone.as_str(),
    ]);
    write_file(pool, &clone, "file", &noise(3, 300_000));
    let of_clone = snapshot(pool.zfs(), &clone, "s");
    (whole, of_clone, data.bookmark("book").unwrap())
}

fn without(label: &str, features: &[&str]) -> Pool {
    features
        .iter()
        .fold(Pool::builder().label(label), |pool, feature| {
            pool.without_feature(feature)
        })
        .build()
        .unwrap()
}

#[test]
fn from_a_read_only_pool_everything_is_sent_and_nothing_received() {
    let pool = pool("ro");
    let (whole, of_clone, book) = redactable(&pool);
    pool.zfs()
        .redact(&whole, &book, std::slice::from_ref(&of_clone))
        .unwrap();
    let stream = stream_of(&pool.zfs().send(&whole));
    let pool = pool.export().unwrap().import_read_only().unwrap();
    let zfs = pool.zfs();
    assert!(stream_of(&zfs.send(&whole)) == stream);
    zfs.send(&whole).size().unwrap();
    let redacted = zfs.send(&whole).redacted(&book);
    assert!(redacted.size().unwrap() < zfs.send(&whole).size().unwrap());
    redacted.write_to(&null()).unwrap();
    // The data as it is now, of which no snapshot can be made; mounted or not.
    let mount = pool.mount_read_only(whole.dataset()).unwrap();
    let other = support::pool("rescue");
    zfs.receive(&other.snapshot("data@now"))
        .run(zfs.send_head(whole.dataset()).start().unwrap())
        .unwrap()
        .all()
        .unwrap();
    mount.unmount().unwrap();
    assert!(support::read_file(&other, &other.dataset("data"), "file") == noise(1, 300_000));

    let receive = |path: &str| zfs.receive(&pool.snapshot(path));
    assert_eq!(
        kind(receive("copy@s").run(file_with(&other, &stream))),
        ErrorKind::ReadOnlyPool
    );
    let bookmark = whole.dataset().bookmark("other").unwrap();
    assert_eq!(
        kind(zfs.redact(&whole, &bookmark, &[of_clone])),
        ErrorKind::ReadOnlyPool
    );
    let healed = kind(zfs.force_heal(&whole, file_with(&other, &stream)));
    if release("2.1.") {
        assert_eq!(healed, ErrorKind::Unsupported);
    } else {
        assert_eq!(healed, ErrorKind::ReadOnlyPool);
    }
}

#[test]
fn a_full_pool_is_sent_from_and_not_received_into() {
    let pool = Pool::builder()
        .label("full")
        .size(64 << 20)
        .build()
        .unwrap();
    let zfs = pool.zfs();
    let (whole, of_clone, book) = redactable(&pool);
    let stream = stream_of(&zfs.send(&whole));
    let filled = file_system(&pool, "filled");
    assert_eq!(fill(&pool, &filled), libc::ENOSPC);
    zfs.send(&whole).write_to(&null()).unwrap();
    let other = support::pool("roomy");
    let target = pool.snapshot("copy@s");
    // Small as it is, it needs more than there is left at last.
    let full = (0..200).find_map(|i| {
        let target = pool.snapshot(&format!("copy-{i}@s"));
        let received = zfs.receive(&target).run(file_with(&other, &stream));
        received.err()
    });
    assert_eq!(full.unwrap().kind(), ErrorKind::NoSpace);
    assert!(!zfs.dataset_exists(target.dataset()).unwrap());
    // A bookmark is so small that it has a place in what is kept for the pool itself; if not, that
    // is told.
    match zfs.redact(&whole, &book, &[of_clone]) {
        Ok(()) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::NoSpace),
    }
}

#[test]
fn features_that_the_pool_lacks_are_told() {
    let source = pool("features");
    let zfs = source.zfs();
    let (whole, of_clone, book) = redactable(&source);
    zfs.redact(&whole, &book, &[of_clone]).unwrap();
    let large = source.dataset("large");
    zfs.create(&large)
        .set("recordsize", 1_u64 << 20)
        .run()
        .unwrap();
    write_file(&source, &large, "file", &noise(1, 2 << 20));
    let large = snapshot(zfs, &large, "s");
    let hidden = snapshot(zfs, &encrypted(&source, "enc"), "s");
    let zstd = source.dataset("zstd");
    zfs.create(&zstd).set("compression", "zstd").run().unwrap();
    write_file(&source, &zstd, "file", &[7; 300_000]);
    let zstd = snapshot(zfs, &zstd, "s");

    let refused = |features: &[&str],
                   receive: &dyn Fn(ReceiveBuilder) -> ReceiveBuilder,
                   send: &SendBuilder| {
        let pool = without("lacking", features);
        let receive = receive(zfs.receive(&pool.snapshot("copy@s")));
        kind(receive.run(send.start().unwrap()))
    };
    let plain = zfs.send(&whole);
    let as_it_is: &dyn Fn(ReceiveBuilder) -> ReceiveBuilder = &|receive| receive;
    for (features, send) in [
        (&["redacted_datasets"][..], zfs.send(&whole).redacted(&book)),
        (&["encryption"], zfs.send(&hidden).raw()),
        (
            &["zstd_compress"],
            zfs.send(&zstd).flags(SendFlags::COMPRESSED),
        ),
        (
            &["embedded_data"],
            zfs.send(&whole).flags(SendFlags::EMBED_DATA),
        ),
    ] {
        assert_eq!(
            refused(features, as_it_is, &send),
            ErrorKind::StreamFeatureUnsupported,
            "{features:?}"
        );
    }
    let key = |receive: ReceiveBuilder| receive.encryption(Encryption::Aes256Gcm, raw_key());
    assert_eq!(
        refused(&["encryption"], &key, &plain),
        ErrorKind::FeatureDisabled
    );
    // Large blocks and resumable receives, of a pool that has nothing at all.
    let bare = Pool::builder()
        .label("bare")
        .without_features()
        .build()
        .unwrap();
    let send = zfs.send(&large).flags(SendFlags::LARGE_BLOCKS);
    let target = bare.snapshot("copy@s");
    assert_eq!(
        kind(zfs.receive(&target).run(send.start().unwrap())),
        ErrorKind::StreamFeatureUnsupported
    );
    assert_eq!(
        kind(zfs.receive(&target).resumable().run(plain.start().unwrap())),
        ErrorKind::StreamFeatureUnsupported
    );
    zfs.receive(&target)
        .run(plain.start().unwrap())
        .unwrap()
        .all()
        .unwrap();

    // What needs the bookmarks that redaction makes.
    let lacking: &[&str] = if release("2.1.") {
        &["redaction_bookmarks"]
    } else {
        &["redaction_bookmarks", "redaction_list_spill"]
    };
    let pool = without("nobook", lacking);
    let (whole, of_clone, book) = redactable(&pool);
    assert_eq!(
        kind(pool.zfs().redact(&whole, &book, &[of_clone])),
        ErrorKind::FeatureDisabled
    );
}

#[test]
fn some_thousand_redaction_snapshots_are_too_many_without_a_feature() {
    const CLONES: usize = 48;
    let lacking: &[&str] = if release("2.1.") {
        &[]
    } else {
        &["redaction_list_spill"]
    };
    let pool = without("toomany", lacking);
    let zfs = pool.zfs();
    let (whole, _, book) = redactable(&pool);
    let clones: Vec<_> = (0..CLONES)
        .map(|i| {
            let name = pool.dataset(&format!("clone-{i}"));
            zfs_says(&["clone", "-o", "canmount=off", whole.as_str(), name.as_str()]);
            name
        })
        .collect();
    let mut by = Vec::new();
    while by.len() < 2100 {
        let round = format!("s{}", by.len());
        let names: Vec<_> = clones
            .iter()
            .map(|clone| clone.snapshot(&round).unwrap())
            .collect();
        zfs.create_snapshots(&names).unwrap();
        by.extend(names);
    }
    assert_eq!(
        kind(zfs.redact(&whole, &book, &by)),
        ErrorKind::TooManySnapshots
    );
    zfs.redact(&whole, &book, &by[..2]).unwrap();
}

#[test]
fn another_user_needs_the_permissions_that_are_documented() {
    let pool = pool("users");
    let zfs = pool.zfs();
    let (whole, of_clone, book) = redactable(&pool);
    let data = whole.dataset();
    let stream = stream_of(&zfs.send(&whole));
    let inbox = file_system(&pool, "inbox");
    let user = |work: &(dyn Fn() -> Option<ErrorKind> + Sync)| as_user(NOBODY, work);
    let sent = |send: &SendBuilder| send.write_to(&null()).err().map(|error| error.kind());
    let received = |receive: ReceiveBuilder, stream: &[u8]| {
        let file = file_with(&pool, stream);
        receive.run(file).err().map(|error| error.kind())
    };
    let denied = Some(ErrorKind::PermissionDenied);

    let send = zfs.send(&whole);
    let raw = zfs.send(&whole).raw();
    assert_eq!(user(&|| sent(&send)), denied);
    assert_eq!(
        user(&|| zfs
            .send_head(data)
            .write_to(&null())
            .err()
            .map(|error| error.kind())),
        denied
    );
    // How large it is may be known by everybody.
    assert_eq!(user(&|| send.size().err().map(|error| error.kind())), None);
    allow(data, NOBODY, "send");
    assert_eq!(user(&|| sent(&send)), None);
    assert_eq!(user(&|| sent(&raw)), None);
    unallow(data, NOBODY);
    if release("2.4.") {
        allow(data, NOBODY, "send:raw");
        assert_eq!(user(&|| sent(&raw)), None);
        assert_eq!(user(&|| sent(&send)), denied);
        unallow(data, NOBODY);
    }

    let redact = || {
        zfs.redact(&whole, &book, std::slice::from_ref(&of_clone))
            .err()
            .map(|error| error.kind())
    };
    allow(
        &pool.dataset(""),
        NOBODY,
        "send,receive,mount,create,bookmark,destroy,snapshot",
    );
    assert_eq!(user(&redact), denied);
    unallow(&pool.dataset(""), NOBODY);

    let at = |short: &str| zfs.receive(&inbox.child("copy").unwrap().snapshot(short).unwrap());
    // Files that the other user opened himself are not asked for here: he is given them.
    let file = || file_with(&pool, &stream);
    let receive = |receive: &(dyn Fn() -> ReceiveBuilder + Sync)| {
        let file = file();
        as_user(NOBODY, || {
            receive().run(&file).map_err(|error| error.kind())
        })
    };
    assert_eq!(
        receive(&|| at("s")).unwrap_err(),
        ErrorKind::PermissionDenied
    );
    allow(&inbox, NOBODY, "receive,mount");
    assert_eq!(
        receive(&|| at("s")).unwrap_err(),
        ErrorKind::PermissionDenied
    );
    allow(&inbox, NOBODY, "create");
    let done = receive(&|| at("s").set("readonly", true).set("com.example:a", "b")).unwrap();
    let failures: Vec<_> = done
        .property_failures()
        .iter()
        .map(|failure| (failure.name.as_str(), failure.kind))
        .collect();
    assert_eq!(
        failures,
        [
            ("readonly", ErrorKind::PermissionDenied),
            ("com.example:a", ErrorKind::PermissionDenied)
        ]
    );
    assert_eq!(received(at("s"), &stream), Some(ErrorKind::SnapshotExists));

    unallow(&inbox, NOBODY);
    if !release("2.1.") {
        allow(&inbox, NOBODY, "receive:append,mount,create");
        let other = || zfs.receive(&inbox.child("other").unwrap().snapshot("s").unwrap());
        assert_eq!(
            receive(&|| other().force_rollback()).unwrap_err(),
            ErrorKind::PermissionDenied
        );
        let _ = receive(&other).unwrap();
    }
}
