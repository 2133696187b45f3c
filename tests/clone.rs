//! Clones.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use libzfs::property::{ORIGIN, READONLY};
use libzfs::testing::Pool;
use libzfs::{ErrorKind, KeyStatus, Operation};
use support::{
    LIMIT, NOBODY, as_user, encrypted, file_system, fill, kind, needs, needs_a_healthy_pool, pool,
    property_says, raw_key, read_file, snapshot, within, write_file, zfs_says,
};

#[test]
fn a_clone_begins_as_its_origin() {
    let pool = pool("clone");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "file", b"then");
    let origin = snapshot(zfs, &data, "s");
    write_file(&pool, &data, "file", b"now");

    let below = file_system(&pool, "below");
    let name = below.child("clone").unwrap();
    zfs.clone_snapshot(&origin, &name)
        .set("readonly", true)
        .set("com.example:for", "test")
        .run()
        .unwrap();
    assert_eq!(property_says("origin", &name), origin.as_str());
    let clone = zfs.dataset(&name).unwrap();
    assert_eq!(clone.get(&ORIGIN).unwrap().unwrap().value, origin.as_str());
    assert!(clone.get(&READONLY).unwrap().unwrap().value);
    assert_eq!(
        clone.user_property("com.example:for").unwrap().value,
        "test"
    );
    assert_eq!(read_file(&pool, &name, "file"), b"then");
    assert_eq!(read_file(&pool, &data, "file"), b"now");
}

#[test]
fn a_clone_of_a_volume_is_a_volume() {
    let pool = pool("clonevol");
    let zfs = pool.zfs();
    let volume = pool.dataset("vol");
    zfs.create(&volume).volume(16 << 20).run().unwrap();
    let origin = snapshot(zfs, &volume, "s");
    let name = pool.dataset("clone");
    zfs.clone_snapshot(&origin, &name).run().unwrap();
    assert_eq!(property_says("type,volsize", &name), "volume\n16777216");

    // The kernel itself would put a clone below a volume.
    let below = volume.child("clone").unwrap();
    assert_eq!(
        kind(zfs.clone_snapshot(&origin, &below).run()),
        ErrorKind::WrongParent
    );
    assert!(!zfs.dataset_exists(&below).unwrap());
}

#[test]
fn a_clone_has_the_key_of_its_origin_wherever_it_is() {
    let pool = pool("cloneenc");
    let zfs = pool.zfs();
    let root = encrypted(&pool, "enc");
    write_file(&pool, &root, "file", b"secret");
    let origin = snapshot(zfs, &root, "s");
    zfs.unload_key(&root).unwrap();
    let name = pool.dataset("clone");
    zfs.clone_snapshot(&origin, &name).run().unwrap();
    let clone = zfs.dataset(&name).unwrap();
    assert_eq!(clone.encryption_root().unwrap().as_ref(), Some(&root));
    assert_eq!(clone.key_status().unwrap(), KeyStatus::Unavailable);
    assert_eq!(kind(pool.mount(&name)), ErrorKind::KeyNotLoaded);
    zfs.load_key(&root, &raw_key()).unwrap();
    assert_eq!(read_file(&pool, &name, "file"), b"secret");
}

#[test]
fn each_way_of_failing_is_told() {
    let (pool, other) = (pool("clonebad"), pool("cloneoth"));
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let origin = snapshot(zfs, &data, "s");
    let clone = |name: &str| zfs.clone_snapshot(&origin, &name.parse().unwrap());
    let to = |path: &str| pool.dataset(path).to_string();

    let error = clone(&to("data")).run().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DatasetExists);
    assert_eq!(error.operation(), Operation::Clone);
    assert_eq!(error.target(), format!("{origin} to {data}"));
    assert_eq!(kind(clone(&to("no/such")).run()), ErrorKind::ParentNotFound);
    assert_eq!(kind(clone(&to("%x")).run()), ErrorKind::InvalidName);
    assert_eq!(
        kind(clone(pool.name().as_str()).run()),
        ErrorKind::InvalidName
    );
    let elsewhere = other.dataset("x");
    assert_eq!(
        kind(clone(elsewhere.as_str()).run()),
        ErrorKind::PoolsDiffer
    );
    let missing = data.snapshot("missing").unwrap();
    assert_eq!(
        kind(zfs.clone_snapshot(&missing, &pool.dataset("x")).run()),
        ErrorKind::SnapshotNotFound
    );
    let nowhere = "nosuchpool/a@s".parse().unwrap();
    assert_eq!(
        kind(
            zfs.clone_snapshot(&nowhere, &"nosuchpool/x".parse().unwrap())
                .run()
        ),
        ErrorKind::PoolNotFound
    );
}

#[test]
fn a_property_that_is_refused_leaves_no_clone() {
    let pool = pool("cloneprop");
    let zfs = pool.zfs();
    let origin = snapshot(zfs, &file_system(&pool, "data"), "s");
    let name = pool.dataset("clone");
    let clone = || zfs.clone_snapshot(&origin, &name);
    let long = "x".repeat(8192);
    for refused in [
        // Before the kernel, and by it.
        clone().set("readonly", "maybe"),
        clone().set("NoColon", "v"),
        clone().set("recordsize", 1000_u64),
        clone().set("volsize", 1_u64 << 20),
        clone().set("encryption", "aes-256-gcm"),
        clone().set("com.example:long", long.as_str()),
    ] {
        assert_eq!(kind(refused.run()), ErrorKind::InvalidProperty);
        assert!(!zfs.dataset_exists(&name).unwrap());
    }
    let unpaid = clone().set("reservation", 1_u64 << 40);
    assert_eq!(kind(unpaid.run()), ErrorKind::NoSpace);
    assert!(!zfs.dataset_exists(&name).unwrap());
}

#[test]
fn who_clones_needs_permissions() {
    let pool = pool("cloneperm");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let origin = snapshot(zfs, &data, "s");
    let below = file_system(&pool, "below");
    let clone = |short: &str| zfs.clone_snapshot(&origin, &below.child(short).unwrap());
    needs(
        &[(&data, "clone"), (&below, "create"), (&below, "mount")],
        || clone("one").run(),
    );
    let with_property = || clone("two").set("com.example:x", "1").run();
    needs(&[(&below, "userprop")], with_property);

    // A limit that does not bind root.
    zfs_says(&["set", "filesystem_limit=2", below.as_str()]);
    assert_eq!(
        kind(as_user(NOBODY, || clone("three").run())),
        ErrorKind::QuotaExceeded
    );
    clone("three").run().unwrap();
}

#[test]
fn a_pool_that_cannot_have_a_clone_says_why() {
    within(LIMIT, || {
        let full = Pool::builder().label("clonefull").size(64 << 20).build();
        let full = full.unwrap();
        let origin = snapshot(full.zfs(), &file_system(&full, "data"), "s");
        fill(&full, origin.dataset());
        let name = full.dataset("clone");
        let clone = full.zfs().clone_snapshot(&origin, &name);
        assert_eq!(kind(clone.run()), ErrorKind::NoSpace);

        let pool = pool("cloneodd");
        let zfs = pool.zfs().clone();
        let origin = snapshot(&zfs, &file_system(&pool, "data"), "s");
        let name = pool.dataset("clone");
        needs_a_healthy_pool(pool, &[&|| zfs.clone_snapshot(&origin, &name).run()]);
    });
}
