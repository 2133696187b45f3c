//! Pools without features, and pools of old versions: what needs one says so.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use libzfs::testing::Pool;
use libzfs::{Destroy, Encryption, ErrorKind, HoldTag, SendFlags};
use support::{
    encrypted, file_system, file_with, kind, noise, pool, raw_key, snapshot, stream_of, write_file,
};

fn without_features(label: &str) -> Pool {
    let builder = Pool::builder().label(label).without_features();
    builder.build().unwrap()
}

#[test]
fn bookmarks_need_one() {
    let builder = Pool::builder().label("nobook");
    // All that build on it.
    let pool = builder
        .without_feature("bookmarks")
        .without_feature("bookmark_v2")
        .without_feature("bookmark_written")
        .without_feature("encryption")
        .without_feature("redaction_bookmarks");
    let pool = match libzfs::kernel_version().unwrap() {
        // A feature of 2.3.
        version if version.starts_with("2.1.") => pool,
        _ => pool.without_feature("redaction_list_spill"),
    };
    let pool = pool.build().unwrap();
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let snap = snapshot(zfs, &data, "s");
    let bookmark = data.bookmark("s").unwrap();
    let made = zfs.create_bookmarks(&[(bookmark.clone(), (&snap).into())]);
    assert_eq!(kind(made), ErrorKind::FeatureDisabled);
    // That there are none is no error.
    assert_eq!(zfs.bookmarks(&data).unwrap(), []);
    zfs.destroy_bookmarks(&[bookmark]).unwrap();
}

#[test]
fn encryption_needs_one() {
    let pool = Pool::builder().label("noenc").without_feature("encryption");
    let pool = pool.build().unwrap();
    let create = pool.zfs().create(&pool.dataset("enc"));
    let created = create.encryption(Encryption::Aes256Gcm, raw_key()).run();
    assert_eq!(kind(created), ErrorKind::FeatureDisabled);
    assert!(!pool.zfs().dataset_exists(&pool.dataset("enc")).unwrap());
}

#[test]
fn properties_with_values_of_newer_releases_need_one() {
    let pool = without_features("noprop");
    let zfs = pool.zfs();
    let name = pool.dataset("data");
    let create = || zfs.create(&name);
    let refused = [
        create().set("compression", "lz4"),
        create().set("compression", "zstd"),
        create().set("recordsize", 1_u64 << 20),
        create().set("checksum", "sha512"),
        create().set("dnodesize", 1_u64),
        create().set("filesystem_limit", 10_u64),
        create().set("snapshot_limit", 10_u64),
        create().volume(16 << 20).set("volblocksize", 256_u64 << 10),
    ];
    for create in refused {
        let text = format!("{create:?}");
        let error = create.run().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FeatureDisabled, "{text}: {error}");
        assert!(!zfs.dataset_exists(&name).unwrap(), "{text}");
    }
    create().run().unwrap();
}

#[test]
fn a_stream_with_something_that_the_pool_has_not_is_told_and_changes_nothing() {
    let (source, vault) = (pool("fsrc"), without_features("fdst"));
    let zfs = source.zfs();
    let large = source.dataset("large");
    zfs.create(&large)
        .set("recordsize", 1_u64 << 20)
        .run()
        .unwrap();
    write_file(&source, &large, "file", &noise(1, 2 << 20));
    // Zeros but for a few bytes: so small that they are stored in the pointer to them.
    let packed = source.dataset("packed");
    zfs.create(&packed).set("compression", "lz4").run().unwrap();
    let mut bytes = vec![0; 4096];
    bytes[0] = 1;
    write_file(&source, &packed, "file", &bytes);
    let raw = encrypted(&source, "enc");
    write_file(&source, &raw, "file", &noise(2, 10_000));
    let [large, packed, raw] = [large, packed, raw].map(|name| snapshot(zfs, &name, "s"));
    let target = vault.snapshot("copy@s");
    let streams = [
        zfs.send(&large).flags(SendFlags::LARGE_BLOCKS),
        zfs.send(&packed).flags(SendFlags::COMPRESSED),
        zfs.send(&packed).flags(SendFlags::EMBED_DATA),
        zfs.send(&raw).raw(),
    ];
    for send in &streams {
        let received = zfs.receive(&target).run(send.start().unwrap());
        let error = received.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::StreamFeatureUnsupported,
            "{send:?}: {error}"
        );
        assert!(!zfs.dataset_exists(target.dataset()).unwrap(), "{send:?}");
    }
    // Without them it is an old stream, and fits.
    let plain = stream_of(&zfs.send(&large));
    let resumable = zfs.receive(&target).resumable();
    assert_eq!(
        kind(resumable.run(file_with(&vault, &plain))),
        ErrorKind::StreamFeatureUnsupported
    );
    assert!(!zfs.dataset_exists(target.dataset()).unwrap());
    zfs.receive(&target)
        .run(file_with(&vault, &plain))
        .unwrap()
        .all()
        .unwrap();
}

#[test]
fn holds_and_properties_of_snapshots_need_a_version() {
    // Before there were holds (18), and before snapshots had properties (12).
    for version in [17_u64, 11] {
        let builder = Pool::builder().label("old").without_features();
        let pool = builder.property("version", version).build().unwrap();
        let zfs = pool.zfs();
        let data = file_system(&pool, "data");
        let snap = [snapshot(zfs, &data, "s")];
        let tag: HoldTag = "keep".parse().unwrap();
        assert_eq!(kind(zfs.hold(&tag, &snap)), ErrorKind::FeatureDisabled);
        let deferred = zfs.destroy_snapshots(&snap, Destroy::Deferred);
        assert_eq!(kind(deferred), ErrorKind::FeatureDisabled);
        assert_eq!(zfs.holds(&snap[0]).unwrap(), []);
        let with = [data.snapshot("with").unwrap()];
        let made = zfs.create_snapshots_with(&with, [("com.example:x", "1")]);
        if version < 12 {
            assert_eq!(kind(made), ErrorKind::FeatureDisabled);
        } else {
            made.unwrap();
        }
        zfs.destroy_snapshots(&snap, Destroy::Now).unwrap();
    }
}
