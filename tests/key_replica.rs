//! What becomes of a replica's key when raw streams follow: the trap itself, and that it is not
//! walked into unawares.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::thread;
use std::time::Duration;

use libzfs::testing::Pool;
use libzfs::{DatasetName, ErrorKind, Key, KeyStatus, SnapshotName, Zfs};
use support::{
    encrypted, file_system, kind, pool, property_says, raw_key, read_file, snapshot, write_file,
};

fn other_key() -> Key {
    Key::raw(&[9; 32]).unwrap()
}

/// A second, in which the times of snapshots are told apart.
fn next_second() {
    thread::sleep(Duration::from_millis(1100));
}

/// Sends a snapshot raw and receives it into `to`.
#[track_caller]
fn replicate(zfs: &Zfs, base: Option<&SnapshotName>, snapshot: &SnapshotName, to: &DatasetName) {
    let send = zfs.send(snapshot).raw();
    let send = match base {
        Some(base) => send.from(base),
        None => send,
    };
    let copy = to.snapshot(snapshot.short_name()).unwrap();
    zfs.receive(&copy)
        .run(send.start().unwrap())
        .unwrap()
        .all()
        .unwrap();
}

/// A dataset `prod` with a file and the snapshot `a`, one second old.
fn source(pool: &Pool) -> (DatasetName, SnapshotName) {
    let prod = encrypted(pool, "prod");
    write_file(pool, &prod, "first", b"1");
    let first = snapshot(pool.zfs(), &prod, "a");
    next_second();
    (prod, first)
}

/// Another file, and the snapshot `b`.
fn second(pool: &Pool, prod: &DatasetName) -> SnapshotName {
    write_file(pool, prod, "second", b"2");
    snapshot(pool.zfs(), prod, "b")
}

fn reload(zfs: &Zfs, root: &DatasetName, key: &Key) -> libzfs::Result<()> {
    if zfs.dataset(root).unwrap().key_status().unwrap() == KeyStatus::Available {
        zfs.unload_key(root).unwrap();
    }
    zfs.load_key(root, key)
}

#[test]
fn a_new_key_of_a_replica_lasts_until_the_next_stream() {
    let pool = pool("replica");
    let zfs = pool.zfs();
    let (prod, first) = source(&pool);
    let copy = pool.dataset("copy");
    replicate(zfs, None, &first, &copy);
    zfs.load_key(&copy, &raw_key()).unwrap();

    let refused = zfs.change_key(&copy, other_key()).run().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::KeyOfReplica);
    assert!(refused.to_string().contains("copy@a is older"), "{refused}");
    assert!(
        zfs.try_key(&copy, &raw_key()).unwrap(),
        "nothing was changed"
    );
    zfs.change_key(&copy, other_key())
        .even_if_replica()
        .key_location("file:///new/key")
        .run()
        .unwrap();
    assert!(zfs.try_key(&copy, &other_key()).unwrap());

    // The trap: the stream brings the key with it.
    let then = second(&pool, &prod);
    replicate(zfs, Some(&first), &then, &copy);
    assert_eq!(property_says("keystatus", &copy), "available");
    assert_eq!(property_says("keylocation", &copy), "file:///new/key");
    assert!(!zfs.try_key(&copy, &other_key()).unwrap());
    // Over this the kernel would panic.
    let again = zfs.change_key(&copy, other_key()).even_if_replica();
    assert_eq!(kind(again.run()), ErrorKind::LoadedKeyMismatch);
    assert_eq!(kind(reload(zfs, &copy, &other_key())), ErrorKind::WrongKey);
    // Nothing is lost for whoever has the key of the source.
    reload(zfs, &copy, &raw_key()).unwrap();
    assert_eq!(read_file(&pool, &copy, "second"), b"2");
}

#[test]
fn a_replica_that_inherits_is_locked_out_by_the_next_stream() {
    let pool = pool("inherits");
    let zfs = pool.zfs();
    let (prod, first) = source(&pool);
    let vault = file_system(&pool, "vault");
    zfs.destroy_dataset(&vault).unwrap();
    zfs.create(&vault)
        .encryption(libzfs::Encryption::Aes256Gcm, other_key())
        .run()
        .unwrap();
    let copy = pool.dataset("vault/copy");
    replicate(zfs, None, &first, &copy);
    zfs.load_key(&copy, &raw_key()).unwrap();

    assert_eq!(kind(zfs.inherit_key(&copy)), ErrorKind::KeyOfReplica);
    assert_eq!(property_says("encryptionroot", &copy), copy.as_str());
    zfs.inherit_key_even_if_replica(&copy).unwrap();
    assert_eq!(property_says("encryptionroot", &copy), vault.as_str());
    reload(zfs, &vault, &other_key()).unwrap();
    // The key of a root that was made here is changed for all that is below it. (The stream would
    // not fit a copy that was mounted.)
    zfs.change_key(&vault, raw_key()).run().unwrap();
    zfs.change_key(&vault, other_key()).run().unwrap();

    // The trap: the stream's key is none of the root's.
    let then = second(&pool, &prod);
    replicate(zfs, Some(&first), &then, &copy);
    assert_eq!(property_says("encryptionroot", &copy), vault.as_str());
    reload(zfs, &vault, &other_key()).unwrap();
    assert_eq!(property_says("keystatus", &copy), "available");
    assert_eq!(kind(pool.mount(&copy)), ErrorKind::KeyNotLoaded);
    assert_eq!(
        kind(zfs.load_key(&copy, &raw_key())),
        ErrorKind::NotEncryptionRoot
    );

    // Over this the kernel would panic.
    let refused = zfs.change_key(&vault, raw_key()).run().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::LoadedKeyMismatch);
    assert!(refused.to_string().contains(copy.as_str()), "{refused}");
    let refused = zfs.inherit_key(&vault).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::LoadedKeyMismatch);

    // The way out.
    zfs.unload_key(&vault).unwrap();
    zfs.force_encryption_root_without_rewrap(&copy).unwrap();
    zfs.load_key(&copy, &raw_key()).unwrap();
    assert_eq!(read_file(&pool, &copy, "second"), b"2");
}

/// A clone has its origin's key wherever it is, and so has what is below it.
#[test]
fn a_replica_below_a_clone_elsewhere_is_looked_at_too() {
    let pool = pool("elsewhere");
    let zfs = pool.zfs();
    let (prod, first) = source(&pool);
    let vault = pool.dataset("vault");
    zfs.create(&vault)
        .encryption(libzfs::Encryption::Aes256Gcm, other_key())
        .run()
        .unwrap();
    let origin = snapshot(zfs, &file_system(&pool, "vault/data"), "s");
    let clone = pool.dataset("clone");
    zfs.clone_snapshot(&origin, &clone).run().unwrap();
    let copy = pool.dataset("clone/copy");
    replicate(zfs, None, &first, &copy);
    zfs.load_key(&copy, &raw_key()).unwrap();
    zfs.inherit_key_even_if_replica(&copy).unwrap();
    assert_eq!(property_says("encryptionroot", &copy), vault.as_str());
    zfs.change_key(&vault, raw_key()).run().unwrap();
    zfs.change_key(&vault, other_key()).run().unwrap();

    let then = second(&pool, &prod);
    replicate(zfs, Some(&first), &then, &copy);
    reload(zfs, &vault, &other_key()).unwrap();
    // Over this the kernel would panic.
    let refused = zfs.change_key(&vault, raw_key()).run().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::LoadedKeyMismatch);
    assert!(refused.to_string().contains(copy.as_str()), "{refused}");
    // The clone's key is its origin's, and a dataset with a key of its own is none of theirs.
    zfs.unload_key(&vault).unwrap();
    zfs.force_encryption_root_without_rewrap(&copy).unwrap();
    zfs.load_key(&vault, &other_key()).unwrap();
    zfs.change_key(&vault, raw_key()).run().unwrap();
    zfs.load_key(&copy, &raw_key()).unwrap();
    assert_eq!(read_file(&pool, &copy, "second"), b"2");
}

#[test]
fn a_replica_is_known_by_what_a_receive_leaves() {
    let pool = pool("signs");
    let zfs = pool.zfs();
    let prod = encrypted(&pool, "prod");
    write_file(&pool, &prod, "first", &support::noise(1, 1 << 20));
    let first = snapshot(zfs, &prod, "a");
    let change = |name| zfs.change_key(name, other_key()).run();

    // Received properties, also if it is younger than a second.
    let marked = pool.dataset("marked");
    zfs.receive(&marked.snapshot("a").unwrap())
        .received_properties([("com.example:set", "nightly")])
        .run(zfs.send(&first).raw().start().unwrap())
        .unwrap()
        .all()
        .unwrap();
    zfs.load_key(&marked, &raw_key()).unwrap();
    let refused = change(&marked).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::KeyOfReplica);
    assert!(
        refused.to_string().contains("received properties"),
        "{refused}"
    );

    // A part of a stream.
    let stream = support::stream_of(&zfs.send(&first).raw());
    let part = pool.dataset("part");
    let cut = support::file_with(&pool, &stream[..stream.len() / 2]);
    let receive = zfs.receive(&part.snapshot("a").unwrap()).resumable();
    assert_eq!(kind(receive.run(cut)), ErrorKind::StreamTruncated);
    let refused = change(&part).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::KeyOfReplica);
    assert!(
        refused.to_string().contains("a part of a stream"),
        "{refused}"
    );

    // What is received without raw below a dataset that is encrypted here has a key from here.
    let vault = encrypted(&pool, "vault");
    let plain = pool.dataset("vault/plain");
    next_second();
    zfs.receive(&plain.snapshot("a").unwrap())
        .received_properties([("com.example:set", "nightly")])
        .run(zfs.send(&first).start().unwrap())
        .unwrap()
        .all()
        .unwrap();
    change(&vault).unwrap();
    change(&plain).unwrap();
    // A dataset of this machine's with snapshots is no replica.
    change(&prod).unwrap();
    assert!(zfs.try_key(&prod, &other_key()).unwrap());
}
