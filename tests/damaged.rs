//! A pool whose disk has lost data: what cannot be read is told, and the rest is had.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::FileExt;

use libzfs::testing::Pool;
use libzfs::{ErrorKind, SnapshotName};
use support::{file_system, kind, noise, pool, snapshot, stream_of, write_file};

/// A pool with a snapshot of a file of which the first byte is another on disk.
fn damaged(label: &str, bytes: &[u8]) -> (Pool, SnapshotName) {
    let pool = pool(label);
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "file", bytes);
    let snap = snapshot(pool.zfs(), &data, "s");
    let path = pool.vdevs()[0].path.clone();
    let exported = pool.export().unwrap();
    let disk = fs::read(&path).unwrap();
    let piece = &bytes[..512];
    let place = disk.chunks(512).position(|sector| sector == piece);
    let place = place.expect("what does not compress is on disk as it is") as u64 * 512;
    let file = File::options().write(true).open(&path).unwrap();
    file.write_all_at(&[!bytes[0]], place).unwrap();
    (exported.import().unwrap(), snap)
}

#[test]
fn a_send_of_it_fails_and_so_does_its_receive() {
    let bytes = noise(1, 1 << 20);
    let (pool, snap) = damaged("damaged", &bytes);
    let zfs = pool.zfs();
    let send = zfs.send(&snap);
    assert!(send.size().unwrap() > bytes.len() as u64);
    let mut stream = send.start().unwrap();
    let error = stream.read_to_end(&mut Vec::new()).unwrap_err();
    let error = error.downcast::<libzfs::Error>().unwrap();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    let null = File::options().write(true).open("/dev/null").unwrap();
    assert_eq!(kind(send.write_to(&null)), ErrorKind::Io);
    let target = pool.snapshot("copy@s");
    let received = zfs.receive(&target).run(send.start().unwrap());
    assert_eq!(kind(received), ErrorKind::Io);
    assert!(!zfs.dataset_exists(target.dataset()).unwrap());

    // What is not damaged is sent.
    let other = file_system(&pool, "other");
    write_file(&pool, &other, "file", &bytes);
    let other = snapshot(zfs, &other, "s");
    assert!(stream_of(&zfs.send(&other)).len() > bytes.len());
    let later = snapshot(zfs, snap.dataset(), "later");
    assert!(!stream_of(&zfs.send(&later).from(&snap)).is_empty());
}
