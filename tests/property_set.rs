//! Every native property of datasets that can be set, with valid and invalid values, compared with
//! what `zfs get` prints.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use libzfs::property::{self, Access, Compression, PropertyHolder, PropertyInfo, PropertyKind};
use libzfs::testing::Pool;
use libzfs::{DatasetName, ErrorKind, Zfs};
use support::{
    LIMIT, as_this_release_says, encrypted, file_system, kind, needs, needs_a_healthy_pool, pool,
    property_says, release, snapshot, zfs_says,
};

/// Value and source by property, as `zfs get all` prints them.
fn zfs_get(name: &str) -> BTreeMap<String, (String, String)> {
    let said = zfs_says(&["get", "-Hp", "-o", "property,value,source", "all", name]);
    said.lines()
        .map(|line| {
            let mut fields = line.split('\t').map(str::to_owned);
            let mut next = || fields.next().unwrap_or_default();
            (next(), (next(), next()))
        })
        .collect()
}

fn is_running(info: &PropertyInfo) -> bool {
    info.since().is_none_or(property::Release::is_running)
}

/// Values that each property that can be set at any time can have, as texts; the kernel's own
/// numbers for those of enumerations.
fn valid(info: &PropertyInfo) -> Vec<String> {
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    match (info.name(), info.kind()) {
        ("version", _) => texts(&["5", "current"]),
        ("recordsize", _) => texts(&["512", "4K", "128K", "1M"]),
        ("special_small_blocks", _) => texts(&["0", "4K", "64KiB"]),
        ("quota" | "refquota", _) => texts(&["none", "100M", "0.5G"]),
        ("reservation" | "refreservation", _) => texts(&["none", "1M", "1.5M"]),
        ("volsize", _) => texts(&["4M", "8M"]),
        ("mountpoint", _) => texts(&["none", "legacy", "/", "/nowhere/with a space"]),
        ("keylocation", _) => texts(&["none"]),
        ("sharenfs" | "sharesmb", _) => texts(&["off", "on"]),
        (_, PropertyKind::Index(names)) => names
            .iter()
            .filter(|(_, index)| {
                info.value_since(*index)
                    .is_none_or(property::Release::is_running)
            })
            .map(|(name, _)| (*name).to_owned())
            .collect(),
        (_, PropertyKind::Text) => texts(&["none", "system_u:object_r:any_t:s0"]),
        _ => texts(&["none", "7", "5M"]),
    }
}

fn settable(holder: PropertyHolder) -> impl Iterator<Item = &'static PropertyInfo> {
    property::ALL.iter().filter(move |info| {
        info.is_for(holder)
            && matches!(info.access(), Access::Settable | Access::Inheritable)
            && info.name() != "mlslabel"
    })
}

#[track_caller]
fn every_valid_value_is_set(zfs: &Zfs, name: &DatasetName, holder: PropertyHolder) {
    // As many rounds as most properties have values; those of `compression` are more.
    for round in 0..12 {
        let mut set = zfs.set_properties(name);
        let mut expected = BTreeMap::new();
        for info in settable(holder).filter(|info| is_running(info)) {
            // It needs the volume's device, which other properties of the round take away.
            if info.name() == "volthreading" {
                continue;
            }
            let values = valid(info);
            let step = values.len().div_ceil(12);
            let value = &values[round * step % values.len()];
            set = set.set_text(info.name(), value);
            let native = info.native_value(&value.as_str().into()).unwrap();
            let shown = as_this_release_says(info, info.display_exact(&native));
            expected.insert(info.name(), (shown, "local".to_owned()));
        }
        // What is read-only cannot grow.
        if holder == PropertyHolder::Volume {
            set = set
                .set(&property::READONLY, false)
                .discard_behind_new_volsize();
            expected.insert("readonly", ("off".into(), "local".into()));
        }
        set.run().unwrap().all().unwrap();
        let said = zfs_get(name.as_str());
        for (property, expected) in expected {
            // A limit of none is the default to the kernel, and so to zfs.
            let found = &said[property];
            let is_no_limit = matches!(expected.0.as_str(), "0" | "none" | "18446744073709551615");
            // What is in the file system itself has no source.
            let is_in_it = property == "version" || property.starts_with("default");
            if is_in_it {
                assert_eq!(found, &(expected.0, "-".to_owned()), "{property}");
                continue;
            }
            assert_eq!(found.0, expected.0, "{property}");
            assert!(
                found.1 == expected.1 || (is_no_limit && found.1 == "default"),
                "{property}: {found:?}"
            );
        }
    }
}

#[test]
fn every_property_takes_every_valid_value() {
    let pool = pool("setvalid");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    every_valid_value_is_set(zfs, &data, PropertyHolder::FileSystem);
    let volume = pool.dataset("vol");
    zfs.create(&volume).volume(4 << 20).run().unwrap();
    if release() >= (2, 3) {
        wait_for_device(zfs, &volume);
        for value in ["off", "on"] {
            let set = zfs.set_properties(&volume).set_text("volthreading", value);
            set.run().unwrap().all().unwrap();
            assert_eq!(property_says("volthreading", &volume), value);
        }
    }
    every_valid_value_is_set(zfs, &volume, PropertyHolder::Volume);
}

/// The kernel makes a volume's device some time after the volume, and 2.3 asks it.
fn wait_for_device(zfs: &Zfs, volume: &DatasetName) {
    let start = Instant::now();
    while set_volthreading(zfs, volume).is_err() {
        assert!(start.elapsed() < LIMIT, "{volume} gets no device");
        thread::sleep(Duration::from_millis(10));
    }
}

fn set_volthreading(zfs: &Zfs, volume: &DatasetName) -> libzfs::Result<()> {
    let set = zfs.set_properties(volume);
    set.set(&property::VOLTHREADING, true).run()?.all()
}

#[test]
fn a_volume_without_a_device_is_told() {
    let pool = pool("setnodev");
    let zfs = pool.zfs();
    let volume = pool.dataset("vol");
    let create = zfs.create(&volume).volume(4 << 20);
    create
        .set("volmode", property::VolMode::None)
        .run()
        .unwrap();
    let set = set_volthreading(zfs, &volume);
    match release() {
        (2, 1 | 2) => assert_eq!(kind(set), ErrorKind::Unsupported),
        (2, 3) => {
            let error = set.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::DeviceNotFound);
            assert_eq!(error.failures()[0].kind, ErrorKind::DeviceNotFound);
        }
        _ => set.unwrap(),
    }
}

#[test]
fn no_property_takes_a_value_that_it_cannot_have() {
    let pool = pool("setinvalid");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let volume = pool.dataset("vol");
    zfs.create(&volume).volume(4 << 20).run().unwrap();
    let snap = snapshot(zfs, &data, "s");
    let enc = encrypted(&pool, "enc");
    let below = file_system(&pool, "enc/below");
    let before = [&data, &volume, &enc].map(|name| zfs_get(name.as_str()));

    let refused = |name: &DatasetName, property: &str, value: &str| {
        let set = zfs.set_properties(name);
        // A good one beside it is not set either.
        let result = set
            .set_text("com.example:good", "x")
            .set_text(property, value)
            .run();
        let error = result.unwrap_err();
        assert!(!error.failures().is_empty(), "{error}");
        error.kind()
    };
    for info in property::ALL {
        let name = info.name();
        let value = if info.kind() == PropertyKind::Text {
            "x"
        } else {
            "nonsense"
        };
        for (holder, dataset) in [
            (PropertyHolder::FileSystem, &data),
            (PropertyHolder::Volume, &volume),
        ] {
            // Any text is one.
            let is_text = name.ends_with("context") || name.starts_with("share");
            if is_text && info.is_for(holder) {
                continue;
            }
            let kind = refused(dataset, name, value);
            let is_settable = info.access() != Access::ReadOnly;
            let is_new = !is_running(info) && info.is_for(holder) && is_settable;
            let expected = if is_new {
                ErrorKind::Unsupported
            } else {
                ErrorKind::InvalidProperty
            };
            assert_eq!(kind, expected, "{name}");
        }
        let result = zfs.set_properties(&snap).set_text(name, value).run();
        assert_eq!(
            kind(result),
            ErrorKind::InvalidProperty,
            "{name} of a snapshot"
        );
    }
    for (dataset, property, value) in [
        (&data, "nonsense", "x"),
        (&data, "Upper:case", "x"),
        (&data, "com.example:long", &"x".repeat(8192)),
        (&data, "recordsize", "32M"),
        (&data, "recordsize", "1000"),
        (&data, "quota", "-1"),
        (&data, "quota", "16E"),
        (&data, "version", "4"),
        (&data, "keylocation", "prompt"),
        (&data, "compression", "zstd-20"),
        (&enc, "copies", "3"),
        (&enc, "keylocation", "none"),
        (&below, "keylocation", "prompt"),
        (&volume, "volsize", "1000"),
        (&volume, "volsize", "0"),
        (&volume, "volsize", "2M"),
        (&volume, "volblocksize", "8K"),
    ] {
        assert_eq!(
            refused(dataset, property, value),
            ErrorKind::InvalidProperty,
            "{property}={value}"
        );
    }
    let unknown = Compression::from_index(77);
    let set = zfs
        .set_properties(&data)
        .set(&property::COMPRESSION, unknown);
    assert_eq!(kind(set.run()), ErrorKind::InvalidProperty);
    let after = [&data, &volume, &enc].map(|name| zfs_get(name.as_str()));
    for (before, after) in before.iter().zip(&after) {
        let settings = |all: &BTreeMap<String, (String, String)>| {
            let mut all = all.clone();
            all.retain(|_, (_, source)| source != "-");
            all
        };
        assert_eq!(settings(before), settings(after));
    }
    // Several are refused at once, each with its reason.
    let set = zfs
        .set_properties(&data)
        .set_text("used", "1")
        .set_text("sync", "x");
    let error = set.run().unwrap_err();
    assert_eq!(error.failures().len(), 2);
    let text = error.to_string();
    assert!(
        text.contains("read-only") && text.contains("standard"),
        "{text}"
    );
}

#[test]
fn values_that_a_release_lacks_are_unsupported() {
    let pool = pool("setnew");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let set = |property: &str, value: &str| {
        zfs.set_properties(&data)
            .set_text(property, value)
            .run()
            .and_then(property::PropertiesSet::all)
    };
    for (property, value, since) in [
        ("checksum", "blake3", (2, 2)),
        ("dedup", "blake3,verify", (2, 2)),
        ("snapdir", "disabled", (2, 3)),
        ("prefetch", "none", (2, 3)),
        ("direct", "always", (2, 3)),
        ("longname", "on", (2, 3)),
        ("defaultuserquota", "1G", (2, 4)),
    ] {
        if release() >= since {
            set(property, value).unwrap();
        } else {
            let error = set(property, value).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{property}");
            assert!(error.to_string().contains("or later"), "{error}");
        }
    }
}

#[test]
fn what_the_kernel_refuses_is_told_and_the_rest_is_set() {
    let pool = Pool::builder()
        .label("setsome")
        .without_feature("zstd_compress")
        .build()
        .unwrap();
    let zfs = pool.zfs().clone();
    let data = file_system(&pool, "data");
    let set = || zfs.set_properties(&data);

    let some = set()
        .set(&property::QUOTA, 512)
        .set_text("com.example:a", "b")
        .run()
        .unwrap();
    assert_eq!(some.failures().len(), 1);
    let failure = &some.failures()[0];
    assert_eq!(
        (failure.name.as_str(), failure.kind),
        ("quota", ErrorKind::NoSpace)
    );
    assert_eq!(kind(some.all()), ErrorKind::NoSpace);
    assert_eq!(property_says("com.example:a,quota", &data), "b\n0");

    assert_eq!(
        kind(set().set(&property::QUOTA, 512).run()),
        ErrorKind::NoSpace
    );
    assert_eq!(
        kind(set().set(&property::RESERVATION, 1 << 40).run()),
        ErrorKind::NoSpace
    );
    let zstd = set().set(&property::COMPRESSION, Compression::ZstdLevel(3));
    assert_eq!(kind(zstd.run()), ErrorKind::FeatureDisabled);
    let nothing = zfs.set_properties(&pool.dataset("gone"));
    assert_eq!(kind(nothing.clone().run()), ErrorKind::DatasetNotFound);
    assert_eq!(
        kind(nothing.set_text("a:b", "c").run()),
        ErrorKind::DatasetNotFound
    );
    assert!(set().run().unwrap().failures().is_empty());

    // On a snapshot too.
    let snap = snapshot(&zfs, &data, "s");
    zfs.set_properties(&snap)
        .set_text("com.example:a", "on it")
        .run()
        .unwrap()
        .all()
        .unwrap();
    assert_eq!(property_says("com.example:a", &snap), "on it");
    zfs.inherit_property(&snap, "com.example:a").unwrap();
    assert_eq!(property_says("com.example:a", &snap), "b");

    needs(&[(&data, "compression")], || {
        set()
            .set(&property::COMPRESSION, Compression::Lz4)
            .run()?
            .all()
    });
    needs(&[(&data, "userprop")], || {
        set().set_text("a:b", "c").run()?.all()
    });
    needs(&[(&data, "atime")], || zfs.inherit_property(&data, "atime"));
    needs_a_healthy_pool(
        pool,
        &[
            &|| set().set_text("a:b", "c").run()?.all(),
            &|| zfs.inherit_property(&data, "atime"),
            &|| zfs.revert_property(&data, "atime"),
        ],
    );
}

#[test]
fn a_volume_shrinks_only_where_that_is_said() {
    let pool = pool("shrink");
    let zfs = pool.zfs();
    let volume = pool.dataset("vol");
    zfs.create(&volume).volume(4 << 20).run().unwrap();
    let set = |bytes| zfs.set_properties(&volume).set(&property::VOLSIZE, bytes);
    set(8 << 20).run().unwrap().all().unwrap();
    assert_eq!(property_says("volsize", &volume), (8 << 20).to_string());
    assert_eq!(kind(set(4 << 20).run()), ErrorKind::InvalidProperty);
    set(4 << 20)
        .discard_behind_new_volsize()
        .run()
        .unwrap()
        .all()
        .unwrap();
    assert_eq!(property_says("volsize", &volume), (4 << 20).to_string());
    zfs.set_properties(&volume)
        .set(&property::READONLY, true)
        .run()
        .unwrap()
        .all()
        .unwrap();
    let error = set(8 << 20).run().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidProperty);
    assert!(error.to_string().contains("readonly"), "{error}");
}
