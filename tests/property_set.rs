//! Every native property that can be set, with valid and invalid values, compared with what
//! `zfs get` prints; values taken back; owners of space; properties of pools.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::chown;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use libzfs::property::{
    self, Access, Compression, OwnerKind, PropertyHolder, PropertyInfo, PropertyKind, Sid,
    SpaceMeasure, SpaceOwner, pool,
};
use libzfs::testing::Pool;
use libzfs::{DatasetName, ErrorKind, Source, Zfs};
use support::{
    LIMIT, NOBODY, as_this_release_says, as_user, encrypted, file_system, kind, needs,
    needs_a_healthy_pool, noise, pool, property_says, raw_key, release, snapshot, zfs_says,
    zpool_says,
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

#[test]
fn values_are_taken_back_from_a_whole_tree() {
    let pool = pool("inherittree");
    let zfs = pool.zfs();
    let top = file_system(&pool, "top");
    let below = file_system(&pool, "top/below");
    let deep = file_system(&pool, "top/below/deep");
    let volume = pool.dataset("top/vol");
    zfs.create(&volume).volume(4 << 20).run().unwrap();
    let snap = snapshot(zfs, &below, "s");
    let apart = file_system(&pool, "apart");
    let set = |name: &DatasetName, property: &str, value: &str| {
        let set = zfs.set_properties(name).set_text(property, value);
        set.run().unwrap().all().unwrap();
    };
    for name in [&top, &below, &volume, &apart] {
        set(name, "compression", "lz4");
        set(name, "a:b", "local");
    }
    // What a volume does not have.
    set(&deep, "recordsize", "64K");
    let of_snapshot = zfs.set_properties(&snap).set_text("a:b", "of the snapshot");
    of_snapshot.run().unwrap().all().unwrap();
    // Each call that changes something has its place in the history.
    let changes = || {
        zfs.sync_pool(pool.name()).unwrap();
        let history = zpool_says(&["history", "-i", pool.name().as_str()]);
        history.matches("] inherit ").count()
    };

    for property in ["compression", "recordsize", "a:b"] {
        zfs.inherit_property_below(&top, property)
            .unwrap()
            .all()
            .unwrap();
    }
    let all = ["get", "-Hpr", "-o", "name,property,value,source"];
    let all = [&all[..], &["-s", "local", "all", top.as_str()]].concat();
    let said = zfs_says(&all);
    let ours = said.lines().filter(|line| !line.contains("\tvolsize\t"));
    let ours: Vec<_> = ours
        .filter(|line| !line.contains("refreservation"))
        .collect();
    assert_eq!(ours, [""; 0]);
    assert_eq!(property_says("compression,a:b", &apart), "lz4\nlocal");
    // Those on which it was set, and no others.
    assert_eq!(changes(), 3 + 1 + 4);

    // What fails for one is done for the others.
    set(&below, "a:b", "1");
    set(&deep, "a:b", "1");
    support::allow(&deep, NOBODY, "userprop");
    let taken = as_user(NOBODY, || zfs.inherit_property_below(&top, "a:b")).unwrap();
    let [failure] = taken.failures() else {
        panic!("{taken:?}");
    };
    let denied = (below.to_string(), ErrorKind::PermissionDenied);
    assert_eq!((failure.name.clone(), failure.kind), denied);
    assert_eq!(kind(taken.all()), ErrorKind::PermissionDenied);
    assert_eq!(property_says("a:b", &deep), "1");
    assert_eq!(
        zfs_says(&["get", "-Hpo", "source", "a:b", deep.as_str()]),
        format!("inherited from {below}")
    );

    for property in ["quota", "used", "nonsense", "No:such", "volthreading"] {
        let taken = zfs.inherit_property_below(&top, property);
        assert_eq!(kind(taken), ErrorKind::InvalidProperty, "{property}");
    }
    let gone = pool.dataset("gone");
    let taken = zfs.inherit_property_below(&gone, "atime");
    assert_eq!(kind(taken), ErrorKind::DatasetNotFound);
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
fn many_threads_limit_owners_of_one_file_system() {
    let pool = pool("setowners");
    let zfs = pool.zfs();
    for round in 0..20 {
        let data = file_system(&pool, &format!("data{round}"));
        let start = Barrier::new(8);
        thread::scope(|scope| {
            for number in 0..8 {
                let (data, start) = (&data, &start);
                scope.spawn(move || {
                    let set = zfs.set_properties(data);
                    let set = set.space_quota(&SpaceOwner::User(number), 1 << 30);
                    start.wait();
                    set.run().unwrap().all().unwrap();
                });
            }
        });
        let owners = zfs.space_by_owner(&data, OwnerKind::User, SpaceMeasure::Quota);
        assert_eq!(owners.unwrap().len(), 8, "round {round}");
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
fn values_are_taken_back_to_what_was_inherited_or_received() {
    let pool = pool("inherit");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let child = file_system(&pool, "data/child");
    let says = |property: &str| {
        let columns = [
            "get",
            "-Hpo",
            "value,source,received",
            property,
            child.as_str(),
        ];
        zfs_says(&columns).replace('\t', " ")
    };
    zfs.set_properties(&data)
        .set(&property::ATIME, false)
        .run()
        .unwrap()
        .all()
        .unwrap();
    let set = zfs.set_properties(&child).set(&property::ATIME, true);
    set.set(&property::QUOTA, 1 << 30)
        .set_text("a:b", "c")
        .run()
        .unwrap()
        .all()
        .unwrap();
    assert_eq!(says("atime"), "on local -");
    zfs.inherit_property(&child, "atime").unwrap();
    assert_eq!(says("atime"), format!("off inherited from {data} -"));
    let atime = zfs
        .dataset(&child)
        .unwrap()
        .get(&property::ATIME)
        .unwrap()
        .unwrap();
    assert_eq!(
        (atime.value, atime.source),
        (false, Source::Inherited(data.clone()))
    );
    zfs.inherit_property(&child, "a:b").unwrap();
    assert_eq!(says("a:b"), "- - -");
    assert_eq!(says("quota"), format!("{} local -", 1 << 30));
    zfs.revert_property(&child, "quota").unwrap();
    assert_eq!(says("quota"), "0 default -");

    // Received values are hidden by local ones, and by inherited ones.
    let snap = snapshot(zfs, &data, "s");
    let received = [("compression", "off"), ("a:b", "r")];
    let copy = pool.dataset("data/copy").snapshot("s").unwrap();
    let send = zfs.send(&snap).start().unwrap();
    zfs.receive(&copy)
        .received_properties(received)
        .run(send)
        .unwrap()
        .all()
        .unwrap();
    let copy = copy.dataset().clone();
    let says = |property: &str| {
        let columns = [
            "get",
            "-Hpo",
            "value,source,received",
            property,
            copy.as_str(),
        ];
        zfs_says(&columns).replace('\t', " ")
    };
    assert_eq!(says("compression"), "off received off");
    let set = zfs
        .set_properties(&copy)
        .set(&property::COMPRESSION, Compression::Lz4);
    set.set_text("a:b", "local").run().unwrap().all().unwrap();
    assert_eq!(says("compression"), "lz4 local off");
    zfs.revert_property(&copy, "compression").unwrap();
    zfs.revert_property(&copy, "a:b").unwrap();
    assert_eq!(
        (says("compression"), says("a:b")),
        ("off received off".into(), "r received r".into())
    );
    zfs.inherit_property(&copy, "a:b").unwrap();
    assert_eq!(says("a:b"), "- - r");

    for property in [
        "quota",
        "canmount",
        "used",
        "casesensitivity",
        "nonsense",
        "volblocksize",
        "No:such",
        "snapdev\0",
    ] {
        assert_eq!(
            kind(zfs.inherit_property(&data, property)),
            ErrorKind::InvalidProperty,
            "{property:?}"
        );
    }
    for property in [
        "version",
        "used",
        "keylocation",
        "volthreading",
        "encryption",
    ] {
        assert_eq!(
            kind(zfs.revert_property(&data, property)),
            ErrorKind::InvalidProperty,
            "{property}"
        );
    }
    // The kernel would switch its threads off, whatever the property is then.
    let volume = pool.dataset("vol");
    zfs.create(&volume).volume(4 << 20).run().unwrap();
    assert_eq!(
        kind(zfs.revert_property(&volume, "volthreading")),
        ErrorKind::InvalidProperty
    );
    assert_eq!(
        kind(zfs.inherit_property(&snap, "exec")),
        ErrorKind::InvalidProperty
    );
    let gone = pool.dataset("gone");
    assert_eq!(
        kind(zfs.inherit_property(&gone, "atime")),
        ErrorKind::DatasetNotFound
    );
    assert_eq!(
        kind(zfs.revert_property(&gone, "atime")),
        ErrorKind::DatasetNotFound
    );
}

#[test]
fn space_is_counted_and_limited_by_owner() {
    let pool = pool("owners");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let mount = pool.mount(&data).unwrap();
    for (file, owner) in [("a", 1000), ("b", 1000), ("c", 70000)] {
        let path = mount.path().join(file);
        fs::write(&path, noise(7, 100_000)).unwrap();
        chown(&path, Some(owner), Some(owner + 1)).unwrap();
    }
    mount.unmount().unwrap();
    zpool_says(&["sync", pool.name().as_str()]);
    let (user, group, project) = (
        SpaceOwner::User(1000),
        SpaceOwner::Group(1001),
        SpaceOwner::Project(7),
    );
    let sid = SpaceOwner::UserSid(Sid::new("S-1-5-21-1-2-3", 1001).unwrap());
    zfs.set_properties(&data)
        .space_quota(&user, 1 << 30)
        .object_quota(&group, 99)
        .space_quota(&project, 1 << 20)
        .run()
        .unwrap()
        .all()
        .unwrap();
    let said = |property: &str| property_says(property, &data).parse::<u64>().unwrap();
    let space = |owner: &SpaceOwner, measure| zfs.space_of(&data, owner, measure).unwrap();
    assert!(space(&user, SpaceMeasure::Used) >= 200_000);
    assert_eq!(space(&user, SpaceMeasure::Used), said("userused@1000"));
    assert_eq!(space(&user, SpaceMeasure::Quota), said("userquota@1000"));
    assert_eq!(space(&user, SpaceMeasure::ObjectsUsed), 2);
    assert_eq!(space(&group, SpaceMeasure::Used), said("groupused@1001"));
    assert_eq!(
        space(&group, SpaceMeasure::ObjectsQuota),
        said("groupobjquota@1001")
    );
    assert_eq!(space(&group, SpaceMeasure::ObjectsQuota), 99);
    assert_eq!(space(&project, SpaceMeasure::Quota), said("projectquota@7"));
    let stranger = SpaceOwner::GroupSid(Sid::new("S-1-5-99", 1).unwrap());
    assert_eq!(space(&stranger, SpaceMeasure::Used), 0);
    assert_eq!(space(&SpaceOwner::User(4), SpaceMeasure::Used), 0);

    let owners = |kind, measure| -> BTreeMap<SpaceOwner, u64> {
        zfs.space_by_owner(&data, kind, measure)
            .unwrap()
            .into_iter()
            .collect()
    };
    let used = owners(OwnerKind::User, SpaceMeasure::Used);
    let listed = zfs_says(&["userspace", "-Hpn", "-o", "name,used", data.as_str()]);
    let listed: BTreeMap<_, _> = listed
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .filter_map(|(id, used)| Some((SpaceOwner::User(id.parse().ok()?), used.parse().ok()?)))
        .collect();
    assert_eq!(used, listed);
    assert_eq!(used.len(), 3);
    // After this `zfs userspace` lists nothing on Linux, which has nobody to ask for its name.
    let limit = zfs.set_properties(&data).space_quota(&sid, 1 << 21);
    limit.run().unwrap().all().unwrap();
    assert_eq!(space(&sid, SpaceMeasure::Quota), 1 << 21);
    let quotas = owners(OwnerKind::User, SpaceMeasure::Quota);
    assert_eq!(
        quotas,
        BTreeMap::from([(user.clone(), 1 << 30), (sid.clone(), 1 << 21)])
    );
    assert_eq!(
        owners(OwnerKind::Group, SpaceMeasure::ObjectsUsed)[&group],
        2
    );

    // 0 takes a quota away.
    zfs.set_properties(&data)
        .space_quota(&user, 0)
        .run()
        .unwrap()
        .all()
        .unwrap();
    assert_eq!(space(&user, SpaceMeasure::Quota), 0);
    assert_eq!(owners(OwnerKind::User, SpaceMeasure::Quota).len(), 1);

    // Many, which do not fit in one answer.
    let mut many = zfs.set_properties(&data);
    for id in 0..250 {
        many = many.object_quota(&SpaceOwner::User(2000 + id), 10);
    }
    many.run().unwrap().all().unwrap();
    assert_eq!(
        owners(OwnerKind::User, SpaceMeasure::ObjectsQuota).len(),
        250
    );

    let snap = snapshot(zfs, &data, "s");
    assert_eq!(
        zfs.space_of(&snap, &user, SpaceMeasure::Used).unwrap(),
        said("userused@1000")
    );
    let volume = pool.dataset("vol");
    zfs.create(&volume).volume(4 << 20).run().unwrap();
    let gone = pool.dataset("gone");
    let enc = encrypted(&pool, "enc");
    zfs.unload_key(&enc).unwrap();
    for (name, expected) in [
        (&volume, ErrorKind::InvalidArgument),
        (&gone, ErrorKind::DatasetNotFound),
        (&enc, ErrorKind::KeyNotLoaded),
    ] {
        assert_eq!(
            kind(zfs.space_of(name, &user, SpaceMeasure::Used)),
            expected,
            "{name}"
        );
        assert_eq!(
            kind(zfs.space_of(name, &stranger, SpaceMeasure::Used)),
            expected,
            "{name}"
        );
        let by_owner = zfs.space_by_owner(name, OwnerKind::User, SpaceMeasure::Used);
        assert_eq!(kind(by_owner), expected, "{name}");
    }
    let limit = zfs.set_properties(&enc).space_quota(&user, 1);
    assert_eq!(kind(limit.run()), ErrorKind::KeyNotLoaded);
    zfs.load_key(&enc, &raw_key()).unwrap();
    let no_project = SpaceOwner::Project(u32::MAX);
    assert_eq!(
        kind(zfs.space_of(&data, &no_project, SpaceMeasure::Used)),
        ErrorKind::InvalidArgument
    );
    needs(&[(&data, "userused")], || {
        zfs.space_by_owner(&data, OwnerKind::User, SpaceMeasure::Used)
            .map(drop)
    });
    needs(&[(&data, "userquota")], || {
        zfs.set_properties(&data)
            .space_quota(&user, 5 << 30)
            .run()?
            .all()
    });
}

#[test]
fn nobody_counts_where_a_feature_is_missing() {
    let pool = Pool::builder()
        .label("uncounted")
        .without_feature("project_quota")
        .build()
        .unwrap();
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let project = SpaceOwner::Project(7);
    let of_project = zfs.space_of(&data, &project, SpaceMeasure::Used);
    assert_eq!(kind(of_project), ErrorKind::NotAccounted);
    let limit = zfs.set_properties(&data).space_quota(&project, 1 << 20);
    assert_eq!(kind(limit.run()), ErrorKind::FeatureDisabled);
}

#[test]
fn what_was_written_since_is_what_zfs_says() {
    let pool = pool("written");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let first = snapshot(zfs, &data, "a");
    let bookmark = data.bookmark("a").unwrap();
    zfs.create_bookmarks(&[(bookmark.clone(), first.clone().into())])
        .unwrap();
    support::write_file(&pool, &data, "f", &noise(1, 300_000));
    let second = snapshot(zfs, &data, "b");
    let said = |property: &str, name: &str| property_says(property, name).parse::<u64>().unwrap();
    let since_a = zfs.written_since(&data, &first).unwrap();
    assert!(since_a >= 300_000);
    assert_eq!(since_a, said("written@a", data.as_str()));
    assert_eq!(
        zfs.written_since(&second, &first).unwrap(),
        said("written@a", second.as_str())
    );
    assert_eq!(
        zfs.written_since_bookmark(&data, &bookmark).unwrap(),
        said("written#a", data.as_str())
    );
    assert_eq!(zfs.written_since(&data, &second).unwrap(), 0);

    let gone = data.snapshot("gone").unwrap();
    assert_eq!(
        kind(zfs.written_since(&data, &gone)),
        ErrorKind::SnapshotNotFound
    );
    assert_eq!(
        kind(zfs.written_since(&pool.dataset("gone"), &first)),
        ErrorKind::DatasetNotFound
    );
    assert_eq!(
        kind(zfs.written_since(&first, &second)),
        ErrorKind::NotAnAncestor
    );
    let other = snapshot(zfs, &file_system(&pool, "other"), "s");
    assert_eq!(
        kind(zfs.written_since(&data, &other)),
        ErrorKind::NotAnAncestor
    );
    let no_bookmark = data.bookmark("gone").unwrap();
    assert_eq!(
        kind(zfs.written_since_bookmark(&data, &no_bookmark)),
        ErrorKind::BookmarkNotFound
    );
    let result = zfs.written_since_bookmark(other.dataset(), &bookmark);
    assert_eq!(kind(result), ErrorKind::NotAnAncestor);
}

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
            if !is_running(info) {
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
