//! Keys of encrypted datasets.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fmt::Debug;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::{Arc, Mutex};

use libzfs::testing::Pool;
use libzfs::{DatasetName, Encryption, ErrorKind, Key, KeyFormat, KeyStatus};
use support::{
    LIMIT, NOBODY, PASSPHRASE, allow, as_user, encrypted, file_system, kind, pool, raw_key, within,
    zfs_says,
};

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

#[test]
fn a_key_is_loaded_from_where_its_dataset_says() {
    let pool = pool("location");
    let zfs = pool.zfs();
    let root = encrypted(&pool, "enc");
    let file = pool.directory().join("a key%20");
    let is_at = |location: &str| {
        zfs_says(&["set", &format!("keylocation={location}"), root.as_str()]);
    };
    let load = || zfs.load_key_from_location(&root);
    is_at(&format!("file://{}", file.display()));
    assert_eq!(kind(load()), ErrorKind::KeyAlreadyLoaded);
    zfs.unload_key(&root).unwrap();

    assert_eq!(kind(load()), ErrorKind::KeyFileNotFound);
    // 33 bytes, of which none is in the error.
    fs::write(&file, "ABABABABABABABABABABABABABABABABA").unwrap();
    let error = load().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidKey);
    assert!(error.to_string().contains("32 bytes"), "{error}");
    assert!(!format!("{error} {error:?}").contains("ABAB"), "{error:?}");
    fs::write(&file, [8; 32]).unwrap();
    assert_eq!(kind(load()), ErrorKind::WrongKey);
    fs::write(&file, [7; 32]).unwrap();
    load().unwrap();
    zfs.unload_key(&root).unwrap();
    // Zfs reads the same file.
    zfs_says(&["load-key", root.as_str()]);
    zfs.unload_key(&root).unwrap();

    allow(&root, NOBODY, "load-key");
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let denied = as_user(NOBODY, load).unwrap_err();
    assert_eq!(denied.kind(), ErrorKind::KeyFileUnreadable);
    assert_eq!(denied.errno().raw(), libc::EACCES);
    assert!(denied.to_string().contains("a key%20"), "{denied}");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert_eq!(kind(load()), ErrorKind::KeyFileUnreadable);
    // Nobody writes to it, ever.
    let pipe = pool.directory().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    for endless in [pipe.to_str().unwrap(), "/dev/zero"] {
        is_at(&format!("file://{endless}"));
        let (zfs, root) = (zfs.clone(), root.clone());
        let loaded = within(LIMIT, move || zfs.load_key_from_location(&root));
        assert_eq!(kind(loaded), ErrorKind::KeyFileUnreadable);
    }

    for location in ["prompt", "https://keys.example/a", "http://keys.example/a"] {
        is_at(location);
        let error = load().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::KeyLocationUnsupported);
    }
    let plain = file_system(&pool, "plain");
    let child = file_system_in(&pool, &root);
    let missing = pool.dataset("missing");
    for (name, expected) in [
        (&plain, ErrorKind::NotEncrypted),
        (&child, ErrorKind::NotEncryptionRoot),
        (&missing, ErrorKind::DatasetNotFound),
    ] {
        assert_eq!(kind(zfs.load_key_from_location(name)), expected);
    }
}

/// A file system below an encryption root, whose key is loaded for it.
fn file_system_in(pool: &Pool, root: &DatasetName) -> DatasetName {
    pool.zfs().load_key(root, &raw_key()).unwrap();
    let child = root.child("child").unwrap();
    pool.zfs().create(&child).run().unwrap();
    pool.zfs().unload_key(root).unwrap();
    child
}

#[test]
fn keys_of_each_format_are_read_as_zfs_reads_them() {
    let pool = pool("files");
    let zfs = pool.zfs();
    let root = encrypted(&pool, "enc");
    let file = pool.directory().join("key");
    let location = format!("file://{}", file.display());
    let hex = "1f".repeat(32);
    let texts = [
        (KeyFormat::Hex, format!("{hex}\nand a note\n")),
        (KeyFormat::Passphrase, format!("{PASSPHRASE}\nand a note\n")),
        (KeyFormat::Raw, "\n".repeat(32)),
    ];
    for (format, text) in texts {
        fs::write(&file, &text).unwrap();
        let key = Key::read(format, text.as_bytes()).unwrap();
        let change = zfs.change_key(&root, key).key_location(&location);
        let change = match format {
            KeyFormat::Passphrase => change.pbkdf2_iters(100_000),
            _ => change,
        };
        change.run().unwrap();
        zfs.unload_key(&root).unwrap();
        zfs_says(&["load-key", root.as_str()]);
        zfs.unload_key(&root).unwrap();
        zfs.load_key_from_location(&root).unwrap();
    }
}

#[test]
fn no_key_is_in_a_log_or_an_error() {
    let pool = pool("logs");
    let zfs = pool.zfs();
    let logged = Logged::default();
    // For all threads of this program: one that is set for a single thread misses what another
    // logged first at the same place.
    tracing::subscriber::set_global_default(logged.clone()).unwrap();
    const SECRET: &str = "hunter2 hunter2";
    let root = pool.dataset("enc");
    let key = || Key::passphrase(SECRET).unwrap();
    zfs.create(&root)
        .set("pbkdf2iters", 100_000_u64)
        .encryption(Encryption::Aes256Gcm, key())
        .run()
        .unwrap();
    zfs.unload_key(&root).unwrap();
    let wrong = Key::passphrase("hunter2 hunter3").unwrap();
    let error = zfs.load_key(&root, &wrong).unwrap_err();
    let mut seen = format!("{error} {error:?} {wrong:?}");
    let hex = "0123456789abcdef".repeat(4);
    let error = zfs.load_key(&root, &Key::hex(&hex).unwrap()).unwrap_err();
    seen += &format!("{error} {error:?}");
    for short in [&hex[1..], "hunter2"] {
        seen += &format!("{:?}", Key::read(KeyFormat::Hex, short.as_bytes()));
        seen += &format!("{:?}", Key::read(KeyFormat::Passphrase, short.as_bytes()));
    }
    zfs.load_keys(&root, |_| Some(key())).unwrap();
    let change = zfs.change_key(&root, Key::hex(&hex).unwrap());
    seen += &format!("{change:?}");
    change.run().unwrap();
    seen += &logged.text();
    assert!(
        seen.contains("load key") && seen.contains("change key"),
        "{seen}"
    );
    for secret in ["hunter", "0123456789", "123456789a", "[1, 35, 69"] {
        assert!(!seen.contains(secret), "{secret} is in {seen}");
    }
}

/// What is logged, as text.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<String>>);

impl Logged {
    fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

impl tracing::Subscriber for Logged {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut |field: &tracing::field::Field, value: &dyn Debug| {
            *self.0.lock().unwrap() += &format!("{field}={value:?} ");
        });
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}
