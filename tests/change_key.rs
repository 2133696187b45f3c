//! Changing keys, and from where datasets have them.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use libzfs::testing::Pool;
use libzfs::{DatasetName, Encryption, ErrorKind, Key, KeyFormat, KeyStatus, Zfs};
use support::{
    NOBODY, PASSPHRASE, allow, as_user, encrypted, file_system, kind, pool, raw_key, read_file,
    unallow, within, write_file, zfs_says,
};

const BYTES: &[u8] = b"what has to stay readable";

fn other_key() -> Key {
    Key::raw(&[9; 32]).unwrap()
}

fn status(zfs: &Zfs, name: &DatasetName) -> KeyStatus {
    zfs.dataset(name).unwrap().key_status().unwrap()
}

/// What `zfs get` says of some properties, without headers.
fn says(name: &DatasetName, properties: &str) -> String {
    zfs_says(&["get", "-Hpo", "value", properties, name.as_str()])
}

/// Runs a program of ZFS's own that has to succeed.
#[track_caller]
fn zfs_does(args: &[&str]) {
    zfs_says(args);
}

fn remounted(pool: &Pool, name: &DatasetName) -> Vec<u8> {
    read_file(pool, name, "file")
}

#[test]
fn a_new_key_takes_the_place_of_the_old_one() {
    let pool = pool("newkey");
    let zfs = pool.zfs();
    let root = encrypted(&pool, "enc");
    let child = file_system(&pool, "enc/child");
    write_file(&pool, &root, "file", BYTES);
    write_file(&pool, &child, "file", BYTES);

    zfs.change_key(&root, other_key()).run().unwrap();
    assert_eq!(status(zfs, &root), KeyStatus::Available);
    assert!(!zfs.try_key(&root, &raw_key()).unwrap());
    assert!(zfs.try_key(&root, &other_key()).unwrap());
    zfs.unload_key(&root).unwrap();
    assert_eq!(kind(zfs.load_key(&root, &raw_key())), ErrorKind::WrongKey);
    zfs.load_key(&root, &other_key()).unwrap();
    assert_eq!(remounted(&pool, &root), BYTES);
    assert_eq!(remounted(&pool, &child), BYTES);
    assert_eq!(says(&child, "encryptionroot"), root.as_str());
}

#[test]
fn a_key_is_changed_to_another_format_and_location() {
    let pool = pool("format");
    let zfs = pool.zfs();
    let root = encrypted(&pool, "enc");
    let hex = Key::hex("1f".repeat(32)).unwrap();
    let file = pool.directory().join("key");
    fs::write(&file, "1f".repeat(32)).unwrap();
    let location = format!("file://{}", file.display());
    zfs.change_key(&root, hex)
        .key_location(&location)
        .run()
        .unwrap();
    let expected = format!("hex\n{location}\n0");
    assert_eq!(says(&root, "keyformat,keylocation,pbkdf2iters"), expected);
    zfs.unload_key(&root).unwrap();
    zfs_does(&["load-key", root.as_str()]);
    assert_eq!(status(zfs, &root), KeyStatus::Available);

    // An encryption root keeps its location where none is given.
    zfs.change_key(&root, raw_key()).run().unwrap();
    let expected = format!("raw\n{location}");
    assert_eq!(says(&root, "keyformat,keylocation"), expected);
}

#[test]
fn a_dataset_becomes_an_encryption_root_and_inherits_again() {
    let pool = pool("inherit");
    let zfs = pool.zfs();
    let parent = encrypted(&pool, "enc");
    let child = file_system(&pool, "enc/child");
    let grandchild = file_system(&pool, "enc/child/grand");
    write_file(&pool, &grandchild, "file", BYTES);

    zfs.change_key(&child, other_key()).run().unwrap();
    let expected = format!("{child}\nprompt\nraw");
    assert_eq!(
        says(&child, "encryptionroot,keylocation,keyformat"),
        expected
    );
    assert_eq!(says(&grandchild, "encryptionroot"), child.as_str());
    zfs.unload_key(&parent).unwrap();
    assert_eq!(remounted(&pool, &grandchild), BYTES);

    assert_eq!(kind(zfs.inherit_key(&child)), ErrorKind::ParentKeyNotLoaded);
    zfs.load_key(&parent, &raw_key()).unwrap();
    zfs.unload_key(&child).unwrap();
    assert_eq!(kind(zfs.inherit_key(&child)), ErrorKind::KeyNotLoaded);
    zfs.load_key(&child, &other_key()).unwrap();
    zfs.inherit_key(&child).unwrap();
    let expected = format!("{parent}\nnone");
    assert_eq!(says(&child, "encryptionroot,keylocation"), expected);
    assert_eq!(says(&grandchild, "encryptionroot"), parent.as_str());
    zfs.unload_key(&parent).unwrap();
    zfs.load_key(&parent, &raw_key()).unwrap();
    assert_eq!(remounted(&pool, &grandchild), BYTES);
}

#[test]
fn a_passphrase_changed_by_us_is_loaded_by_zfs_and_the_other_way_round() {
    let pool = pool("passphrase");
    let zfs = pool.zfs();
    let root = encrypted(&pool, "enc");
    let key = Key::passphrase(PASSPHRASE).unwrap();
    let change = || {
        zfs.change_key(&root, key.clone())
            .pbkdf2_iters(100_001)
            .run()
            .unwrap();
        says(&root, "pbkdf2salt")
    };
    let salts = [change(), change()];
    assert_ne!(salts[0], salts[1], "each change has a salt of its own");
    let expected = format!("passphrase\n100001\n{root}");
    assert_eq!(
        says(&root, "keyformat,pbkdf2iters,encryptionroot"),
        expected
    );
    zfs.unload_key(&root).unwrap();
    let file = pool.directory().join("passphrase");
    fs::write(&file, PASSPHRASE).unwrap();
    let location = format!("file://{}", file.display());
    zfs_does(&["load-key", "-L", &location, root.as_str()]);
    assert_eq!(status(zfs, &root), KeyStatus::Available);

    fs::write(&file, "another passphrase").unwrap();
    let keylocation = format!("keylocation={location}");
    zfs_does(&[
        "change-key",
        "-o",
        &keylocation,
        "-o",
        "pbkdf2iters=100002",
        root.as_str(),
    ]);
    zfs.unload_key(&root).unwrap();
    assert_eq!(kind(zfs.load_key(&root, &key)), ErrorKind::WrongKey);
    zfs.load_key(&root, &Key::passphrase("another passphrase").unwrap())
        .unwrap();
    let dataset = zfs.dataset(&root).unwrap();
    assert_eq!(dataset.key_format().unwrap(), Some(KeyFormat::Passphrase));
}

#[test]
fn what_keeps_a_key_from_being_changed_is_told() {
    let pool = pool("nochange");
    let zfs = pool.zfs();
    let root = encrypted(&pool, "enc");
    let child = file_system(&pool, "enc/child");
    let plain = file_system(&pool, "plain");
    let missing = pool.dataset("missing");
    let nowhere: DatasetName = "nosuchpool/a".parse().unwrap();
    let change = |name| zfs.change_key(name, other_key());

    assert_eq!(kind(change(&plain).run()), ErrorKind::NotEncrypted);
    assert_eq!(kind(change(&missing).run()), ErrorKind::DatasetNotFound);
    assert_eq!(kind(change(&nowhere).run()), ErrorKind::DatasetNotFound);
    for location in [
        "none",
        "",
        "/root/key",
        "file://",
        "ftp://x/y",
        "file:///a\0b",
    ] {
        let refused = change(&root).key_location(location).run();
        assert_eq!(kind(refused), ErrorKind::InvalidProperty, "{location:?}");
    }
    // One of 8192 bytes would make the kernel panic.
    let long = |len| format!("file:///{}", "k".repeat(len - "file:///".len()));
    let refused = change(&root).key_location(&long(4096)).run();
    assert_eq!(kind(refused), ErrorKind::InvalidProperty);
    change(&root).key_location(&long(4095)).run().unwrap();
    assert_eq!(says(&root, "keylocation").len(), 4095);

    let passphrase = Key::passphrase(PASSPHRASE).unwrap();
    for iters in [0, 99_999, 1 << 32] {
        let refused = zfs
            .change_key(&root, passphrase.clone())
            .pbkdf2_iters(iters);
        assert_eq!(kind(refused.run()), ErrorKind::InvalidKey, "{iters}");
    }
    let refused = change(&root).pbkdf2_iters(100_000).run();
    assert_eq!(kind(refused), ErrorKind::InvalidProperty);

    zfs.unload_key(&root).unwrap();
    assert_eq!(kind(change(&root).run()), ErrorKind::KeyNotLoaded);
    assert_eq!(kind(change(&child).run()), ErrorKind::KeyNotLoaded);
    zfs.load_key(&root, &other_key()).unwrap();
}

#[test]
fn what_keeps_a_key_from_being_inherited_is_told() {
    let pool = pool("noinherit");
    let zfs = pool.zfs();
    let root = encrypted(&pool, "enc");
    let child = file_system(&pool, "enc/child");
    let plain = file_system(&pool, "plain");
    let missing = pool.dataset("missing");

    assert_eq!(kind(zfs.inherit_key(&child)), ErrorKind::NotEncryptionRoot);
    assert_eq!(kind(zfs.inherit_key(&root)), ErrorKind::ParentNotEncrypted);
    assert_eq!(kind(zfs.inherit_key(&plain)), ErrorKind::NotEncrypted);
    assert_eq!(kind(zfs.inherit_key(&missing)), ErrorKind::DatasetNotFound);
    // The kernel would look at a parent that is not there.
    let top = pool.dataset("");
    assert_eq!(kind(zfs.inherit_key(&top)), ErrorKind::ParentNotEncrypted);
    let forced = zfs.force_inherit_key_without_rewrap(&top);
    assert_eq!(kind(forced), ErrorKind::ParentNotEncrypted);
}

#[test]
fn a_clone_has_its_origins_key() {
    let pool = pool("clone");
    let zfs = pool.zfs();
    let root = encrypted(&pool, "enc");
    write_file(&pool, &root, "file", BYTES);
    let origin = support::snapshot(zfs, &root, "s");
    let clone = pool.dataset("enc/clone");
    zfs_does(&["clone", origin.as_str(), clone.as_str()]);

    let change = zfs.change_key(&clone, other_key()).run();
    assert_eq!(kind(change), ErrorKind::KeyOfClone);
    assert_eq!(kind(zfs.inherit_key(&clone)), ErrorKind::KeyOfClone);

    zfs.change_key(&root, other_key()).run().unwrap();
    zfs_does(&["unmount", "-a"]);
    zfs.unload_key(&root).unwrap();
    let forced = zfs.force_encryption_root_without_rewrap(&clone);
    assert_eq!(kind(forced), ErrorKind::KeyOfClone);
    zfs.load_key(&root, &other_key()).unwrap();
    assert_eq!(remounted(&pool, &clone), BYTES);
}

#[test]
fn a_forced_encryption_root_has_the_key_that_it_inherited() {
    let pool = pool("forceroot");
    let zfs = pool.zfs();
    let parent = encrypted(&pool, "enc");
    let child = file_system(&pool, "enc/child");
    write_file(&pool, &child, "file", BYTES);

    // The kernel would go on to use a key that is loaded, after it has freed it.
    assert_eq!(
        kind(zfs.force_encryption_root_without_rewrap(&child)),
        ErrorKind::KeyAlreadyLoaded
    );
    zfs.unload_key(&parent).unwrap();
    zfs.force_encryption_root_without_rewrap(&child).unwrap();
    let expected = format!("{child}\nprompt\nraw");
    assert_eq!(
        says(&child, "encryptionroot,keylocation,keyformat"),
        expected
    );
    assert_eq!(
        kind(zfs.force_encryption_root_without_rewrap(&child)),
        ErrorKind::IsEncryptionRoot
    );
    zfs.load_key(&parent, &raw_key()).unwrap();
    assert_eq!(status(zfs, &child), KeyStatus::Unavailable);
    zfs.change_key(&parent, other_key()).run().unwrap();
    zfs.load_key(&child, &raw_key()).unwrap();
    assert_eq!(remounted(&pool, &child), BYTES);

    assert_eq!(
        kind(zfs.force_encryption_root_without_rewrap(&pool.dataset("missing"))),
        ErrorKind::DatasetNotFound
    );
    assert_eq!(
        kind(zfs.force_encryption_root_without_rewrap(&file_system(&pool, "plain"))),
        ErrorKind::NotEncrypted
    );
}

#[test]
fn a_forced_inheritance_reads_with_the_same_key_alone() {
    let pool = pool("forceinherit");
    let zfs = pool.zfs();
    let parent = encrypted(&pool, "enc");
    let same = file_system(&pool, "enc/same");
    let other = file_system(&pool, "enc/other");
    let plain = file_system(&pool, "plain");
    for (name, key) in [(&same, raw_key()), (&other, other_key())] {
        write_file(&pool, name, "file", BYTES);
        zfs.change_key(name, key).run().unwrap();
    }

    let force = |name| zfs.force_inherit_key_without_rewrap(name);
    assert_eq!(kind(force(&same)), ErrorKind::KeyAlreadyLoaded);
    for name in [&same, &other] {
        zfs.unload_key(name).unwrap();
        force(name).unwrap();
        let expected = format!("{parent}\nnone\navailable");
        assert_eq!(
            says(name, "encryptionroot,keylocation,keystatus"),
            expected,
            "what is said of it is that of its encryption root"
        );
    }
    assert_eq!(remounted(&pool, &same), BYTES);
    // Its master key is encrypted with another key, which it alone had.
    assert_eq!(kind(pool.mount(&other)), ErrorKind::KeyNotLoaded);
    zfs.unload_key(&parent).unwrap();
    zfs.force_encryption_root_without_rewrap(&other).unwrap();
    zfs.load_key(&other, &other_key()).unwrap();
    assert_eq!(remounted(&pool, &other), BYTES);

    assert_eq!(kind(force(&same)), ErrorKind::NotEncryptionRoot);
    assert_eq!(kind(force(&plain)), ErrorKind::NotEncrypted);
    assert_eq!(kind(force(&parent)), ErrorKind::ParentNotEncrypted);
    let missing = pool.dataset("missing");
    assert_eq!(kind(force(&missing)), ErrorKind::DatasetNotFound);
}

#[test]
fn what_keeps_an_encrypted_dataset_from_being_created_is_told() {
    let pool = pool("create");
    let zfs = pool.zfs();
    let volume = pool.dataset("volume");
    zfs.create(&volume).volume(1 << 20).run().unwrap();
    let root = encrypted(&pool, "enc");
    let create = |path: &str| {
        let name = pool.dataset(path);
        zfs.create(&name)
            .encryption(Encryption::Aes256Gcm, raw_key())
    };
    assert_eq!(kind(create("enc").run()), ErrorKind::DatasetExists);
    assert_eq!(kind(create("no/such").run()), ErrorKind::ParentNotFound);
    assert_eq!(kind(create("volume/x").run()), ErrorKind::WrongParent);
    assert_eq!(kind(create("enc/%x").run()), ErrorKind::InvalidName);
    let invalid = [
        create("x").set("keylocation", "none"),
        create("x").set("keylocation", "/root/key"),
        create("x").set("pbkdf2iters", 100_000_u64),
    ];
    for create in invalid {
        assert_eq!(kind(create.run()), ErrorKind::InvalidProperty);
    }
    let off = zfs
        .create(&pool.dataset("x"))
        .encryption(Encryption::Off, raw_key());
    assert_eq!(kind(off.run()), ErrorKind::InvalidKey);
    assert!(!zfs.dataset_exists(&pool.dataset("x")).unwrap());
    // One with a key of its own does not need its parent's.
    zfs.unload_key(&root).unwrap();
    create("enc/own").run().unwrap();
    assert_eq!(status(zfs, &pool.dataset("enc/own")), KeyStatus::Available);
}

#[test]
fn a_new_key_is_not_shown_by_a_library_that_prints_requests() {
    /// Set in the child that runs the part with `ZFS_IOC_TRACE`.
    const CHILD: &str = "LIBZFS_TEST_CHILD_DATASET";
    if let Ok(name) = env::var(CHILD) {
        let (zfs, name) = (Zfs::open().unwrap(), name.parse().unwrap());
        let refused = zfs.change_key(&name, other_key()).run();
        assert_eq!(kind(refused), ErrorKind::KeyWouldShow);
        // There is no key in what these ask for.
        let asked = zfs.force_encryption_root_without_rewrap(&name);
        assert_eq!(kind(asked), ErrorKind::IsEncryptionRoot);
        return;
    }
    let pool = pool("trace");
    let root = encrypted(&pool, "enc");
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg("a_new_key_is_not_shown_by_a_library_that_prints_requests")
        .env("ZFS_IOC_TRACE", "1")
        .env(CHILD, root.as_str())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{output:?}"
    );
    assert!(pool.zfs().try_key(&root, &raw_key()).unwrap());
}

#[test]
fn a_user_may_do_what_is_delegated_to_him() {
    let pool = pool("delegate");
    let zfs = pool.zfs();
    let root = encrypted(&pool, "enc");
    let child = file_system(&pool, "enc/child");
    // One after the other, as a user who has these permissions may do them.
    let steps: [(&str, &(dyn Fn() -> libzfs::Result<()> + Sync)); 7] = [
        ("change-key", &|| zfs.change_key(&child, other_key()).run()),
        ("change-key", &|| zfs.inherit_key(&child)),
        ("load-key", &|| zfs.unload_key(&root)),
        ("change-key", &|| {
            zfs.force_encryption_root_without_rewrap(&child)
        }),
        ("change-key", &|| {
            zfs.force_inherit_key_without_rewrap(&child)
        }),
        ("load-key", &|| zfs.try_key(&root, &raw_key()).map(drop)),
        ("load-key", &|| zfs.load_key(&root, &raw_key())),
    ];
    for (number, (permission, step)) in steps.into_iter().enumerate() {
        let denied = kind(as_user(NOBODY, step));
        assert_eq!(denied, ErrorKind::PermissionDenied, "step {number}");
        let other = match permission {
            "load-key" => "change-key",
            _ => "load-key",
        };
        allow(&root, NOBODY, other);
        let denied = kind(as_user(NOBODY, step));
        assert_eq!(denied, ErrorKind::PermissionDenied, "step {number}");
        unallow(&root, NOBODY);
        allow(&root, NOBODY, permission);
        as_user(NOBODY, step).unwrap();
        unallow(&root, NOBODY);
    }
    assert_eq!(status(zfs, &child), KeyStatus::Available);
}

#[test]
fn a_read_only_pool_loads_keys_and_changes_none() {
    let pool = pool("readonly");
    let root = encrypted(&pool, "enc");
    let (child, own) = (file_system(&pool, "enc/child"), pool.dataset("enc/own"));
    file_system(&pool, "enc/own");
    pool.zfs().change_key(&own, other_key()).run().unwrap();
    let pool = pool.export().unwrap().import_read_only().unwrap();
    let zfs = pool.zfs();
    assert!(zfs.try_key(&root, &raw_key()).unwrap());
    zfs.load_key(&root, &raw_key()).unwrap();
    let refused = [
        zfs.change_key(&root, other_key()).run(),
        zfs.inherit_key(&own),
        zfs.force_inherit_key_without_rewrap(&own),
    ];
    for refused in refused {
        assert_eq!(kind(refused), ErrorKind::ReadOnlyPool);
    }
    zfs.unload_key(&root).unwrap();
    let forced = zfs.force_encryption_root_without_rewrap(&child);
    assert_eq!(kind(forced), ErrorKind::ReadOnlyPool);
}

#[test]
fn a_pool_without_encryption_says_so() {
    let builder = Pool::builder().label("nofeature");
    let pool = builder.without_feature("encryption").build().unwrap();
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let create = zfs
        .create(&pool.dataset("enc"))
        .encryption(Encryption::Aes256Gcm, raw_key());
    let refused = [
        create.run(),
        zfs.inherit_key(&data),
        zfs.force_encryption_root_without_rewrap(&data),
        zfs.unload_key(&data),
        zfs.load_key(&data, &raw_key()),
    ];
    for refused in refused {
        assert_eq!(kind(refused), ErrorKind::FeatureDisabled);
    }
    // These look at the dataset first.
    let refused = [
        zfs.load_key(&data, &Key::passphrase(PASSPHRASE).unwrap()),
        zfs.change_key(&data, raw_key()).run(),
        zfs.force_inherit_key_without_rewrap(&data),
    ];
    for refused in refused {
        assert_eq!(kind(refused), ErrorKind::NotEncrypted);
    }
}

#[test]
fn a_suspended_pool_says_so() {
    within(Duration::from_secs(180), || {
        let pool = pool("suspended");
        let zfs = pool.zfs();
        let root = encrypted(&pool, "enc");
        let child = file_system(&pool, "enc/child");
        let suspension = pool.suspend().unwrap();
        let refused = [
            zfs.load_key(&root, &raw_key()),
            zfs.unload_key(&root),
            zfs.change_key(&root, other_key()).run(),
            zfs.inherit_key(&child),
            zfs.force_encryption_root_without_rewrap(&child),
            zfs.force_inherit_key_without_rewrap(&child),
        ];
        for refused in refused {
            assert_eq!(kind(refused), ErrorKind::PoolSuspended);
        }
        suspension.resume().unwrap();
        zfs.unload_key(&root).unwrap();
    });
}
