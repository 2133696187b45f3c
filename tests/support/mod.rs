//! What tests on pools share.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

use std::fmt::Debug;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};

use libzfs::testing::Pool;
use libzfs::{DatasetName, Encryption, ErrorKind, Key, SnapshotName, Zfs};

pub(crate) const PASSPHRASE: &str = "correct horse battery staple";

/// A pool; where none can be made, the test fails, and says why.
#[track_caller]
pub(crate) fn pool(label: &str) -> Pool {
    match Pool::builder().label(label).build() {
        Ok(pool) => pool,
        Err(error) => panic!("this test needs a pool: {error}"),
    }
}

/// The kind of the error that a call has to fail with.
#[track_caller]
pub(crate) fn kind<T: Debug>(result: libzfs::Result<T>) -> ErrorKind {
    match result {
        Ok(value) => panic!("succeeded with {value:?}"),
        Err(error) => {
            assert!(!error.to_string().contains('\n'), "{error}");
            assert_ne!(error.errno().raw(), 0, "{error}");
            error.kind()
        }
    }
}

pub(crate) fn raw_key() -> Key {
    Key::raw(&[7; 32]).unwrap()
}

/// An encrypted file system with a raw key, which is loaded; it has nothing to derive, which
/// takes long under emulation.
#[track_caller]
pub(crate) fn encrypted(pool: &Pool, path: &str) -> DatasetName {
    let name = pool.dataset(path);
    pool.zfs()
        .create(&name)
        .encryption(Encryption::Aes256Gcm, raw_key())
        .run()
        .unwrap();
    name
}

#[track_caller]
pub(crate) fn file_system(pool: &Pool, path: &str) -> DatasetName {
    let name = pool.dataset(path);
    pool.zfs().create(&name).run().unwrap();
    name
}

#[track_caller]
pub(crate) fn snapshot(zfs: &Zfs, dataset: &DatasetName, short: &str) -> SnapshotName {
    let name = dataset.snapshot(short).unwrap();
    zfs.create_snapshots(std::slice::from_ref(&name)).unwrap();
    name
}

/// Bytes that no compression makes smaller, the same for the same seed.
pub(crate) fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(&mut next)
        .flatten()
        .take(len)
        .collect()
}

/// Writes a file into a dataset by mounting it for a moment.
#[track_caller]
pub(crate) fn write_file(pool: &Pool, dataset: &DatasetName, file: &str, bytes: &[u8]) {
    let mount = pool.mount(dataset).unwrap();
    fs::write(mount.path().join(file), bytes).unwrap();
    mount.unmount().unwrap();
}

#[track_caller]
pub(crate) fn read_file(pool: &Pool, dataset: &DatasetName, file: &str) -> Vec<u8> {
    let mount = pool.mount(dataset).unwrap();
    let bytes = fs::read(mount.path().join(file)).unwrap();
    mount.unmount().unwrap();
    bytes
}

/// A file with these bytes, at its start.
#[track_caller]
pub(crate) fn file_with(pool: &Pool, bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile_in(pool.directory()).unwrap();
    file.write_all(bytes).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file
}

/// What a program of ZFS's own prints, trimmed: an opinion that is not ours.
#[track_caller]
pub(crate) fn zfs_says(args: &[&str]) -> String {
    let output = std::process::Command::new("zfs")
        .args(args)
        .output()
        .unwrap();
    assert!(output.status.success(), "zfs {args:?}: {output:?}");
    String::from_utf8(output.stdout)
        .unwrap()
        .trim_end()
        .to_owned()
}
