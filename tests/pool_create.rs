//! Pools that are made, destroyed, exported and listed by the crate, and what `zpool` says of them.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use libzfs::property::{Release, pool as pool_property};
use libzfs::{
    CreatePool, Encryption, ErrorKind, Key, KeyStatus, NewDraid, NewVdev, PoolName, PoolStatus,
    VdevClass, VdevKind, VdevState, VdevStatus, Zfs,
};
use support::{NOBODY, as_user, file_system, kind, release, zfs_says, zpool_says};

/// A directory with sparse files, and a pool's name that no other test has. What is left of the
/// pool goes with it.
struct Files {
    zfs: Zfs,
    directory: tempfile::TempDir,
    pool: PoolName,
}

impl Files {
    fn new(name: &str) -> Self {
        let pool = format!("lzp-{name}-{}", std::process::id());
        Self {
            zfs: Zfs::open().unwrap(),
            directory: tempfile::tempdir().unwrap(),
            pool: pool.parse().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A file of this many mebibytes.
    fn sized(&self, name: &str, mebibytes: u64) -> PathBuf {
        let path = self.path(name);
        File::create(&path)
            .unwrap()
            .set_len(mebibytes << 20)
            .unwrap();
        path
    }

    fn file(&self, name: &str) -> PathBuf {
        self.sized(name, 64)
    }

    fn files<const N: usize>(&self, prefix: &str) -> [PathBuf; N] {
        std::array::from_fn(|number| self.file(&format!("{prefix}{number}")))
    }

    fn create(&self) -> CreatePool {
        self.zfs.create_pool(&self.pool)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = self.zfs.destroy_pool(&self.pool);
    }
}

/// The vdevs of `zpool status -P` in their order: how deep, name, state.
fn shown(pool: &PoolName) -> Vec<(usize, String, String)> {
    let text = zpool_says(&["status", "-P", pool.as_str()]);
    let (_, config) = text.split_once("NAME").unwrap();
    let (config, _) = config.split_once("\nerrors:").unwrap();
    let mut rows = Vec::new();
    for line in config.lines().skip(1) {
        let line = line.trim_start_matches('\t');
        let depth = line.len() - line.trim_start().len();
        let mut fields = line.split_whitespace();
        if let Some(name) = fields.next() {
            rows.push((
                depth / 2,
                name.to_owned(),
                fields.next().unwrap_or("").to_owned(),
            ));
        }
    }
    rows
}

/// The same as the crate has it, in the order in which `zpool` shows it.
fn expected(status: &PoolStatus) -> Vec<(usize, String, String)> {
    let mut rows = vec![(0, status.name().to_string(), status.health().to_string())];
    let of = |class| {
        status
            .vdevs()
            .iter()
            .enumerate()
            .filter(move |(_, vdev)| vdev.class == class)
    };
    let classes = [
        (VdevClass::Data, None),
        (VdevClass::Dedup, Some("dedup")),
        (VdevClass::Special, Some("special")),
        (VdevClass::Log, Some("logs")),
        (VdevClass::Cache, Some("cache")),
        (VdevClass::Spare, Some("spares")),
    ];
    for (class, heading) in classes {
        if of(class).next().is_none() {
            continue;
        }
        if let Some(heading) = heading {
            rows.push((0, heading.to_owned(), String::new()));
        }
        for (number, vdev) in of(class) {
            add(vdev, number, 1, &mut rows);
        }
    }
    rows
}

fn add(vdev: &VdevStatus, number: usize, depth: usize, rows: &mut Vec<(usize, String, String)>) {
    let name = match (&vdev.kind, &vdev.path) {
        (VdevKind::Mirror, _) => format!("mirror-{number}"),
        (VdevKind::Raidz(parity), _) => format!("raidz{parity}-{number}"),
        // What else is in the name is that of the only one here.
        (VdevKind::Draid(parity), _) => format!("draid{parity}:2d:4c:1s-{number}"),
        (_, Some(path)) => path.display().to_string(),
        other => panic!("{other:?}"),
    };
    let state = match vdev.class {
        VdevClass::Spare if vdev.state == VdevState::Online => "AVAIL".to_owned(),
        _ => vdev.state.to_string(),
    };
    rows.push((depth, name, state));
    for (number, child) in vdev.children.iter().enumerate() {
        add(child, number, depth + 1, rows);
    }
}

/// Compares all that there is to compare, and destroys the pool.
#[track_caller]
fn check(files: &Files) {
    let (zfs, pool) = (&files.zfs, &files.pool);
    let status = zfs.pool_status(pool).unwrap();
    assert_eq!(expected(&status), shown(pool), "{status:#?}");
    let all = zpool_says(&["get", "-Hpo", "property,value", "all", pool.as_str()]);
    let all: BTreeMap<_, _> = all
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .collect();
    let properties = zfs.pool_properties(pool).unwrap();
    let mut compared = 0;
    for info in pool_property::ALL {
        let here = info.since().is_none_or(Release::is_running) && !info.is_hidden();
        // These change as the pool settles.
        let settles = ["allocated", "free", "freeing", "fragmentation"].contains(&info.name());
        if here && !settles {
            let value = properties.exact(info).unwrap().value;
            assert_eq!(
                Some(&*value),
                all.get(info.name()).copied(),
                "{}",
                info.name()
            );
            compared += 1;
        }
    }
    assert!(compared > 20, "{all:?}");
    let shown = |property| all[property];
    let number = |property| shown(property).parse::<u64>().unwrap();
    assert_eq!(status.health().to_string(), shown("health"));
    assert_eq!(status.guid(), number("guid"));
    assert_eq!(
        (status.size(), status.capacity()),
        (number("size"), number("capacity"))
    );
    assert!(status.allocated().abs_diff(number("allocated")) < 16 << 20);
    assert_eq!(shown("cachefile"), "none");
    assert!(!status.is_suspended() && status.error_count() == 0 && status.scan().is_none());
    let listed = zfs.pools().unwrap();
    let ours = listed.iter().find(|listed| listed.name == *pool).unwrap();
    assert_eq!(ours.guid, status.guid());
    zfs.destroy_pool(pool).unwrap();
    assert!(
        zfs.pools()
            .unwrap()
            .iter()
            .all(|listed| listed.name != *pool)
    );
    assert_eq!(kind(zfs.pool_status(pool)), ErrorKind::PoolNotFound);
}

#[test]
fn every_layout_is_as_zpool_shows_it() {
    let files = Files::new("layouts");
    let [a, b, c, d, e] = files.files("disk");
    files.create().vdev(&a).vdev(&b).run().unwrap();
    check(&files);
    files
        .create()
        .vdev(NewVdev::mirror([&a, &b, &c]))
        .run()
        .unwrap();
    check(&files);
    files
        .create()
        .vdev(NewVdev::raidz1([&a, &b, &c]))
        .run()
        .unwrap();
    check(&files);
    files
        .create()
        .vdev(NewVdev::raidz2([&a, &b, &c, &d]))
        .run()
        .unwrap();
    check(&files);
    files
        .create()
        .vdev(NewVdev::raidz3([&a, &b, &c, &d, &e]))
        .run()
        .unwrap();
    check(&files);
    let [f, g, h, i, j] = files.files("more");
    files
        .create()
        .vdev(NewVdev::mirror([&a, &b]))
        .vdev(NewVdev::mirror([&c, &d]))
        .special(NewVdev::mirror([&e, &f]))
        .log(NewVdev::mirror([&g, &h]))
        .spare(&i)
        .spare(&j)
        .run()
        .unwrap();
    check(&files);
    files
        .create()
        .vdev(&a)
        .dedup(&b)
        .log(&c)
        .cache(&d)
        .run()
        .unwrap();
    check(&files);
    // It takes more of each than others do.
    let larger = ["a", "b", "c", "d"].map(|name| files.sized(name, 128));
    let draid = NewDraid::draid1(larger).data(2).spares(1);
    files.create().vdev(draid).spare(&e).run().unwrap();
    check(&files);
}

#[test]
fn pools_are_told_however_long_their_configurations_are() {
    let files = Files::new("long");
    let mut directory = files.directory.path().to_owned();
    while directory.as_os_str().len() < 3800 {
        directory.push("d".repeat(200));
    }
    fs::create_dir_all(&directory).unwrap();
    let paths: [PathBuf; 6] = std::array::from_fn(|number| {
        let path = directory.join(number.to_string());
        File::create(&path).unwrap().set_len(64 << 20).unwrap();
        path
    });
    let create = paths.iter().fold(files.create(), CreatePool::vdev);
    create.run().unwrap();
    let listed = files.zfs.pools().unwrap();
    assert!(listed.iter().any(|listed| listed.name == files.pool));
    let status = files.zfs.pool_status(&files.pool).unwrap();
    let shown = status.devices().filter_map(|device| device.path.clone());
    assert_eq!(shown.collect::<Vec<_>>(), paths);
    let other = "lzp-long-other".parse().unwrap();
    let again = files.zfs.create_pool(&other).vdev(&paths[5]);
    assert_eq!(kind(again.force_overwrite().run()), ErrorKind::DeviceInUse);
}

/// A file as a block device.
struct Loop(PathBuf);

impl Loop {
    fn new(file: &Path) -> Self {
        // Where it is part of the kernel, there is no such module.
        let _ = Command::new("modprobe").arg("loop").status();
        let output = Command::new("losetup")
            .args(["--find", "--show"])
            .arg(file)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let path = String::from_utf8(output.stdout).unwrap();
        Self(path.trim_end().into())
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ = Command::new("losetup").arg("-d").arg(&self.0).status();
    }
}

#[test]
fn disks_are_used_as_they_are_and_a_spare_one_is_shared() {
    // The disks go after the pools on them.
    let disks: Vec<Loop>;
    let (files, others) = (Files::new("disks"), Files::new("disks2"));
    disks = ["a", "b", "spare"]
        .map(|name| Loop::new(&files.file(name)))
        .into();
    let [a, b, spare] = &disks[..] else {
        panic!("three were made");
    };
    files.create().vdev(&a.0).spare(&spare.0).run().unwrap();
    let status = files.zfs.pool_status(&files.pool).unwrap();
    assert!(status.devices().all(|disk| disk.kind == VdevKind::Disk));
    assert_eq!(expected(&status), shown(&files.pool));
    // ZFS has it open for itself, for whichever pool.
    others.create().vdev(&b.0).spare(&spare.0).run().unwrap();
    for disk in &disks {
        let taken = files.zfs.add_vdevs(&files.pool).vdev(&disk.0);
        let taken = taken.force_overwrite().run();
        assert_eq!(kind(taken), ErrorKind::DeviceInUse, "{}", disk.0.display());
    }
    let taken = others.zfs.add_vdevs(&others.pool).spare(&a.0).run();
    assert_eq!(kind(taken), ErrorKind::DeviceInUse);
    let old = status.vdevs()[0].guid;
    let replaced = files.zfs.replace_device(&files.pool, old, &spare.0);
    replaced.run().unwrap();
    let status = files.zfs.pool_status(&files.pool).unwrap();
    assert_eq!(status.vdevs()[0].kind, VdevKind::Spare);
    // Before the disks of which they are.
    drop((files, others));
}

#[test]
fn what_is_asked_for_is_what_the_pool_has() {
    let files = Files::new("asked");
    files
        .create()
        .vdev(files.file("a"))
        .ashift(13)
        .set("comment", "a comment")
        .set("autotrim", true)
        .set("failmode", "continue")
        .without_feature("zstd_compress")
        .root("compression", "lz4")
        .root("canmount", "off")
        .root("com.example:note", "text")
        .altroot("/nowhere")
        .encryption(Encryption::Aes256Gcm, Key::raw(&[7; 32]).unwrap())
        .run()
        .unwrap();
    let pool = files.pool.as_str();
    let shown = |property| zpool_says(&["get", "-Hpo", "value", property, pool]);
    assert_eq!(shown("ashift"), "13");
    assert_eq!(shown("comment"), "a comment");
    assert_eq!(shown("autotrim"), "on");
    assert_eq!(shown("failmode"), "continue");
    assert_eq!(shown("feature@zstd_compress"), "disabled");
    assert_eq!(shown("altroot"), "/nowhere");
    let of_root = |property| zfs_says(&["get", "-Hpo", "value,source", property, pool]);
    assert_eq!(of_root("compression"), "lz4\tlocal");
    assert_eq!(of_root("com.example:note"), "text\tlocal");
    assert_eq!(of_root("mounted"), "no\t-");
    let (zfs, root) = (&files.zfs, files.pool.root());
    assert_eq!(
        zfs.dataset(&root).unwrap().key_status().unwrap(),
        KeyStatus::Available
    );
    zfs.unload_key(&root).unwrap();
    zfs.load_key(&root, &Key::raw(&[7; 32]).unwrap()).unwrap();
    let status = zfs.pool_status(&files.pool).unwrap();
    assert_eq!(status.vdevs()[0].ashift, Some(13));
    // The key is not among what the history has.
    let secret = "wkeydata";
    assert!(!zpool_says(&["history", "-il", pool]).contains(secret));
}

#[test]
fn a_set_of_features_is_kept_to() {
    let files = Files::new("compat");
    let set = "openzfs-2.0-linux";
    files
        .create()
        .vdev(files.file("a"))
        .compatibility(set)
        .run()
        .unwrap();
    let pool = files.pool.as_str();
    let shown = |property: &str| zpool_says(&["get", "-Hpo", "value", property, pool]);
    assert_eq!(shown("compatibility"), set);
    let text = fs::read_to_string(format!("/usr/share/zfs/compatibility.d/{set}")).unwrap();
    let wanted = |feature: &str| text.lines().any(|line| line == feature);
    let all = zpool_says(&["get", "-Ho", "property,value", "all", pool]);
    let mut seen = 0;
    for line in all.lines() {
        if let Some((feature, value)) = line.split_once('\t') {
            if let Some(feature) = feature.strip_prefix("feature@") {
                seen += 1;
                assert_eq!(value != "disabled", wanted(feature), "{feature} {value}");
            }
        }
    }
    assert!(seen > 30 && wanted("bookmarks") && !wanted("draid"));
    files.zfs.destroy_pool(&files.pool).unwrap();
    let unknown = files
        .create()
        .vdev(files.path("a"))
        .compatibility("no-such-set");
    assert_eq!(kind(unknown.run()), ErrorKind::InvalidProperty);
}

#[test]
fn what_no_pool_can_be_is_refused_with_the_reason() {
    let files = Files::new("refused");
    let [a, b, c] = files.files("disk");
    let small = files.sized("small", 63);
    let large = files.sized("large", 96);
    let refused = |create: CreatePool, expected: ErrorKind| {
        let error = create.run().unwrap_err();
        assert_eq!(error.kind(), expected, "{error}");
        assert!(!zpool_says(&["list", "-Ho", "name"]).contains(files.pool.as_str()));
    };
    use ErrorKind as Kind;
    let create = || files.create();
    refused(create(), Kind::InvalidLayout);
    refused(create().log(&a), Kind::InvalidLayout);
    refused(create().vdev(NewVdev::mirror([&a])), Kind::InvalidLayout);
    refused(
        create().vdev(NewVdev::raidz2([&a, &b])),
        Kind::InvalidLayout,
    );
    refused(
        create().vdev(NewVdev::mirror::<&Path>([])),
        Kind::InvalidLayout,
    );
    refused(
        create().vdev(&a).log(NewVdev::raidz1([&b, &c])),
        Kind::InvalidLayout,
    );
    refused(create().vdev(&a).vdev(&a), Kind::InvalidLayout);
    let link = files.path("link");
    std::os::unix::fs::symlink(&a, &link).unwrap();
    refused(
        create().vdev(NewVdev::mirror([&a, &link])),
        Kind::InvalidLayout,
    );
    refused(create().vdev("/dev/null"), Kind::InvalidLayout);
    refused(create().vdev(files.directory.path()), Kind::InvalidLayout);
    refused(create().vdev("/no/such/device"), Kind::DeviceNotFound);
    refused(create().vdev(&small), Kind::DeviceTooSmall);
    refused(
        create().vdev(&a).vdev(NewVdev::mirror([&b, &c])),
        Kind::MixedRedundancy,
    );
    refused(
        create().vdev(NewVdev::mirror([&a, &large])),
        Kind::MixedRedundancy,
    );
    refused(create().vdev(&a).set("size", 1_u64), Kind::InvalidProperty);
    refused(create().vdev(&a).ashift(17), Kind::InvalidProperty);
    refused(create().vdev(&a).altroot("relative"), Kind::InvalidProperty);
    refused(
        create().vdev(&a).root("compression", "no such"),
        Kind::InvalidProperty,
    );
    // Only the kernel knows this one.
    refused(
        create().vdev(&a).root("recordsize", 1_u64 << 40),
        Kind::InvalidProperty,
    );
    refused(
        create().vdev(&a).without_feature("no_such"),
        Kind::Unsupported,
    );
    refused(
        create().vdev(&a).special(&b).without_features(),
        Kind::FeatureDisabled,
    );
    let key = || Key::raw(&[7; 32]).unwrap();
    let encrypted = create().vdev(&a).encryption(Encryption::Aes256Gcm, key());
    refused(encrypted.without_features(), Kind::FeatureDisabled);
    refused(
        create().vdev(&a).encryption(Encryption::Off, key()),
        Kind::InvalidKey,
    );
    let reserved = "mirror-of-mine".parse().unwrap();
    let named = files.zfs.create_pool(&reserved).vdev(&a);
    refused(named, Kind::InvalidName);
    let draid = |data, spares| NewDraid::draid1([&a, &b, &c]).data(data).spares(spares);
    refused(create().vdev(draid(3, 0)), Kind::InvalidLayout);
    refused(create().vdev(draid(1, 2)), Kind::InvalidLayout);
    refused(create().vdev(&a).log(draid(1, 0)), Kind::InvalidLayout);
    refused(
        create().vdev(draid(1, 0)).without_feature("draid"),
        Kind::FeatureDisabled,
    );
    // Which the kernel would take no notice of.
    refused(
        create().vdev(&a).set("version", 28_u64),
        Kind::InvalidProperty,
    );
    let denied = as_user(NOBODY, || create().vdev("/dev/null").run());
    assert_eq!(kind(denied), Kind::InvalidLayout);
    fs::set_permissions(files.directory.path(), permissions(0o755)).unwrap();
    let denied = as_user(NOBODY, || create().vdev(&a).run());
    assert_eq!(kind(denied), Kind::PermissionDenied);

    // What is on a device that is not ZFS's.
    let foreign = files.path("foreign");
    let mut image = vec![0; 64 << 20];
    image[0x438..0x43a].copy_from_slice(b"\x53\xef");
    fs::write(&foreign, &image).unwrap();
    let error = create().vdev(&foreign).run().unwrap_err();
    assert_eq!(error.kind(), Kind::DeviceInUse);
    assert!(error.to_string().contains("ext4"), "{error}");
    create().vdev(&foreign).force_overwrite().run().unwrap();
    check(&files);

    // What may be by name.
    let mixed = create().vdev(&a).vdev(NewVdev::mirror([&b, &large]));
    mixed.allow_mixed_redundancy().run().unwrap();
    check(&files);
}

fn permissions(mode: u32) -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(mode)
}

#[test]
fn devices_of_other_pools_are_taken_only_by_force_and_never_those_of_imported_ones() {
    let files = Files::new("inuse");
    let [a, b, c, d] = files.files("disk");
    let create = files.create().vdev(&a).log(&b).spare(&c).cache(&d);
    create.run().unwrap();
    let other: PoolName = format!("{}-other", files.pool).parse().unwrap();
    let of_other = |path: &Path| files.zfs.create_pool(&other).vdev(path);
    for path in [&a, &b, &c, &d] {
        let result = of_other(path).force_overwrite().run();
        assert_eq!(kind(result), ErrorKind::DeviceInUse, "{}", path.display());
    }
    assert_eq!(kind(files.create().vdev(&a).run()), ErrorKind::DeviceInUse);
    // Two pools can have the same spare.
    let e = files.file("more");
    files
        .zfs
        .create_pool(&other)
        .vdev(&e)
        .spare(&c)
        .run()
        .unwrap();
    let status = files.zfs.pool_status(&other).unwrap();
    assert_eq!(status.vdevs()[1].class, VdevClass::Spare);
    assert_eq!(
        kind(files.zfs.create_pool(&other).vdev(files.file("free")).run()),
        ErrorKind::PoolExists
    );
    files.zfs.destroy_pool(&other).unwrap();

    files.zfs.export_pool(&files.pool).unwrap();
    assert_eq!(kind(of_other(&a).run()), ErrorKind::DeviceInUse);
    let error = of_other(&a).run().unwrap_err().to_string();
    assert!(
        error.contains(files.pool.as_str()) && error.contains("exported"),
        "{error}"
    );
    of_other(&a).force_overwrite().run().unwrap();
    files.zfs.destroy_pool(&other).unwrap();
    // What is destroyed is free, without force.
    of_other(&a).run().unwrap();
    files.zfs.destroy_pool(&other).unwrap();
}

#[test]
fn a_pool_in_use_is_neither_destroyed_nor_exported() {
    let pool = support::pool("busy");
    let (zfs, name) = (pool.zfs(), pool.name());
    let data = file_system(&pool, "data");
    let mount = pool.mount(&data).unwrap();
    assert_eq!(kind(zfs.export_pool(name)), ErrorKind::Busy);
    assert_eq!(kind(zfs.destroy_pool(name)), ErrorKind::Busy);
    mount.unmount().unwrap();
    for denied in [
        as_user(NOBODY, || zfs.destroy_pool(name)),
        as_user(NOBODY, || zfs.export_pool(name)),
    ] {
        assert_eq!(kind(denied), ErrorKind::PermissionDenied);
    }
    let missing: PoolName = "no-such-pool".parse().unwrap();
    assert_eq!(kind(zfs.destroy_pool(&missing)), ErrorKind::PoolNotFound);
    assert_eq!(kind(zfs.export_pool(&missing)), ErrorKind::PoolNotFound);
    assert_eq!(
        kind(zfs.force_export_pool(&missing)),
        ErrorKind::PoolNotFound
    );
    let suspension = pool.suspend().unwrap();
    assert!(zfs.pool_status(name).unwrap().is_suspended());
    assert_eq!(kind(zfs.destroy_pool(name)), ErrorKind::PoolSuspended);
    assert_eq!(kind(zfs.export_pool(name)), ErrorKind::PoolSuspended);
    suspension.resume().unwrap();
    assert_eq!(
        as_user(NOBODY, || zfs.pools()).unwrap(),
        zfs.pools().unwrap()
    );
}

#[test]
fn what_is_done_is_in_the_history_under_the_programs_name() {
    let files = Files::new("history");
    files.create().vdev(files.file("a")).run().unwrap();
    let (zfs, pool) = (&files.zfs, &files.pool);
    zpool_says(&["set", "comment=by zpool", pool.as_str()]);
    for number in 0..3 {
        let name = pool.root().child(&format!("data-{number}")).unwrap();
        zfs.create(&name).run().unwrap();
    }
    let records = || -> Vec<_> { zfs.pool_history(pool).map(Result::unwrap).collect() };
    let commands: Vec<_> = records()
        .iter()
        .filter_map(|record| record.command().map(ToString::to_string))
        .collect();
    let program = std::env::args_os().next().unwrap();
    let program = Path::new(&program)
        .file_name()
        .unwrap()
        .to_string_lossy()
        .into_owned();
    assert_eq!(commands[0], format!("{program} create pool {pool}"));
    assert_eq!(commands[1], format!("zpool set comment=by zpool {pool}"));
    let history = records();
    let created = history
        .iter()
        .filter(|record| record.ioctl().is_some_and(|name| name == "create"));
    assert_eq!(created.count(), 3);
    let event = history
        .iter()
        .find(|record| record.event().is_some())
        .unwrap();
    assert_eq!(event.event().unwrap().0, "create");
    assert!(event.txg().is_some());
    let first = &history[0];
    let age = first.time().elapsed().unwrap_or_default();
    assert!(
        age.as_secs() < 3600 && first.uid().unwrap_or(0) == 0,
        "{first:?}"
    );
    // As many as zpool has, which does not show those that are empty.
    let shown = zpool_says(&["history", "-i", pool.as_str()]);
    let shown = shown.lines().filter(|line| line.starts_with("20")).count();
    assert_eq!(history.len(), shown);

    // A failed export is entered, too: that happens before.
    let pool_of_tests = support::pool("hist");
    let name = pool_of_tests.name();
    let data = file_system(&pool_of_tests, "data");
    let mount = pool_of_tests.mount(&data).unwrap();
    assert_eq!(kind(pool_of_tests.zfs().export_pool(name)), ErrorKind::Busy);
    mount.unmount().unwrap();
    let last = zfs.pool_history(name).map(Result::unwrap);
    let last = last
        .filter_map(|record| record.command().map(ToString::to_string))
        .last();
    assert_eq!(last.unwrap(), format!("{program} export pool {name}"));

    let denied = as_user(NOBODY, || zfs.pool_history(pool).next().unwrap());
    assert_eq!(kind(denied), ErrorKind::PermissionDenied);
    let missing: PoolName = "no-such-pool".parse().unwrap();
    let mut history = zfs.pool_history(&missing);
    assert_eq!(kind(history.next().unwrap()), ErrorKind::PoolNotFound);
    assert!(history.next().is_none());
    let suspension = pool_of_tests.suspend().unwrap();
    let mut history = zfs.pool_history(name);
    assert_eq!(kind(history.next().unwrap()), ErrorKind::PoolSuspended);
    suspension.resume().unwrap();
}

#[test]
fn a_pool_made_without_features_is_of_every_release() {
    assert!(release() >= (2, 1));
    let files = Files::new("old");
    files
        .create()
        .vdev(files.file("a"))
        .without_features()
        .run()
        .unwrap();
    check(&files);
    let old = files.create().vdev(files.path("a")).without_features();
    old.set("version", 28_u64).run().unwrap();
    assert_eq!(
        zpool_says(&["get", "-Hpo", "value", "version", files.pool.as_str()]),
        "28"
    );
}
