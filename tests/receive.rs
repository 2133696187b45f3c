//! Receiving, and everything that a stream or a destination can have wrong with it.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::thread;

use libzfs::property::{CANMOUNT, READONLY};
use libzfs::stream::BeginRecord;
use libzfs::testing::Pool;
use libzfs::{CanMount, DatasetName, Encryption, ErrorKind, KeyStatus, SnapshotName, Source, Zfs};
use support::{
    encrypted, file_system, file_with, kind, noise, pool, raw_key, read_file, snapshot, write_file,
    zfs_says,
};

fn stream_of(zfs: &Zfs, snapshot: &SnapshotName) -> Vec<u8> {
    let mut bytes = Vec::new();
    zfs.send(snapshot)
        .start()
        .unwrap()
        .read_to_end(&mut bytes)
        .unwrap();
    bytes
}

fn sample(pool: &Pool, path: &str) -> (SnapshotName, Vec<u8>) {
    let data = file_system(pool, path);
    let bytes = noise(1, 300_000);
    write_file(pool, &data, "file", &bytes);
    (snapshot(pool.zfs(), &data, "s"), bytes)
}

/// All there is in a pool, by name and GUID: to see that nothing has changed.
fn inventory(pool: &Pool) -> String {
    zfs_says(&[
        "list",
        "-Hpro",
        "name,guid",
        "-t",
        "all",
        pool.name().as_str(),
    ])
}

#[test]
fn from_descriptors_of_every_kind() {
    let pool = pool("recv");
    let zfs = pool.zfs();
    let (snap, bytes) = sample(&pool, "data");
    let stream = stream_of(zfs, &snap);
    let target = |path: &str| pool.dataset(path).snapshot("copy").unwrap();

    let received = zfs
        .receive(&target("direct"))
        .run(zfs.send(&snap).start().unwrap())
        .unwrap();
    assert_eq!(received.bytes() + 312, stream.len() as u64);
    assert_eq!(received.property_failures(), []);
    assert_eq!(
        received.begin().to_guid(),
        zfs.snapshot(&snap).unwrap().guid().unwrap()
    );

    // A file is read from where it stands, and left at the end of the stream.
    let mut file = file_with(&pool, &[b"before", &stream[..], b"behind"].concat());
    file.seek(SeekFrom::Start(6)).unwrap();
    zfs.receive(&target("file"))
        .run(&file)
        .unwrap()
        .all()
        .unwrap();
    let mut rest = String::new();
    file.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "behind");

    for nonblocking in [false, true] {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(nonblocking).unwrap();
        let writer = {
            let stream = stream.clone();
            thread::spawn(move || theirs.write_all(&stream).unwrap())
        };
        zfs.receive(&target(&format!("socket-{nonblocking}")))
            .run(&ours)
            .unwrap()
            .all()
            .unwrap();
        writer.join().unwrap();
    }

    let mut child = Command::new("zfs")
        .args(["send", snap.as_str()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    zfs.receive(&target("child"))
        .run(child.stdout.as_ref().unwrap().as_fd())
        .unwrap()
        .all()
        .unwrap();
    child.wait().unwrap();

    for path in ["direct", "file", "socket-false", "socket-true", "child"] {
        assert_eq!(
            zfs.snapshot(&target(path)).unwrap().guid().unwrap(),
            zfs.snapshot(&snap).unwrap().guid().unwrap()
        );
        assert!(
            read_file(&pool, &pool.dataset(path), "file") == bytes,
            "{path}"
        );
    }
}

#[test]
fn what_is_no_stream_is_told_and_changes_nothing() {
    let pool = pool("nostream");
    let zfs = pool.zfs();
    let (snap, _) = sample(&pool, "data");
    let stream = stream_of(zfs, &snap);
    let target = pool.snapshot("copy@s");
    let before = inventory(&pool);
    let receive = |bytes: &[u8]| kind(zfs.receive(&target).run(file_with(&pool, bytes)));

    assert_eq!(receive(b""), ErrorKind::EmptyStream);
    assert_eq!(receive(&[0; 4096]), ErrorKind::NotAStream);
    assert_eq!(receive(&b"#!/bin/sh\n".repeat(100)), ErrorKind::NotAStream);
    // One bit of the magic number.
    let mut damaged = stream.clone();
    damaged[8] ^= 1;
    assert_eq!(receive(&damaged), ErrorKind::NotAStream);
    // A name that fills its field, and no NUL behind it.
    let mut endless = stream.clone();
    endless[56..BeginRecord::LEN].fill(b'n');
    assert_eq!(receive(&endless), ErrorKind::NotAStream);
    let package = Command::new("zfs")
        .args(["send", "-R", snap.as_str()])
        .output()
        .unwrap()
        .stdout;
    assert_eq!(receive(&package), ErrorKind::PackageStream);

    let null = File::open("/dev/null").unwrap();
    assert_eq!(
        kind(zfs.receive(&target).run(&null)),
        ErrorKind::EmptyStream
    );
    let directory = File::open("/tmp").unwrap();
    assert_eq!(
        kind(zfs.receive(&target).run(&directory)),
        ErrorKind::BadDescriptor
    );
    let write_only = File::options().write(true).open("/dev/null").unwrap();
    assert_eq!(
        kind(zfs.receive(&target).run(&write_only)),
        ErrorKind::BadDescriptor
    );
    assert_eq!(inventory(&pool), before);
}

#[test]
fn a_stream_cut_anywhere_is_told_and_changes_nothing() {
    let pool = pool("cut");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "file", &noise(2, 20_000));
    let snap = snapshot(zfs, &data, "s");
    let stream = stream_of(zfs, &snap);
    let target = pool.snapshot("copy@s");
    let before = inventory(&pool);
    let borders = [1, 7, 8, 100, 311, 312, 313, 623, 624, 625];
    let inner = (1..20).map(|i| i * stream.len() / 20);
    let end = (1..4).map(|i| stream.len() - i).chain([stream.len() - 312]);
    for len in borders.into_iter().chain(inner).chain(end) {
        let error = zfs
            .receive(&target)
            .run(file_with(&pool, &stream[..len]))
            .unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::StreamTruncated,
            "at {len}: {error}"
        );
        assert_eq!(inventory(&pool), before, "at {len}");
    }
    zfs.receive(&target)
        .run(file_with(&pool, &stream))
        .unwrap()
        .all()
        .unwrap();
}

#[test]
fn a_damaged_stream_is_told() {
    let pool = pool("damaged");
    let zfs = pool.zfs();
    let (snap, _) = sample(&pool, "data");
    let mut stream = stream_of(zfs, &snap);
    let middle = stream.len() / 2;
    stream[middle] ^= 1;
    let before = inventory(&pool);
    let target = pool.snapshot("copy@s");
    let damaged = zfs.receive(&target).run(file_with(&pool, &stream));
    assert_eq!(kind(damaged), ErrorKind::BadStream);
    assert_eq!(inventory(&pool), before);
}

#[test]
fn what_stands_in_the_way_is_told_and_stays() {
    let pool = pool("inway");
    let zfs = pool.zfs();
    let (one, _) = sample(&pool, "data");
    let data = one.dataset().clone();
    write_file(&pool, &data, "more", &noise(9, 50_000));
    let two = snapshot(zfs, &data, "two");
    let receive = |path: &str, send: libzfs::SendBuilder| {
        kind(zfs.receive(&pool.snapshot(path)).run(send.start().unwrap()))
    };
    let incremental = || zfs.send(&two).from(&one);

    zfs.receive(&pool.snapshot("copy@s"))
        .run(zfs.send(&one).start().unwrap())
        .unwrap()
        .all()
        .unwrap();
    let empty = file_system(&pool, "empty");
    snapshot(zfs, &empty, "unrelated");
    let before = inventory(&pool);
    assert_eq!(receive("copy@s", zfs.send(&one)), ErrorKind::SnapshotExists);
    assert_eq!(
        receive("copy@other", zfs.send(&one)),
        ErrorKind::DatasetExists
    );
    assert_eq!(
        receive("no/such/parent@s", zfs.send(&one)),
        ErrorKind::ParentNotFound
    );
    assert_eq!(
        receive("missing@two", incremental()),
        ErrorKind::DatasetNotFound
    );
    assert_eq!(
        receive("empty@two", incremental()),
        ErrorKind::NoMatchingSnapshot
    );
    assert_eq!(receive("copy@%x", zfs.send(&one)), ErrorKind::InvalidName);
    assert_eq!(inventory(&pool), before);

    let copy = pool.dataset("copy");
    write_file(&pool, &copy, "local change", b"precious");
    assert_eq!(
        receive("copy@two", incremental()),
        ErrorKind::DestinationModified
    );
    assert_eq!(inventory(&pool), before);
    assert_eq!(read_file(&pool, &copy, "local change"), b"precious");

    let forced = zfs.receive(&pool.snapshot("copy@two")).force_rollback();
    forced
        .run(incremental().start().unwrap())
        .unwrap()
        .all()
        .unwrap();
    let mount = pool.mount(&copy).unwrap();
    assert!(!mount.path().join("local change").exists());
}

#[test]
fn properties_are_set_and_left_out() {
    let pool = pool("props");
    let zfs = pool.zfs();
    let (snap, _) = sample(&pool, "data");
    let target = pool.snapshot("copy@s");
    let receive = || {
        zfs.receive(&target)
            .set("readonly", true)
            .set("canmount", CanMount::Off)
            .set("com.example:from", "data")
            .exclude("mountpoint")
            .exclude("com.example:other")
    };
    let refused = receive()
        .set("readonly", "maybe")
        .run(zfs.send(&snap).start().unwrap());
    assert_eq!(kind(refused), ErrorKind::InvalidProperty);
    let received = receive().run(zfs.send(&snap).start().unwrap()).unwrap();
    assert_eq!(received.property_failures(), []);
    let dataset = zfs.dataset(target.dataset()).unwrap();
    let readonly = dataset.get(&READONLY).unwrap().unwrap();
    assert_eq!((readonly.value, readonly.source), (true, Source::Local));
    assert_eq!(
        dataset.get(&CANMOUNT).unwrap().unwrap().value,
        CanMount::Off
    );
    let from = dataset.user_property("com.example:from").unwrap();
    assert_eq!(
        (from.value.to_string().as_str(), from.source),
        ("data", Source::Local)
    );
    assert_eq!(dataset.user_property("com.example:other"), None);
    assert_eq!(
        zfs_says(&[
            "get",
            "-Hpo",
            "value,source",
            "readonly",
            dataset.name().as_str()
        ]),
        "on\tlocal"
    );
}

#[test]
fn what_a_receive_would_silently_ignore_is_refused() {
    let pool = pool("ignored");
    let zfs = pool.zfs();
    let (snap, _) = sample(&pool, "data");
    let target = pool.snapshot("copy@s");
    let run = |receive: libzfs::ReceiveBuilder| kind(receive.run(zfs.send(&snap).start().unwrap()));
    let receive = || zfs.receive(&target);
    for refused in [
        receive().set("encryption", Encryption::Aes256Gcm),
        receive().set("keyformat", 1_u64),
        receive().set("keylocation", "file:///etc/passwd"),
        receive().exclude("encryption"),
        receive().exclude("mountpiont"),
        receive().exclude("canmount"),
        receive().set("com.example:x", "a\0b"),
    ] {
        assert_eq!(run(refused), ErrorKind::InvalidProperty);
    }
    assert!(!zfs.dataset_exists(target.dataset()).unwrap());

    // What the kernel refuses only after the data is there is told, and the data stays.
    let received = receive().set("recordsize", 1_u64 << 40);
    let received = received.run(zfs.send(&snap).start().unwrap()).unwrap();
    assert_eq!(received.property_failures()[0].name, "recordsize");
    assert_eq!(kind(received.all()), ErrorKind::InvalidProperty);
    zfs.snapshot(&target).unwrap();
}

#[test]
fn a_source_that_fails_after_the_stream_does_not_undo_the_success() {
    let pool = pool("reset");
    let zfs = pool.zfs();
    let (snap, _) = sample(&pool, "data");
    let stream = stream_of(zfs, &snap);
    for i in 0..3 {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        // Data that the other end never reads makes its close a reset.
        (&ours).write_all(b"unread").unwrap();
        let stream = stream.clone();
        let writer = thread::spawn(move || theirs.write_all(&stream).unwrap());
        let target = pool.snapshot(&format!("copy-{i}@s"));
        let received = zfs.receive(&target).run(&ours).unwrap();
        assert_eq!(
            received.begin().to_guid(),
            zfs.snapshot(&target).unwrap().guid().unwrap()
        );
        writer.join().unwrap();
    }
}

#[test]
fn a_name_without_room_for_the_hidden_dataset_is_refused() {
    let pool = pool("room");
    let zfs = pool.zfs();
    let (one, _) = sample(&pool, "data");
    let two = snapshot(zfs, one.dataset(), "t");
    let named = |len: usize| {
        let rest = len - pool.name().as_str().len() - 1;
        pool.dataset(&"x".repeat(rest))
    };
    for (len, fits) in [(249, true), (250, false), (253, false)] {
        let copy = named(len);
        let at = |short: &str| copy.snapshot(short).unwrap();
        let full = zfs.receive(&at("s")).run(zfs.send(&one).start().unwrap());
        full.unwrap().all().unwrap();
        let added = zfs
            .receive(&at("t"))
            .run(zfs.send(&two).from(&one).start().unwrap());
        if fits {
            added.unwrap().all().unwrap();
        } else {
            assert_eq!(kind(added), ErrorKind::NameTooLong);
            let forced = zfs.receive(&at("u")).force_rollback();
            assert_eq!(
                kind(forced.run(zfs.send(&one).start().unwrap())),
                ErrorKind::NameTooLong
            );
        }
        assert!(!zfs.discard_partial_receive(&copy).unwrap());
    }
}

#[test]
fn a_source_that_breaks_off_is_told_as_that() {
    let pool = pool("breaks");
    let zfs = pool.zfs();
    let (snap, _) = sample(&pool, "data");
    let stream = stream_of(zfs, &snap);
    let before = inventory(&pool);
    for (sent, nonblocking) in [(100, false), (100, true), (100_000, false), (100_000, true)] {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(nonblocking).unwrap();
        // Data that the other end never reads makes its close a reset.
        (&ours).write_all(b"unread").unwrap();
        let part = stream[..sent].to_vec();
        let writer = thread::spawn(move || theirs.write_all(&part).unwrap());
        let broken = zfs.receive(&pool.snapshot("copy@s")).run(&ours);
        writer.join().unwrap();
        let broken = broken.unwrap_err();
        assert_eq!(
            broken.kind(),
            ErrorKind::SourceFailed,
            "{sent}, {nonblocking}: {broken}"
        );
        assert_eq!(inventory(&pool), before);
    }
}

#[test]
fn a_time_limit_of_the_callers_own_is_told_as_that() {
    let pool = pool("limit");
    let zfs = pool.zfs();
    let (snap, _) = sample(&pool, "data");
    let stream = stream_of(zfs, &snap);
    for sent in [0, 100, 10_000] {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        ours.set_read_timeout(Some(std::time::Duration::from_millis(300)))
            .unwrap();
        theirs.write_all(&stream[..sent]).unwrap();
        let stalled = zfs.receive(&pool.snapshot("copy@s")).run(&ours);
        assert_eq!(kind(stalled), ErrorKind::TimedOut, "after {sent} bytes");
        drop(theirs);
    }
}

#[test]
fn a_raw_stream_needs_no_key_and_a_plain_one_cannot_follow_it() {
    let (pool, vault) = (pool("rawsrc"), pool("rawdst"));
    let zfs = pool.zfs();
    let root = encrypted(&pool, "enc");
    let bytes = noise(4, 200_000);
    write_file(&pool, &root, "file", &bytes);
    let one = snapshot(zfs, &root, "one");
    let copy = vault.dataset("copy");
    let at = |short: &str| copy.snapshot(short).unwrap();
    let received = zfs
        .receive(&at("one"))
        .run(zfs.send(&one).raw().start().unwrap())
        .unwrap();
    assert!(received.begin().is_raw());
    let dataset = zfs.dataset(&copy).unwrap();
    assert_eq!(dataset.key_status().unwrap(), KeyStatus::Unavailable);
    assert_eq!(dataset.encryption().unwrap(), Encryption::Aes256Gcm);
    assert_eq!(dataset.encryption_root().unwrap(), Some(copy.clone()));

    write_file(&pool, &root, "more", &noise(6, 100_000));
    let two = snapshot(zfs, &root, "two");
    let before = inventory(&vault);
    let plain = zfs
        .receive(&at("two"))
        .run(zfs.send(&two).from(&one).start().unwrap());
    assert_eq!(kind(plain), ErrorKind::KeyNotLoaded);
    assert_eq!(inventory(&vault), before);

    zfs.receive(&at("two"))
        .run(zfs.send(&two).from(&one).raw().start().unwrap())
        .unwrap()
        .all()
        .unwrap();
    zfs.load_key(&copy, &raw_key()).unwrap();
    assert!(read_file(&vault, &copy, "file") == bytes);
}

#[test]
fn a_clone_below_an_encrypted_dataset_that_could_panic_the_kernel_is_refused() {
    let pool = pool("encclone");
    let zfs = pool.zfs();
    let (base, _) = sample(&pool, "data");
    let clone = pool.dataset("clone");
    zfs_says(&["clone", "-o", "canmount=off", base.as_str(), clone.as_str()]);
    let tip = snapshot(zfs, &clone, "tip");
    let inside = encrypted(&pool, "enc").child("copy").unwrap();
    let inside = inside.snapshot("tip").unwrap();
    let before = inventory(&pool);
    for send in [zfs.send(&tip).from(&base), zfs.send(&tip)] {
        let receive = zfs.receive(&inside).origin(&base);
        assert_eq!(
            kind(receive.run(send.start().unwrap())),
            ErrorKind::StreamFeatureUnsupported
        );
    }
    assert_eq!(inventory(&pool), before);
}

#[test]
fn a_full_pool_is_told() {
    let pool = pool("big");
    let small = Pool::builder()
        .label("small")
        .size(64 << 20)
        .build()
        .unwrap();
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "bulk", &noise(8, 60 << 20));
    let snap = snapshot(zfs, &data, "s");
    let target = small.snapshot("copy@s");
    let before = inventory(&small);
    let full = zfs.receive(&target).run(zfs.send(&snap).start().unwrap());
    assert_eq!(kind(full), ErrorKind::NoSpace);
    assert_eq!(inventory(&small), before);
}

#[test]
fn a_send_that_fails_by_itself_is_what_is_told() {
    let pool = pool("sendfails");
    let zfs = pool.zfs();
    let missing = file_system(&pool, "data").snapshot("missing").unwrap();
    let target = pool.snapshot("copy@s");
    let error = zfs
        .receive(&target)
        .run(zfs.send(&missing).start().unwrap())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SnapshotNotFound);
    assert_eq!(error.target(), missing.as_str());
}

#[test]
fn a_plain_stream_becomes_an_encryption_root() {
    let pool = pool("recvkey");
    let zfs = pool.zfs();
    let (snap, bytes) = sample(&pool, "data");
    let send = zfs.send(&snap);
    let target = pool.snapshot("copy@s");
    zfs.receive(&target)
        .encryption(Encryption::Aes256Gcm, raw_key())
        .set("keylocation", "file:///root/key")
        .set("readonly", true)
        .run(send.start().unwrap())
        .unwrap()
        .all()
        .unwrap();
    let copy = target.dataset();
    let get =
        |name: &DatasetName, property| zfs_says(&["get", "-Hpo", "value", property, name.as_str()]);
    for (property, value) in [
        ("encryption", "aes-256-gcm"),
        ("keyformat", "raw"),
        ("keylocation", "file:///root/key"),
        ("encryptionroot", copy.as_str()),
        ("keystatus", "available"),
        ("readonly", "on"),
    ] {
        assert_eq!(get(copy, property), value, "{property}");
    }
    assert!(read_file(&pool, copy, "file") == bytes);
    zfs.unload_key(copy).unwrap();
    let wrong = libzfs::Key::raw(&[8; 32]).unwrap();
    assert!(!zfs.try_key(copy, &wrong).unwrap() && zfs.try_key(copy, &raw_key()).unwrap());

    // Nor is it left to the parent's encryption; and it is resumed without the key being given.
    let root = encrypted(&pool, "enc");
    let below = root.child("copy").unwrap();
    let at = || zfs.receive(&below.snapshot("s").unwrap());
    let stream = stream_of(zfs, &snap);
    let key = libzfs::Key::passphrase(support::PASSPHRASE).unwrap();
    let cut = at()
        .encryption(Encryption::Aes128Ccm, key.clone())
        .set("pbkdf2iters", 100_000_u64)
        .resumable()
        .run(file_with(&pool, &stream[..stream.len() / 2]));
    assert_eq!(kind(cut), ErrorKind::StreamTruncated);
    let token = zfs.dataset(&below).unwrap().receive_resume_token().unwrap();
    let rest = zfs.resume_send(snap.dataset(), &token.unwrap()).unwrap();
    let again = at().encryption(Encryption::Aes128Ccm, key.clone());
    assert_eq!(
        kind(again.run(rest.start().unwrap())),
        ErrorKind::EncryptionMismatch
    );
    at().run(rest.start().unwrap()).unwrap().all().unwrap();
    assert_eq!(get(&below, "encryptionroot"), below.as_str());
    assert_eq!(get(&below, "encryption"), "aes-128-ccm");
    assert_eq!(get(&below, "pbkdf2iters"), "100000");
    assert!(read_file(&pool, &below, "file") == bytes);
    zfs.unload_key(&below).unwrap();
    zfs.load_key(&below, &key).unwrap();
}

#[test]
fn a_key_is_refused_where_the_data_would_not_be_encrypted_with_it() {
    let pool = pool("recvnokey");
    let zfs = pool.zfs();
    let (one, _) = sample(&pool, "data");
    write_file(&pool, one.dataset(), "tiny", b"tiny");
    let two = snapshot(zfs, one.dataset(), "two");
    let root = encrypted(&pool, "enc");
    let hidden = snapshot(zfs, &root, "s");
    let target = pool.snapshot("copy@s");
    let existing = file_system(&pool, "existing");
    let before = inventory(&pool);
    let with_key = || {
        zfs.receive(&target)
            .encryption(Encryption::Aes256Gcm, raw_key())
    };
    let refused = |receive: libzfs::ReceiveBuilder, send: &libzfs::SendBuilder| {
        kind(receive.run(send.start().unwrap()))
    };
    let full = zfs.send(&two);
    let incremental = zfs.send(&two).from(&one);
    for (receive, send) in [
        (with_key(), &zfs.send(&hidden).raw()),
        (with_key(), &incremental),
        (with_key().origin(&one), &full),
        (with_key().origin(&one), &incremental),
        (with_key().force_rollback(), &full),
    ] {
        assert_eq!(refused(receive, send), ErrorKind::EncryptionMismatch);
    }
    assert_eq!(
        refused(
            with_key(),
            &full.clone().flags(libzfs::SendFlags::EMBED_DATA)
        ),
        ErrorKind::StreamFeatureUnsupported
    );
    let off = zfs.receive(&target).encryption(Encryption::Off, raw_key());
    assert_eq!(refused(off, &full), ErrorKind::InvalidKey);
    let passphrase = libzfs::Key::passphrase(support::PASSPHRASE).unwrap();
    let few = zfs
        .receive(&target)
        .encryption(Encryption::Aes256Gcm, passphrase)
        .set("pbkdf2iters", 1_u64);
    assert_eq!(refused(few, &full), ErrorKind::InvalidKey);
    for receive in [
        with_key().set("encryption", Encryption::Aes128Gcm),
        with_key().set("keyformat", 1_u64),
        with_key().exclude("encryption"),
        with_key().exclude("keylocation"),
        zfs.receive(&target).set("keylocation", "prompt"),
        with_key().received_properties([("keylocation", "prompt")]),
    ] {
        assert_eq!(refused(receive, &full), ErrorKind::InvalidProperty);
    }
    let onto = zfs
        .receive(&existing.snapshot("s").unwrap())
        .encryption(Encryption::Aes256Gcm, raw_key());
    assert_eq!(refused(onto, &full), ErrorKind::DatasetExists);
    assert_eq!(inventory(&pool), before);
}

#[test]
fn received_properties_are_what_the_sender_had() {
    let pool = pool("recvprops");
    let zfs = pool.zfs();
    let (one, _) = sample(&pool, "data");
    let two = snapshot(zfs, one.dataset(), "two");
    let three = snapshot(zfs, one.dataset(), "three");
    let copy = pool.dataset("copy");
    let at = |short: &str| zfs.receive(&copy.snapshot(short).unwrap());
    let get = |property: &str| {
        let said = zfs_says(&["get", "-Hpo", "value,source", property, copy.as_str()]);
        said.replace('\t', " ")
    };
    let received = at("one")
        .received_properties([
            ("compression", "gzip".into()),
            ("readonly", true.into()),
            (
                "com.example:set",
                libzfs::property::PropertyValue::from("nightly"),
            ),
        ])
        .set("atime", false)
        .set("readonly", false)
        .exclude("compression")
        .run(zfs.send(&one).start().unwrap())
        .unwrap();
    received.all().unwrap();
    assert!(!received.has_outdated_properties());
    assert_eq!(get("com.example:set"), "nightly received");
    assert_eq!(get("atime"), "off local");
    assert_eq!(get("readonly"), "off local");
    // Left out now, and still what was received.
    assert!(get("compression").ends_with("default"));
    zfs_says(&["inherit", "-S", "compression", copy.as_str()]);
    assert_eq!(get("compression"), "gzip received");

    // They take the place of those before; what is set stays.
    at("two")
        .received_properties([("logbias", "throughput"), ("recordsize2", "1")])
        .run(zfs.send(&two).from(&one).start().unwrap())
        .unwrap()
        .property_failures()
        .iter()
        .for_each(|failure| assert_eq!(failure.name, "recordsize2"));
    assert_eq!(get("com.example:set"), "- -");
    assert_eq!(get("logbias"), "throughput received");
    assert_eq!(get("atime"), "off local");
    at("three")
        .run(zfs.send(&three).from(&two).start().unwrap())
        .unwrap()
        .all()
        .unwrap();
    assert_eq!(get("logbias"), "throughput received");
}

#[test]
fn the_first_properties_received_drop_what_was_set() {
    let pool = pool("firstprops");
    let zfs = pool.zfs();
    let (one, _) = sample(&pool, "data");
    let two = snapshot(zfs, one.dataset(), "two");
    let copy = pool.dataset("copy");
    let at = |short: &str| zfs.receive(&copy.snapshot(short).unwrap());
    at("one")
        .run(zfs.send(&one).start().unwrap())
        .unwrap()
        .all()
        .unwrap();
    zfs_says(&["set", "atime=off", copy.as_str()]);
    zfs_says(&["set", "exec=off", copy.as_str()]);
    at("two")
        .received_properties([("logbias", "throughput")])
        .set("exec", false)
        .run(zfs.send(&two).from(&one).start().unwrap())
        .unwrap()
        .all()
        .unwrap();
    let get = |property: &str| zfs_says(&["get", "-Ho", "value", property, copy.as_str()]);
    assert_eq!(
        (get("logbias"), get("atime"), get("exec")),
        ("throughput".into(), "on".into(), "off".into())
    );
}
