//! Properties of pools: set, and read again.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use libzfs::ErrorKind;
use libzfs::property::{Access, PropertyInfo, pool};
use libzfs::testing::Pool;
use support::{NOBODY, as_user, file_system, kind, needs_a_healthy_pool, release, zpool_says};

#[test]
fn properties_of_pools_are_set_and_read_again() {
    let pool = Pool::builder()
        .label("poolset")
        .without_feature("zstd_compress")
        .build()
        .unwrap();
    let zfs = pool.zfs().clone();
    let name = &pool.name().clone();
    let says = |property: &str| {
        zpool_says(&["get", "-Hpo", "value,source", property, name.as_str()]).replace('\t', " ")
    };
    let set = || zfs.set_pool_properties(name);
    let cachefile = pool.directory().join("cache");
    let cachefile = cachefile.to_str().unwrap();
    let values: &[(&str, &[&str])] = &[
        ("ashift", &["9", "16", "12"]),
        ("autoexpand", &["on", "off"]),
        ("autoreplace", &["on", "off"]),
        ("autotrim", &["on", "off"]),
        ("cachefile", &[cachefile, "none"]),
        ("comment", &["some words", "~"]),
        ("compatibility", &["legacy", "off"]),
        ("dedup_table_quota", &["10M", "none", "auto"]),
        ("delegation", &["off", "on"]),
        ("failmode", &["continue", "panic", "wait"]),
        ("listsnapshots", &["on", "off"]),
    ];
    let value_of = |info: &PropertyInfo, text: &str| {
        let native = info.native_value(&text.into()).unwrap();
        match text {
            "auto" => text.to_owned(),
            _ => info.display_exact(&native),
        }
    };
    for (property, values) in values {
        let info = pool::info(property).unwrap();
        for value in *values {
            let result = set().set_text(property, value).run();
            if info.since().is_some_and(|since| !since.is_running()) {
                assert_eq!(kind(result), ErrorKind::Unsupported, "{property}");
                continue;
            }
            result.unwrap();
            let said = says(property);
            let (said, source) = said.rsplit_once(' ').unwrap();
            assert_eq!(said, value_of(info, value), "{property}");
            let is_default = info.default_value() == info.native_value(&(*value).into()).ok();
            let expected = if is_default && *property != "compatibility" {
                "default"
            } else {
                "local"
            };
            assert_eq!(source, expected, "{property}={value}");
        }
    }
    let covered = |info: &&PropertyInfo| {
        info.access() != Access::Settable
            || values.iter().any(|(name, _)| *name == info.name())
            || ["bootfs", "multihost", "version"].contains(&info.name())
    };
    assert!(pool::ALL.iter().all(|info| covered(&info)));

    let data = file_system(&pool, "data");
    set()
        .set(&pool::BOOTFS, data.to_string())
        .set(&pool::AUTOTRIM, true)
        .run()
        .unwrap();
    assert_eq!(
        (says("bootfs"), says("autotrim")),
        (format!("{data} local"), "on local".into())
    );
    set().set_text("bootfs", "").run().unwrap();
    assert_eq!(says("bootfs"), "- default");

    for (property, value) in [
        ("ashift", "8"),
        ("altroot", "/mnt"),
        ("readonly", "on"),
        ("size", "1"),
        ("nonsense", "1"),
        ("quota", "1"),
        ("failmode", "maybe"),
        ("comment", "two\nlines"),
        ("comment", "a text that is longer than thirty-two"),
        ("cachefile", "relative"),
        ("version", "5000"),
        ("version", "28"),
        ("bootfs", "no/such/dataset"),
        ("autotrim", "1"),
    ] {
        let result = set()
            .set(&pool::AUTOREPLACE, true)
            .set_text(property, value)
            .run();
        assert_eq!(
            kind(result),
            ErrorKind::InvalidProperty,
            "{property}={value}"
        );
    }
    assert_eq!(says("autoreplace"), "off default");

    let user = set().set_text("com.example:a", "x y").run();
    if release() >= (2, 2) {
        user.unwrap();
        assert_eq!(says("com.example:a"), "x y local");
        let read = zfs.pool_properties(name).unwrap();
        assert_eq!(read.user("com.example:a").unwrap().value, "x y");
    } else {
        assert_eq!(kind(user), ErrorKind::Unsupported);
    }

    let state = || says("feature@zstd_compress");
    assert_eq!(state(), "disabled local");
    set().enable_feature("zstd_compress").run().unwrap();
    assert_eq!(state(), "enabled local");
    assert_eq!(
        kind(set().enable_feature("nonsense").run()),
        ErrorKind::InvalidProperty
    );
    assert_eq!(
        kind(set().enable_feature("zstd_compress\0").run()),
        ErrorKind::InvalidProperty
    );
    set().run().unwrap();

    let nowhere = zfs.set_pool_properties(&"nosuchpool".parse().unwrap());
    assert_eq!(
        kind(nowhere.set(&pool::AUTOTRIM, true).run()),
        ErrorKind::PoolNotFound
    );
    let as_nobody = as_user(NOBODY, || set().set(&pool::AUTOTRIM, true).run());
    assert_eq!(kind(as_nobody), ErrorKind::PermissionDenied);
    needs_a_healthy_pool(pool, &[&|| set().set(&pool::AUTOTRIM, true).run()]);
}
