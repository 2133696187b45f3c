//! Healing damaged blocks with a stream, and what comes of it.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::collections::HashMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use libzfs::stream::{BeginRecord, Features};
use libzfs::testing::Pool;
use libzfs::{DatasetName, Encryption, ErrorKind, SnapshotName, kernel_version};
use support::{
    encrypted, file_with, kind, noise, pool, raw_key, snapshot, stream_of, write_file, zfs_says,
    zpool_says,
};

const LEN: usize = 1 << 20;

/// Whether this is the release that cannot heal; what is asked of it is refused.
fn cannot_heal(pool: &Pool, snapshot: &SnapshotName) -> bool {
    if !kernel_version().unwrap().starts_with("2.1.") {
        return false;
    }
    let stream = stream_of(&pool.zfs().send(snapshot));
    let error = pool
        .zfs()
        .force_heal(snapshot, file_with(pool, &stream))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("OpenZFS 2.2"), "{error}");
    true
}

/// A file of noise in blocks that are on disk as they are, and its snapshot.
fn sample(pool: &Pool, seed: u64) -> SnapshotName {
    let data = pool.dataset("data");
    pool.zfs()
        .create(&data)
        .set("compression", "off")
        .run()
        .unwrap();
    write_file(pool, &data, "file", &noise(seed, LEN));
    snapshot(pool.zfs(), &data, "s")
}

const SECTOR: usize = 512;

/// Writes garbage over one sector of the pool's file, the first of those in `bytes` that are there.
fn damage(pool: &Pool, bytes: &[u8]) {
    zpool_says(&["sync", pool.name().as_str()]);
    let path = &pool.vdevs()[0].path;
    let content = fs::read(path).unwrap();
    let on_disk: HashMap<&[u8], usize> = content
        .chunks_exact(SECTOR)
        .enumerate()
        .filter(|(_, sector)| sector.iter().any(|&byte| byte != 0))
        .map(|(number, sector)| (sector, number * SECTOR))
        .collect();
    let at = bytes.windows(SECTOR).find_map(|sector| on_disk.get(sector));
    let at = u64::try_from(*at.expect("it is on disk as it is")).unwrap();
    let file = File::options().write(true).open(path).unwrap();
    file.write_all_at(&[0xee; SECTOR], at).unwrap();
    file.sync_all().unwrap();
}

/// Nothing of it is in the cache afterwards.
fn imported_again(pool: Pool) -> Pool {
    pool.export().unwrap().import().unwrap()
}

fn read_file(pool: &Pool, dataset: &DatasetName) -> std::io::Result<Vec<u8>> {
    let mount = pool.mount(dataset).unwrap();
    let read = fs::read(mount.path().join("file"));
    mount.unmount().unwrap();
    read
}

#[test]
fn damaged_blocks_are_mended() {
    let pool = pool("heal");
    let snap = sample(&pool, 1);
    if cannot_heal(&pool, &snap) {
        return;
    }
    let stream = stream_of(&pool.zfs().send(&snap));
    // In the second and the last block.
    for at in [128 << 10, LEN - 512] {
        damage(&pool, &noise(1, LEN)[at..]);
    }
    let pool = imported_again(pool);
    let zfs = pool.zfs();
    let error = read_file(&pool, snap.dataset()).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EIO));
    let null = File::options().write(true).open("/dev/null").unwrap();
    assert_eq!(kind(zfs.send(&snap).write_to(&null)), ErrorKind::Io);

    let read = zfs.force_heal(&snap, file_with(&pool, &stream)).unwrap();
    assert_eq!(read + 312, stream.len() as u64);
    let pool = imported_again(pool);
    assert!(read_file(&pool, snap.dataset()).unwrap() == noise(1, LEN));
    assert!(stream_of(&pool.zfs().send(&snap)) == stream);
    zpool_says(&["scrub", "-w", pool.name().as_str()]);
    let status = zpool_says(&["status", pool.name().as_str()]);
    assert!(status.contains("No known data errors"), "{status}");
}

#[test]
fn an_encrypted_snapshot_is_mended_raw_without_its_key() {
    let pool = pool("healraw");
    let zfs = pool.zfs();
    let root = encrypted(&pool, "enc");
    write_file(&pool, &root, "file", &noise(1, LEN));
    let snap = snapshot(zfs, &root, "s");
    if cannot_heal(&pool, &snap) {
        return;
    }
    let stream = stream_of(&zfs.send(&snap).raw());
    // The ciphertext is not known, but the stream has it in its middle.
    damage(&pool, &stream[stream.len() / 2..][..64 << 10]);
    let pool = imported_again(pool);
    let zfs = pool.zfs();
    zfs.force_heal(&snap, file_with(&pool, &stream)).unwrap();
    zfs.load_key(&root, &raw_key()).unwrap();
    assert!(read_file(&pool, &root).unwrap() == noise(1, LEN));

    zfs.unload_key(&root).unwrap();
    let plain = sample(&pool, 3);
    let copy = root.child("copy").unwrap().snapshot("s").unwrap();
    zfs.load_key(&root, &raw_key()).unwrap();
    let plain = stream_of(&zfs.send(&plain));
    zfs.receive(&copy)
        .run(file_with(&pool, &plain))
        .unwrap()
        .all()
        .unwrap();
    zfs.unload_key(&root).unwrap();
    assert_eq!(
        kind(zfs.force_heal(&copy, file_with(&pool, &plain))),
        ErrorKind::KeyNotLoaded
    );
}

#[test]
fn the_snapshot_is_spoilt_by_it() {
    // If this fails because a release does better, the documentation has to say so.
    let pool = pool("spoilt");
    let snap = sample(&pool, 1);
    if cannot_heal(&pool, &snap) {
        return;
    }
    let zfs = pool.zfs();
    let stream = stream_of(&zfs.send(&snap));
    let data = snap.dataset();
    zfs.force_heal(&snap, file_with(&pool, &stream)).unwrap();
    let clone = pool.dataset("clone");
    zfs_says(&["clone", "-o", "canmount=off", snap.as_str(), clone.as_str()]);
    assert_eq!(kind(pool.mount(&clone)), ErrorKind::Busy);
    let pool = imported_again(pool);
    let zfs = pool.zfs();
    assert!(!zfs.dataset_exists(&clone).unwrap());
    // It can be sent and healed again, and the file system is as it was.
    assert!(stream_of(&zfs.send(&snap)) == stream);
    zfs.force_heal(&snap, file_with(&pool, &stream)).unwrap();
    assert!(read_file(&pool, data).unwrap() == noise(1, LEN));
    let copy = pool.snapshot("copy@s");
    zfs.receive(&copy)
        .run(zfs.send(&snap).start().unwrap())
        .unwrap()
        .all()
        .unwrap();
    assert!(read_file(&pool, copy.dataset()).unwrap() == noise(1, LEN));
}

#[test]
fn what_would_do_harm_or_no_good_is_refused() {
    let pool = pool("healbad");
    let zfs = pool.zfs();
    let snap = sample(&pool, 1);
    if cannot_heal(&pool, &snap) {
        return;
    }
    let data = snap.dataset();
    let later = snapshot(zfs, data, "later");
    let stream = stream_of(&zfs.send(&snap));
    let heal =
        |name: &SnapshotName, stream: &[u8]| kind(zfs.force_heal(name, file_with(&pool, stream)));
    assert_eq!(heal(&later, &stream), ErrorKind::WrongSnapshot);
    assert_eq!(
        heal(&data.snapshot("missing").unwrap(), &stream),
        ErrorKind::SnapshotNotFound
    );
    assert_eq!(
        heal(&pool.snapshot("missing@s"), &stream),
        ErrorKind::DatasetNotFound
    );
    assert_eq!(heal(&snap, b""), ErrorKind::EmptyStream);
    assert_eq!(heal(&snap, &stream[..100]), ErrorKind::StreamTruncated);
    for (feature, expected) in [
        (Features::RAW, ErrorKind::EncryptionMismatch),
        (Features::RESUMING, ErrorKind::ResumeMismatch),
    ] {
        let mut changed = stream.clone();
        let version = u64::from_ne_bytes(changed[16..24].try_into().unwrap());
        changed[16..24].copy_from_slice(&(version | feature.bits() << 2).to_ne_bytes());
        assert!(
            BeginRecord::parse(&changed)
                .unwrap()
                .features()
                .contains(feature)
        );
        assert_eq!(heal(&snap, &changed), expected);
    }

    // Mounted, it would make the kernel panic.
    let path = pool.directory().join("snapshot");
    fs::create_dir(&path).unwrap();
    let mount = |args: &[&str]| {
        let status = std::process::Command::new(args[0])
            .args(&args[1..])
            .status()
            .unwrap();
        assert!(status.success(), "{args:?}");
    };
    mount(&["mount", "-t", "zfs", snap.as_str(), path.to_str().unwrap()]);
    assert_eq!(heal(&snap, &stream), ErrorKind::Busy);
    mount(&["umount", path.to_str().unwrap()]);

    // None of it has touched the snapshot.
    mount(&["mount", "-t", "zfs", snap.as_str(), path.to_str().unwrap()]);
    mount(&["umount", path.to_str().unwrap()]);

    let volume = pool.dataset("volume");
    zfs.create(&volume)
        .volume(1 << 20)
        .set("snapdev", "visible")
        .run()
        .unwrap();
    let of_volume = snapshot(zfs, &volume, "s");
    assert_eq!(
        heal(&of_volume, &stream_of(&zfs.send(&of_volume))),
        ErrorKind::Busy
    );

    // A partial receive is in the way.
    let target = pool.dataset("copy");
    zfs.receive(&target.snapshot("s").unwrap())
        .run(file_with(&pool, &stream))
        .unwrap()
        .all()
        .unwrap();
    write_file(&pool, data, "more", &noise(5, LEN));
    let last = snapshot(zfs, data, "last");
    let incremental = stream_of(&zfs.send(&last).from(&snap));
    let half = file_with(&pool, &incremental[..incremental.len() / 2]);
    let cut = zfs
        .receive(&target.snapshot("last").unwrap())
        .resumable()
        .run(half);
    assert_eq!(kind(cut), ErrorKind::StreamTruncated);
    assert_eq!(
        heal(&target.snapshot("s").unwrap(), &stream),
        ErrorKind::ResumableStateExists
    );
}

#[test]
fn a_stream_that_does_not_have_what_was_on_disk_mends_nothing() {
    let pool = pool("healother");
    let snap = sample(&pool, 1);
    if cannot_heal(&pool, &snap) {
        return;
    }
    let zfs = pool.zfs();
    // The same snapshot, but in another form.
    let copy = pool.snapshot("copy@s");
    zfs.receive(&copy)
        .encryption(Encryption::Aes256Gcm, raw_key())
        .run(zfs.send(&snap).start().unwrap())
        .unwrap()
        .all()
        .unwrap();
    let raw = stream_of(&zfs.send(&copy).raw());
    assert_eq!(
        kind(zfs.force_heal(&snap, file_with(&pool, &raw))),
        ErrorKind::EncryptionMismatch
    );
    let mut wrong = stream_of(&zfs.send(&snap));
    damage(&pool, &noise(1, LEN)[LEN / 2..]);
    let middle = wrong.len() / 2;
    wrong[middle] ^= 1;
    let pool = imported_again(pool);
    assert_eq!(
        kind(pool.zfs().force_heal(&snap, file_with(&pool, &wrong))),
        ErrorKind::BadStream
    );
    let error = read_file(&pool, snap.dataset()).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EIO));
}
