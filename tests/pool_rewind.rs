//! Pools whose newest state is damaged, imported as they were just before.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;

use libzfs::{ErrorKind, PoolName, SnapshotName, Zfs};
use support::{kind, noise, zfs_says};

/// Where the blocks of a device begin, behind its first labels.
const BLOCKS: u64 = 4 << 20;

/// What a pool begins with at the end of a transaction group: its number, and where the copies of the
/// first block are, with their lengths.
struct Uberblock {
    txg: u64,
    root: Vec<(u64, usize)>,
}

/// Those in the first label of a device whose blocks have 512 bytes.
fn uberblocks(device: &File) -> Vec<Uberblock> {
    let mut ring = vec![0; 128 << 10];
    device.read_exact_at(&mut ring, 128 << 10).unwrap();
    let there = ring.chunks_exact(1 << 10).filter_map(|slot| {
        let word = |at: usize| u64::from_le_bytes(slot[at..at + 8].try_into().unwrap());
        let copy = |at| {
            let (length, place) = (word(at) & 0xff_ffff, word(at + 8));
            (BLOCKS + (place << 9), usize::try_from(length << 9).unwrap())
        };
        let copies = [40, 56, 72].map(copy).into_iter();
        (word(0) == 0xba_b10c).then(|| Uberblock {
            txg: word(16),
            root: copies.filter(|(_, length)| *length != 0).collect(),
        })
    });
    there.collect()
}

/// Overwrites where the pool begins, of this transaction group and all later ones; returns how many
/// they are.
fn damage(path: &Path, from: u64) -> usize {
    let device = File::options().read(true).write(true).open(path).unwrap();
    let newest = uberblocks(&device).into_iter().filter(|ub| ub.txg >= from);
    newest
        .map(|ub| {
            for (at, length) in ub.root {
                device.write_all_at(&noise(at, length), at).unwrap();
            }
        })
        .count()
}

/// What `zpool import` says, whether it does it or not.
fn zpool_import(directory: &Path, args: &[&str]) -> (bool, String) {
    let mut import = Command::new("zpool");
    import.args(["import", "-f", "-N", "-o", "cachefile=none", "-d"]);
    let output = import.arg(directory).args(args).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn what_was_damaged_at_the_end_is_given_up_only_if_that_is_said() {
    let zfs = Zfs::open().unwrap();
    let name: PoolName = format!("lzw-{}", std::process::id()).parse().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let place = |place: &str| directory.path().join(place);
    for made in ["made", "whole", "ours", "theirs"] {
        fs::create_dir(place(made)).unwrap();
    }
    let made = place("made/disk");
    File::create(&made).unwrap().set_len(64 << 20).unwrap();
    zfs.create_pool(&name).vdev(&made).run().unwrap();
    let [early, late] = ["early", "late"].map(|short| name.root().snapshot(short).unwrap());
    let take = |snapshot: &SnapshotName| zfs.create_snapshots(std::slice::from_ref(snapshot));
    take(&early).unwrap();
    zfs.sync_pool_and_labels(&name).unwrap();
    take(&late).unwrap();
    // What is written of the history comes later; then nothing changes any more.
    zfs.sync_pool(&name).unwrap();
    // As it is when the host goes down now.
    for copy in ["whole/disk", "ours/disk", "theirs/disk"] {
        fs::copy(&made, place(copy)).unwrap();
    }
    let txg = zfs.snapshot(&late).unwrap().create_txg().unwrap();
    zfs.destroy_pool(&name).unwrap();

    let import = |copy: &str| {
        let found = zfs.find_pools([place(copy)]).unwrap();
        zfs.import_pool(found.named(&name).unwrap())
    };
    let snapshots = || {
        let columns = ["list", "-Hpt", "snapshot", "-o", "name,guid,createtxg"];
        zfs_says(&[&columns[..], &[name.as_str()]].concat())
    };
    // Nothing is given up that need not be.
    import("whole").discard_last_transactions().run().unwrap();
    assert!(zfs.snapshot_exists(&late).unwrap());
    zfs.destroy_pool(&name).unwrap();

    for copy in ["ours/disk", "theirs/disk"] {
        let damaged = damage(&place(copy), txg);
        assert!((1..=2).contains(&damaged), "{damaged}");
    }
    let found = zfs.find_pools([place("ours")]).unwrap();
    assert_eq!(found.named(&name).unwrap().obstacle(), Some(ErrorKind::Io));
    assert_eq!(kind(import("ours").run()), ErrorKind::Io);
    let (done, said) = zpool_import(&place("theirs"), &[name.as_str()]);
    assert!(!done, "{said}");
    let (_, said) = zpool_import(&place("theirs"), &["-F", "-n", name.as_str()]);
    assert!(said.contains("Would be able to return"), "{said}");
    assert!(!zfs.pools().unwrap().iter().any(|pool| pool.name == name));

    import("ours").discard_last_transactions().run().unwrap();
    assert!(zfs.snapshot_exists(&early).unwrap());
    assert!(!zfs.snapshot_exists(&late).unwrap());
    let ours = snapshots();
    // It can be written again.
    take(&late).unwrap();
    zfs.destroy_pool(&name).unwrap();
    let (done, said) = zpool_import(&place("theirs"), &["-F", name.as_str()]);
    assert!(done, "{said}");
    assert_eq!(ours, snapshots());
    zfs.destroy_pool(&name).unwrap();
}
