//! Keys of encrypted datasets.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs;
use std::process::Command;

use libzfs::{Encryption, ErrorKind, Key, KeyFormat, KeyStatus};
use support::{PASSPHRASE, encrypted, file_system, kind, pool, raw_key};

#[test]
fn a_raw_key_is_unloaded_tried_and_loaded() {
    let pool = pool("key");
    let zfs = pool.zfs();
    let root = encrypted(&pool, "enc");
    let child = file_system(&pool, "enc/child");
    let status = || zfs.dataset(&root).unwrap().key_status().unwrap();
    assert_eq!(
        kind(zfs.load_key(&root, &raw_key())),
        ErrorKind::KeyAlreadyLoaded
    );
    assert!(
        zfs.try_key(&root, &raw_key()).unwrap(),
        "a loaded key can be tried"
    );

    zfs.unload_key(&root).unwrap();
    assert_eq!(status(), KeyStatus::Unavailable);
    assert_eq!(kind(pool.mount(&child)), ErrorKind::KeyNotLoaded);
    assert_eq!(kind(zfs.unload_key(&root)), ErrorKind::KeyNotLoaded);
    let wrong = Key::raw(&[8; 32]).unwrap();
    assert!(!zfs.try_key(&root, &wrong).unwrap());
    assert_eq!(kind(zfs.load_key(&root, &wrong)), ErrorKind::WrongKey);
    assert_eq!(status(), KeyStatus::Unavailable);
    assert!(zfs.try_key(&root, &raw_key()).unwrap());
    assert_eq!(status(), KeyStatus::Unavailable, "trying loads nothing");
    zfs.load_key(&root, &raw_key()).unwrap();
    assert_eq!(status(), KeyStatus::Available);
    pool.mount(&child).unwrap().unmount().unwrap();
}

#[test]
fn a_mounted_dataset_keeps_its_key() {
    let pool = pool("busykey");
    let zfs = pool.zfs();
    let root = encrypted(&pool, "enc");
    let mount = pool.mount(&root).unwrap();
    assert_eq!(kind(zfs.unload_key(&root)), ErrorKind::Busy);
    mount.unmount().unwrap();
    zfs.unload_key(&root).unwrap();
}

#[test]
fn a_dataset_that_is_no_encryption_root_says_so() {
    let pool = pool("noroot");
    let zfs = pool.zfs();
    encrypted(&pool, "enc");
    let child = file_system(&pool, "enc/child");
    let plain = file_system(&pool, "plain");
    let missing = pool.dataset("missing");
    let error = zfs.load_key(&child, &raw_key()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotEncryptionRoot);
    assert!(error.to_string().contains("/enc"), "{error}");
    assert_eq!(kind(zfs.unload_key(&child)), ErrorKind::NotEncryptionRoot);
    assert_eq!(
        kind(zfs.load_key(&plain, &raw_key())),
        ErrorKind::NotEncrypted
    );
    assert_eq!(kind(zfs.unload_key(&plain)), ErrorKind::NotEncrypted);
    assert_eq!(
        kind(zfs.load_key(&missing, &raw_key())),
        ErrorKind::DatasetNotFound
    );
    assert_eq!(kind(zfs.unload_key(&missing)), ErrorKind::DatasetNotFound);
    zfs.unload_key(&pool.dataset("enc")).unwrap();
    assert_eq!(
        kind(zfs.create(&pool.dataset("enc/x")).run()),
        ErrorKind::KeyNotLoaded
    );
}

#[test]
fn a_wrong_key_of_another_format_is_told_from_a_wrong_key() {
    let pool = pool("format");
    let zfs = pool.zfs();
    let root = encrypted(&pool, "enc");
    zfs.unload_key(&root).unwrap();
    let hex = Key::hex("08".repeat(32)).unwrap();
    for error in [
        zfs.load_key(&root, &hex),
        zfs.try_key(&root, &hex).map(drop),
    ] {
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidKey);
        assert!(error.to_string().contains("keyformat is raw"), "{error}");
        assert!(!error.to_string().contains("0808"), "{error}");
    }
    let passphrase = Key::passphrase(PASSPHRASE).unwrap();
    let refused = zfs.load_key(&root, &passphrase);
    assert_eq!(kind(refused), ErrorKind::InvalidKey);
    // The same bytes, written otherwise.
    zfs.load_key(&root, &Key::hex("07".repeat(32)).unwrap())
        .unwrap();
}

#[test]
fn a_passphrase_of_ours_opens_for_zfs_and_one_of_zfs_for_us() {
    let pool = pool("pass");
    let zfs = pool.zfs();
    let (ours, theirs) = (pool.dataset("ours"), pool.dataset("theirs"));
    let key = Key::passphrase(PASSPHRASE).unwrap();
    zfs.create(&ours)
        .encryption(Encryption::Aes256Gcm, key.clone())
        .set("pbkdf2iters", 100_000_u64)
        .run()
        .unwrap();
    assert_eq!(
        zfs.dataset(&ours).unwrap().key_format().unwrap(),
        Some(KeyFormat::Passphrase)
    );
    zfs.unload_key(&ours).unwrap();

    let file = pool.directory().join("passphrase");
    fs::write(&file, PASSPHRASE).unwrap();
    let location = format!("file://{}", file.display());
    let run = |args: &[&str]| {
        let output = Command::new("zfs").args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {output:?}");
    };
    run(&["load-key", "-L", &location, ours.as_str()]);
    assert_eq!(
        zfs.dataset(&ours).unwrap().key_status().unwrap(),
        KeyStatus::Available
    );

    let keylocation = format!("keylocation={location}");
    let iterations = "pbkdf2iters=100001";
    let create = [
        "create",
        "-o",
        "mountpoint=none",
        "-o",
        "encryption=on",
        "-o",
        iterations,
    ];
    let rest = [
        "-o",
        "keyformat=passphrase",
        "-o",
        &keylocation,
        theirs.as_str(),
    ];
    run(&[&create[..], &rest].concat());
    zfs.unload_key(&theirs).unwrap();
    let wrong = Key::passphrase("incorrect horse").unwrap();
    assert_eq!(kind(zfs.load_key(&theirs, &wrong)), ErrorKind::WrongKey);
    zfs.load_key(&theirs, &key).unwrap();
}

#[test]
fn too_few_iterations_are_refused_before_the_kernel() {
    let pool = pool("iters");
    let name = pool.dataset("enc");
    let key = Key::passphrase(PASSPHRASE).unwrap();
    let builder = pool
        .zfs()
        .create(&name)
        .encryption(Encryption::Aes256Gcm, key);
    assert_eq!(
        kind(builder.set("pbkdf2iters", 99_999_u64).run()),
        ErrorKind::InvalidKey
    );
    assert!(!pool.zfs().dataset_exists(&name).unwrap());
}

#[test]
fn a_wrapping_key_that_was_derived_before_is_loaded() {
    let pool = pool("wrapping");
    let zfs = pool.zfs();
    let root = encrypted(&pool, "enc");
    zfs.unload_key(&root).unwrap();
    let derivation = libzfs::key::Derivation { salt: 0, iters: 0 };
    let key = raw_key().wrapping_key(derivation).unwrap();
    zfs.load_wrapping_key(&root, &key).unwrap();
    assert_eq!(
        zfs.dataset(&root).unwrap().key_status().unwrap(),
        KeyStatus::Available
    );
    let plain = file_system(&pool, "plain");
    assert_eq!(
        kind(zfs.load_wrapping_key(&plain, &key)),
        ErrorKind::NotEncrypted
    );
}
