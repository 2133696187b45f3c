//! Creating, reading and destroying datasets.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use libzfs::property::{CREATION, MOUNTPOINT, READONLY};
use libzfs::{Destroy, Encryption, ErrorKind, Key, KeyStatus, Operation, Source};
use support::{encrypted, file_system, kind, pool, raw_key, snapshot, zfs_says};

#[test]
fn a_file_system_is_made_read_and_destroyed() {
    let pool = pool("fs");
    let zfs = pool.zfs();
    let name = pool.dataset("data");
    assert!(!zfs.dataset_exists(&name).unwrap());
    zfs.create(&name)
        .set("com.example:set", "nightly")
        .set("readonly", true)
        .run()
        .unwrap();
    assert!(zfs.dataset_exists(&name).unwrap());

    let dataset = zfs.dataset(&name).unwrap();
    assert_eq!(
        dataset.guid().unwrap().to_string(),
        zfs_says(&["get", "-Hpo", "value", "guid", name.as_str()])
    );
    let set = dataset.user_property("com.example:set").unwrap();
    assert_eq!(
        (set.value.to_string().as_str(), set.source),
        ("nightly", Source::Local)
    );
    let readonly = dataset.get(&READONLY).unwrap().unwrap();
    assert_eq!((readonly.value, readonly.source), (true, Source::Local));
    assert!(dataset.get(&CREATION).unwrap().unwrap().value > 0);
    assert_eq!(dataset.encryption().unwrap(), Encryption::Off);
    assert_eq!(dataset.key_status().unwrap(), KeyStatus::None);
    assert_eq!(dataset.encryption_root().unwrap(), None);
    assert_eq!(dataset.receive_resume_token().unwrap(), None);

    zfs.destroy_dataset(&name).unwrap();
    assert_eq!(kind(zfs.dataset(&name)), ErrorKind::DatasetNotFound);
    assert_eq!(kind(zfs.destroy_dataset(&name)), ErrorKind::DatasetNotFound);
}

#[test]
fn properties_are_inherited_from_where_they_are_set() {
    let pool = pool("inherit");
    let zfs = pool.zfs();
    let parent = pool.dataset("a");
    zfs.create(&parent)
        .set("com.example:x", "1")
        .set("readonly", "on")
        .run()
        .unwrap();
    let child = file_system(&pool, "a/b");
    let dataset = zfs.dataset(&child).unwrap();
    let from = Source::Inherited(parent.clone());
    assert_eq!(dataset.user_property("com.example:x").unwrap().source, from);
    assert_eq!(dataset.get(&READONLY).unwrap().unwrap().source, from);
    let snap = zfs.snapshot(&snapshot(zfs, &parent, "s")).unwrap();
    let on_snapshot = snap.user_property("com.example:x").unwrap();
    assert_eq!(on_snapshot.source, from);
    let mountpoint = dataset.get(&MOUNTPOINT).unwrap().unwrap();
    assert_eq!(mountpoint.source, Source::Default);
    assert_eq!(dataset.user_property("com.example:y"), None);
    // A name that looks like nothing ZFS has is no panic either.
    assert_eq!(dataset.user_property(""), None);
}

#[test]
fn a_volume_is_made() {
    let pool = pool("vol");
    let zfs = pool.zfs();
    let name = pool.dataset("vol");
    zfs.create(&name)
        .volume(16 << 20)
        .set("volblocksize", 16_u64 << 10)
        .run()
        .unwrap();
    assert_eq!(
        zfs_says(&["get", "-Hpo", "value", "type,volsize", name.as_str()]),
        "volume\n16777216"
    );
    let below = pool.dataset("vol/child");
    assert_eq!(kind(zfs.create(&below).run()), ErrorKind::WrongParent);
    let odd = pool.dataset("odd");
    assert_eq!(
        kind(zfs.create(&odd).volume(1000).run()),
        ErrorKind::InvalidProperty
    );
    assert!(!zfs.dataset_exists(&odd).unwrap());
}

#[test]
fn each_way_of_failing_to_create_is_told() {
    let pool = pool("create");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let create = |path: &str| zfs.create(&pool.dataset(path));
    assert_eq!(kind(create("data").run()), ErrorKind::DatasetExists);
    assert_eq!(kind(create("no/such").run()), ErrorKind::ParentNotFound);
    assert_eq!(kind(create("%x").run()), ErrorKind::InvalidName);
    assert_eq!(
        kind(create("x").set("readonly", "maybe").run()),
        ErrorKind::InvalidProperty
    );
    assert_eq!(
        kind(create("x").set("recordsize", 1000_u64).run()),
        ErrorKind::InvalidProperty
    );
    assert_eq!(
        kind(create("x").set("NoColon", "v").run()),
        ErrorKind::InvalidProperty
    );
    assert_eq!(
        kind(create("x").encryption(Encryption::Off, raw_key()).run()),
        ErrorKind::InvalidKey
    );
    let nowhere = "nosuchpool/a".parse().unwrap();
    let error = zfs.create(&nowhere).run().unwrap_err();
    assert_eq!(error.operation(), Operation::Create);
    assert_eq!(error.kind(), ErrorKind::PoolNotFound);
    let other = pool.dataset("x");
    assert!(!zfs.dataset_exists(&other).unwrap());
    drop(data);
}

#[test]
fn the_longest_name_is_not_cut() {
    let pool = pool("long");
    let zfs = pool.zfs();
    let room = 255 - pool.name().as_str().len() - 1;
    let name = file_system(&pool, &"x".repeat(room));
    assert_eq!(name.as_str().len(), 255);
    assert!(zfs.dataset_exists(&name).unwrap());
    let shorter = pool.dataset(&"x".repeat(room - 1));
    assert_eq!(kind(zfs.dataset(&shorter)), ErrorKind::DatasetNotFound);
    assert!(name.child("y").is_err() && name.snapshot("s").is_err());
    zfs.destroy_dataset(&name).unwrap();
}

#[test]
fn what_is_in_use_is_not_destroyed() {
    let pool = pool("destroy");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    file_system(&pool, "data/child");
    assert_eq!(kind(zfs.destroy_dataset(&data)), ErrorKind::HasChildren);
    let child = pool.dataset("data/child");
    let mount = pool.mount(&child).unwrap();
    assert_eq!(kind(zfs.destroy_dataset(&child)), ErrorKind::Busy);
    mount.unmount().unwrap();
    zfs.destroy_dataset(&child).unwrap();
    let snap = snapshot(zfs, &data, "s");
    assert_eq!(kind(zfs.destroy_dataset(&data)), ErrorKind::HasChildren);
    assert!(zfs.dataset_exists(&data).unwrap());

    // What was cloned goes only after its clone.
    let clone = pool.dataset("clone");
    zfs.clone_snapshot(&snap, &clone).run().unwrap();
    assert_eq!(kind(zfs.destroy_dataset(&data)), ErrorKind::HasChildren);
    zfs.destroy_dataset(&clone).unwrap();
    zfs.destroy_snapshots(&[snap], Destroy::Now).unwrap();
    zfs.destroy_dataset(&data).unwrap();
    let root = pool.dataset("");
    assert_eq!(kind(zfs.destroy_dataset(&root)), ErrorKind::InvalidName);
}

#[test]
fn a_property_that_is_too_long_is_refused() {
    let pool = pool("longprop");
    let zfs = pool.zfs();
    let name = pool.dataset("data");
    let long = "x".repeat(8192);
    let builder = zfs.create(&name).set("com.example:x", long.as_str());
    assert_eq!(kind(builder.run()), ErrorKind::InvalidProperty);
    assert!(!zfs.dataset_exists(&name).unwrap());
}

#[test]
fn encryption_is_read_as_zfs_reads_it() {
    let pool = pool("enc");
    let zfs = pool.zfs();
    let root = encrypted(&pool, "enc");
    let child = file_system(&pool, "enc/child");
    for (name, keylocation) in [(&root, "prompt"), (&child, "none")] {
        let dataset = zfs.dataset(name).unwrap();
        assert_eq!(dataset.encryption().unwrap(), Encryption::Aes256Gcm);
        assert_eq!(dataset.key_status().unwrap(), KeyStatus::Available);
        assert_eq!(dataset.encryption_root().unwrap().as_ref(), Some(&root));
        let properties = "encryption,keyformat,keylocation,keystatus,encryptionroot";
        let said = zfs_says(&["get", "-Hpo", "value", properties, name.as_str()]);
        assert_eq!(
            said,
            format!("aes-256-gcm\nraw\n{keylocation}\navailable\n{root}")
        );
    }
    for suite in [
        Encryption::Aes128Ccm,
        Encryption::Aes192Gcm,
        Encryption::Aes256Ccm,
    ] {
        let name = pool.dataset(&suite.to_string());
        zfs.create(&name)
            .encryption(suite, Key::hex("ab".repeat(32)).unwrap())
            .run()
            .unwrap();
        assert_eq!(zfs.dataset(&name).unwrap().encryption().unwrap(), suite);
        assert_eq!(
            zfs_says(&["get", "-Hpo", "value", "encryption", name.as_str()]),
            suite.to_string()
        );
    }
}
