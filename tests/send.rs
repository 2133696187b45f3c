//! Sending to descriptors of every kind.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::thread;

use libzfs::testing::Pool;
use libzfs::{Destroy, Error, ErrorKind, SendFlags, SnapshotName};
use support::{encrypted, file_system, kind, noise, pool, snapshot, write_file};

/// A snapshot whose stream is larger than any pipe.
fn sample(pool: &Pool) -> SnapshotName {
    let data = file_system(pool, "data");
    write_file(pool, &data, "bulk", &noise(1, 3 << 20));
    snapshot(pool.zfs(), &data, "s")
}

fn read_all(mut from: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn the_stream_is_the_same_whatever_it_is_written_to() {
    let pool = pool("sink");
    let snap = sample(&pool);
    let send = pool.zfs().send(&snap);
    let expected = read_all(send.start().unwrap());
    assert!(expected.len() > 3 << 20);
    let estimate = send.size().unwrap();
    let ratio = estimate as f64 / expected.len() as f64;
    assert!(
        (0.9..1.1).contains(&ratio),
        "{estimate} estimated, {} sent",
        expected.len()
    );

    let path = pool.directory().join("stream");
    send.write_to(&File::create(&path).unwrap()).unwrap();
    assert!(fs::read(&path).unwrap() == expected, "a file");

    let append = File::options().append(true).open(&path).unwrap();
    send.write_to(&append).unwrap();
    assert!(
        fs::read(&path).unwrap() == [&expected[..], &expected].concat(),
        "a file, appended"
    );

    let mut child = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let reader = thread::spawn(move || read_all(output));
    send.write_to(&input).unwrap();
    drop(input);
    assert!(reader.join().unwrap() == expected, "a child's input");
    child.wait().unwrap();

    for nonblocking in [false, true] {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(nonblocking).unwrap();
        let reader = thread::spawn(move || read_all(theirs));
        send.write_to(&ours).unwrap();
        drop(ours);
        assert!(
            reader.join().unwrap() == expected,
            "a socket, nonblocking: {nonblocking}"
        );
    }

    send.write_to(&File::options().write(true).open("/dev/null").unwrap())
        .unwrap();

    let said = Command::new("zfs")
        .args(["send", snap.as_str()])
        .output()
        .unwrap();
    assert!(said.stdout == expected, "what zfs sends");
}

#[test]
fn a_descriptor_that_cannot_be_written_to_is_told() {
    let pool = pool("badfd");
    let snap = sample(&pool);
    let send = pool.zfs().send(&snap);

    let read_only = File::open("/dev/null").unwrap();
    assert_eq!(kind(send.write_to(&read_only)), ErrorKind::BadDescriptor);

    let full = File::options().write(true).open("/dev/full").unwrap();
    let error = send.write_to(&full).unwrap_err();
    assert_eq!(
        (error.kind(), error.errno().raw()),
        (ErrorKind::NoSpace, libc::ENOSPC)
    );

    let (ours, theirs) = UnixStream::pair().unwrap();
    drop(theirs);
    assert_eq!(kind(send.write_to(&ours)), ErrorKind::BrokenPipe);

    // A pipe is given to the kernel itself.
    let mut child = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
    let input = child.stdin.take().unwrap();
    child.wait().unwrap();
    assert_eq!(kind(send.write_to(&input)), ErrorKind::BrokenPipe);
}

#[test]
fn a_reader_that_leaves_ends_the_send() {
    let pool = pool("leave");
    let snap = sample(&pool);
    let send = pool.zfs().send(&snap);
    let mut stream = send.start().unwrap();
    stream.read_exact(&mut [0; 1000]).unwrap();
    drop(stream);
    let mut stream = send.start().unwrap();
    stream.read_exact(&mut [0; 1000]).unwrap();
    assert_eq!(kind(stream.finish()), ErrorKind::BrokenPipe);
    // Nothing of it is left: the snapshot can go.
    pool.zfs().destroy_snapshots(&[snap], Destroy::Now).unwrap();
}

#[test]
fn a_failed_send_is_never_taken_for_a_whole_stream() {
    let pool = pool("failed");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let missing = data.snapshot("missing").unwrap();
    let mut stream = zfs.send(&missing).start().unwrap();
    let error = stream.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert_eq!(
        error.downcast::<Error>().unwrap().kind(),
        ErrorKind::SnapshotNotFound
    );
    stream.read(&mut [0; 100]).unwrap_err();
}

#[test]
fn each_way_of_failing_is_told() {
    let pool = pool("sendbad");
    let other = support::pool("sendother");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let (one, two) = (snapshot(zfs, &data, "one"), snapshot(zfs, &data, "two"));
    let missing = data.snapshot("missing").unwrap();
    let missing_bookmark = data.bookmark("missing").unwrap();
    let foreign = snapshot(zfs, &file_system(&pool, "foreign"), "one");
    let elsewhere = snapshot(zfs, &file_system(&other, "data"), "one");
    let null = File::options().write(true).open("/dev/null").unwrap();

    let both = |send: libzfs::SendBuilder| {
        let sent = kind(send.write_to(&null));
        assert_eq!(kind(send.size()), sent);
        sent
    };
    assert_eq!(both(zfs.send(&missing)), ErrorKind::SnapshotNotFound);
    assert_eq!(
        both(zfs.send(&two).from(&missing)),
        ErrorKind::IncrementalSourceNotFound
    );
    assert_eq!(
        both(zfs.send(&two).from(&missing_bookmark)),
        ErrorKind::IncrementalSourceNotFound
    );
    assert_eq!(
        both(zfs.send(&missing).from(&one)),
        ErrorKind::SnapshotNotFound
    );
    assert_eq!(
        both(zfs.send(&two).from(&foreign)),
        ErrorKind::NotAnAncestor
    );
    assert_eq!(both(zfs.send(&one).from(&two)), ErrorKind::NotAnAncestor);
    assert_eq!(
        both(zfs.send(&two).from(&elsewhere)),
        ErrorKind::NotAnAncestor
    );
}

#[test]
fn an_encrypted_dataset_is_sent_raw_without_its_key_and_not_otherwise() {
    let pool = pool("rawsend");
    let zfs = pool.zfs();
    let root = encrypted(&pool, "enc");
    let secret = noise(3, 64 << 10);
    write_file(&pool, &root, "secret", &secret);
    let snap = snapshot(zfs, &root, "s");
    zfs.unload_key(&root).unwrap();
    let mut null = io::sink();
    let mut plain = zfs.send(&snap).start().unwrap();
    let error = io::copy(&mut plain, &mut null)
        .unwrap_err()
        .downcast::<Error>()
        .unwrap();
    assert_eq!(error.kind(), ErrorKind::KeyNotLoaded);

    let raw = read_all(zfs.send(&snap).raw().start().unwrap());
    let has_secret = |stream: &[u8]| stream.windows(64).any(|window| window == &secret[..64]);
    assert!(!has_secret(&raw));
    zfs.load_key(&root, &support::raw_key()).unwrap();
    assert!(has_secret(&read_all(zfs.send(&snap).start().unwrap())));
}

#[test]
fn flags_are_what_zfs_makes_of_them() {
    let pool = pool("flags");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "text", &b"compressible ".repeat(50_000));
    write_file(&pool, &data, "tiny", b"tiny");
    let snap = snapshot(zfs, &data, "s");
    let cases = [
        (SendFlags::empty(), "-v"),
        (SendFlags::COMPRESSED, "-c"),
        (SendFlags::EMBED_DATA, "-e"),
        (SendFlags::LARGE_BLOCKS, "-L"),
    ];
    for (flags, option) in cases {
        let ours = read_all(zfs.send(&snap).flags(flags).start().unwrap());
        let theirs = Command::new("zfs")
            .args(["send", option, snap.as_str()])
            .output()
            .unwrap();
        assert!(ours == theirs.stdout, "zfs send {option}");
    }
    let ours = read_all(zfs.send(&snap).raw().start().unwrap());
    let theirs = Command::new("zfs")
        .args(["send", "-w", snap.as_str()])
        .output()
        .unwrap();
    assert!(ours == theirs.stdout, "zfs send -w");
}

#[test]
fn a_bookmark_serves_when_its_snapshot_is_gone() {
    let pool = pool("sendbook");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let one = snapshot(zfs, &data, "one");
    let bookmark = data.bookmark("one").unwrap();
    zfs.create_bookmarks(&[(bookmark.clone(), (&one).into())])
        .unwrap();
    write_file(&pool, &data, "more", &noise(5, 100_000));
    let two = snapshot(zfs, &data, "two");
    let by_snapshot = read_all(zfs.send(&two).from(&one).start().unwrap());
    zfs.destroy_snapshots(&[one], Destroy::Now).unwrap();
    let send = zfs.send(&two).from(&bookmark);
    let by_bookmark = read_all(send.start().unwrap());
    assert!(by_bookmark.len() > 100_000 && by_bookmark.len().abs_diff(by_snapshot.len()) < 50_000);
    assert!(send.size().unwrap() > 100_000);
}

#[test]
fn a_slow_reader_gets_it_all() {
    let pool = pool("slow");
    let snap = sample(&pool);
    let mut stream = pool.zfs().send(&snap).start().unwrap();
    let mut total = Vec::new();
    let mut chunk = [0; 100_003];
    loop {
        match stream.read(&mut chunk).unwrap() {
            0 => break,
            n => total.write_all(&chunk[..n]).unwrap(),
        }
        thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(total == read_all(pool.zfs().send(&snap).start().unwrap()));
}

#[test]
fn a_dataset_without_a_snapshot_is_sent_as_it_is() {
    let pool = pool("sendhead");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "old", &noise(1, 100_000));
    let base = snapshot(zfs, &data, "base");
    write_file(&pool, &data, "new", &noise(2, 100_000));
    let head = zfs.send_head(&data);
    let copy = pool.dataset("copy");
    zfs.receive(&copy.snapshot("now").unwrap())
        .run(head.start().unwrap())
        .unwrap()
        .all()
        .unwrap();
    assert!(support::read_file(&pool, &copy, "new") == noise(2, 100_000));
    let said = Command::new("zfs")
        .args(["send", data.as_str()])
        .output()
        .unwrap();
    assert!(read_all(head.start().unwrap()) == said.stdout, "zfs send");

    let changes = read_all(zfs.send_head(&data).from(&base).start().unwrap());
    assert!((100_000..190_000).contains(&changes.len()));

    let mount = pool.mount(&data).unwrap();
    let null = File::options().write(true).open("/dev/null").unwrap();
    assert_eq!(kind(head.write_to(&null)), ErrorKind::Busy);
    mount.unmount().unwrap();
    let missing = zfs.send_head(&pool.dataset("missing"));
    assert_eq!(kind(missing.write_to(&null)), ErrorKind::DatasetNotFound);
    let root = encrypted(&pool, "enc");
    zfs.unload_key(&root).unwrap();
    let locked = zfs.send_head(&root);
    assert_eq!(kind(locked.write_to(&null)), ErrorKind::KeyNotLoaded);
    locked.raw().write_to(&null).unwrap();
    let missing = data.snapshot("missing").unwrap();
    assert_eq!(
        kind(head.from(&missing).write_to(&null)),
        ErrorKind::IncrementalSourceNotFound
    );
}
