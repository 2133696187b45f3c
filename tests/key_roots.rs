//! The encryption roots of a tree, and loading and unloading all of their keys.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use libzfs::testing::Pool;
use libzfs::{
    DatasetName, Encryption, EncryptionRoot, ErrorKind, Key, KeyFormat, KeyLocation, KeyOutcome,
    KeyStatus,
};
use support::{NOBODY, as_user, encrypted, file_system, kind, pool, raw_key, snapshot, zfs_says};

fn other_key() -> Key {
    Key::raw(&[9; 32]).unwrap()
}

fn names<'a>(names: impl IntoIterator<Item = &'a DatasetName>) -> Vec<&'a str> {
    names.into_iter().map(DatasetName::as_str).collect()
}

/// The last part of each root's name, and what came of it.
fn summary(outcomes: &[KeyOutcome]) -> Vec<(&str, Option<ErrorKind>)> {
    let of = |outcome: &'_ KeyOutcome| outcome.result.as_ref().err().map(libzfs::Error::kind);
    outcomes
        .iter()
        .map(|outcome| (last(outcome.root.name()), of(outcome)))
        .collect()
}

fn last(name: &DatasetName) -> &str {
    name.as_str().rsplit('/').next().unwrap()
}

/// `enc` with `enc/child` and the volume `enc/volume`; `enc/own`, a root with another key, with
/// `enc/own/below`; `plain` with `plain/hex`, a root; and `enc-clone`, whose root is `enc/own`.
fn tree(pool: &Pool) -> DatasetName {
    let zfs = pool.zfs();
    encrypted(pool, "enc");
    file_system(pool, "enc/child");
    zfs.create(&pool.dataset("enc/volume"))
        .volume(1 << 20)
        .run()
        .unwrap();
    let own = pool.dataset("enc/own");
    zfs.create(&own)
        .encryption(Encryption::Aes256Gcm, other_key())
        .run()
        .unwrap();
    file_system(pool, "enc/own/below");
    file_system(pool, "plain");
    let hex = Key::hex("1f".repeat(32)).unwrap();
    zfs.create(&pool.dataset("plain/hex"))
        .encryption(Encryption::Aes256Gcm, hex)
        .set("keylocation", "file:///etc/a%20key")
        .run()
        .unwrap();
    let origin = snapshot(zfs, &own, "s");
    zfs.clone_snapshot(&origin, &pool.dataset("enc-clone"))
        .run()
        .unwrap();
    pool.dataset("")
}

#[test]
fn the_roots_of_a_tree_are_what_zfs_says() {
    let pool = pool("roots");
    let zfs = pool.zfs();
    let top = tree(&pool);
    let roots = zfs.encryption_roots(&top).unwrap();
    let listed: Vec<_> = roots.iter().map(|root| last(root.name())).collect();
    assert_eq!(listed, ["enc", "own", "hex"]);
    assert!(roots.rootless().is_empty());
    for root in &roots {
        for dataset in root.datasets() {
            let says = zfs_says(&["get", "-Hpo", "value", "encryptionroot", dataset.as_str()]);
            assert_eq!(says, root.name().as_str());
        }
    }
    let encrypted = zfs_says(&[
        "get",
        "-rHpo",
        "value",
        "-t",
        "filesystem,volume",
        "encryptionroot",
        top.as_str(),
    ]);
    let encrypted = encrypted.lines().filter(|root| *root != "-").count();
    assert_eq!(
        roots
            .iter()
            .map(|root| root.datasets().len())
            .sum::<usize>(),
        encrypted
    );

    let [enc, own, hex] = &roots.into_iter().collect::<Vec<_>>()[..] else {
        panic!("three roots");
    };
    let below = |names: &[&str]| {
        names
            .iter()
            .map(|name| pool.dataset(name))
            .collect::<Vec<_>>()
    };
    assert_eq!(enc.datasets(), below(&["enc", "enc/child", "enc/volume"]));
    assert_eq!(
        own.datasets(),
        below(&["enc-clone", "enc/own", "enc/own/below"])
    );
    assert_eq!(hex.key_format(), Some(KeyFormat::Hex));
    assert_eq!(
        hex.key_location(),
        Some(&KeyLocation::File("/etc/a%20key".into()))
    );
    assert_eq!(own.key_location(), Some(&KeyLocation::Prompt));
    assert_eq!(enc.key_status(), KeyStatus::Available);

    // A part of the tree whose roots are elsewhere.
    let child = pool.dataset("enc/child");
    let roots = zfs.encryption_roots(&child).unwrap();
    let [root] = &roots.into_iter().collect::<Vec<_>>()[..] else {
        panic!("one root");
    };
    assert_eq!(root.name(), enc.name());
    assert_eq!(root.datasets(), [child]);
    let plain = zfs.encryption_roots(&pool.dataset("plain")).unwrap();
    assert_eq!(
        names(plain.iter().map(EncryptionRoot::name)),
        [hex.name().as_str()]
    );

    assert_eq!(
        kind(zfs.encryption_roots(&pool.dataset("missing"))),
        ErrorKind::DatasetNotFound
    );
    // Reading them takes no permission.
    as_user(NOBODY, || {
        assert_eq!(zfs.encryption_roots(&top).unwrap().iter().count(), 3);
    });
}

#[test]
fn all_keys_are_loaded_and_unloaded_and_one_failure_hides_no_other() {
    let pool = pool("allkeys");
    let zfs = pool.zfs();
    let top = tree(&pool);
    let (child, own) = (pool.dataset("enc/child"), pool.dataset("enc/own"));
    let clone = pool.dataset("enc-clone");

    // A clone elsewhere keeps the key of its origin's root in use.
    let mount = pool.mount(&clone).unwrap();
    let unloaded = zfs.unload_keys(&pool.dataset("enc")).unwrap();
    assert_eq!(
        summary(&unloaded),
        [("own", Some(ErrorKind::Busy)), ("enc", None)]
    );
    mount.unmount().unwrap();
    // A part of the tree leaves the roots above it alone.
    zfs.load_key(&pool.dataset("enc"), &raw_key()).unwrap();
    assert!(zfs.unload_keys(&child).unwrap().is_empty());
    let unloaded = zfs.unload_keys(&top).unwrap();
    assert_eq!(
        summary(&unloaded),
        [("hex", None), ("own", None), ("enc", None)]
    );
    assert!(zfs.unload_keys(&top).unwrap().is_empty());
    let roots = zfs.encryption_roots(&top).unwrap();
    assert_eq!(roots.locked().count(), 3);

    // The same key for all is the wrong one for two.
    let mut asked = Vec::new();
    let outcomes = zfs
        .load_keys(&top, |root| {
            asked.push(root.name().clone());
            Some(raw_key())
        })
        .unwrap();
    let expected = [
        ("enc", None),
        ("own", Some(ErrorKind::WrongKey)),
        ("hex", Some(ErrorKind::InvalidKey)),
    ];
    assert_eq!(summary(&outcomes), expected);
    assert_eq!(
        asked.iter().map(last).collect::<Vec<_>>(),
        ["enc", "own", "hex"]
    );
    let locked = zfs.encryption_roots(&top).unwrap();
    assert_eq!(
        locked
            .locked()
            .map(|root| last(root.name()))
            .collect::<Vec<_>>(),
        ["own", "hex"]
    );

    // Those that are loaded are not asked for again, and one that nobody has a key for stays.
    let outcomes = zfs
        .load_keys(&top, |root| (*root.name() == own).then(other_key))
        .unwrap();
    assert_eq!(
        summary(&outcomes),
        [("own", None), ("hex", Some(ErrorKind::KeyNotLoaded))]
    );
    pool.mount(&clone).unwrap().unmount().unwrap();

    // From below, the root above is opened.
    zfs.unload_keys(&top).unwrap();
    let outcomes = zfs.load_keys(&child, |_| Some(raw_key())).unwrap();
    assert_eq!(summary(&outcomes), [("enc", None)]);
    pool.mount(&child).unwrap().unmount().unwrap();

    let denied = as_user(NOBODY, || zfs.unload_keys(&top).unwrap());
    assert_eq!(
        summary(&denied),
        [("enc", Some(ErrorKind::PermissionDenied))]
    );
    let missing = pool.dataset("missing");
    assert_eq!(
        kind(zfs.load_keys(&missing, |_| None)),
        ErrorKind::DatasetNotFound
    );
    assert_eq!(kind(zfs.unload_keys(&missing)), ErrorKind::DatasetNotFound);
}

#[test]
fn a_tree_that_was_received_raw_has_a_root_for_each_dataset() {
    let pool = pool("received");
    let zfs = pool.zfs();
    let prod = encrypted(&pool, "prod");
    let child = file_system(&pool, "prod/child");
    zfs.create_snapshots(&[prod.snapshot("s").unwrap(), child.snapshot("s").unwrap()])
        .unwrap();
    let copy = pool.dataset("copy");
    for (from, to) in [(&prod, &copy), (&child, &pool.dataset("copy/child"))] {
        let stream = zfs
            .send(&from.snapshot("s").unwrap())
            .raw()
            .start()
            .unwrap();
        zfs.receive(&to.snapshot("s").unwrap())
            .run(stream)
            .unwrap()
            .all()
            .unwrap();
    }
    let roots = zfs.encryption_roots(&copy).unwrap();
    assert_eq!(
        roots
            .locked()
            .map(|root| last(root.name()))
            .collect::<Vec<_>>(),
        ["copy", "child"]
    );
    let outcomes = zfs.load_keys(&copy, |_| Some(raw_key())).unwrap();
    assert_eq!(summary(&outcomes), [("copy", None), ("child", None)]);

    zfs.unload_keys(&copy).unwrap();
    zfs.force_inherit_key_without_rewrap(&pool.dataset("copy/child"))
        .unwrap();
    let outcomes = zfs.load_keys(&copy, |_| Some(raw_key())).unwrap();
    assert_eq!(summary(&outcomes), [("copy", None)]);
    pool.mount(&pool.dataset("copy/child"))
        .unwrap()
        .unmount()
        .unwrap();
}
