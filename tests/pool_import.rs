//! Pools that are found by their labels and imported.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use libzfs::label::PoolState;
use libzfs::{
    CreatePool, ErrorKind, FoundPools, NewVdev, PoolActivity, PoolName, VdevClass, VdevReason,
    VdevState, Zfs,
};
use serial_test::serial;
use support::{NOBODY, as_user, kind, zfs_says, zpool_says};

/// A directory for files, and the pools that are destroyed with it.
struct Files {
    zfs: Zfs,
    directory: tempfile::TempDir,
    pools: Vec<PoolName>,
}

impl Files {
    fn new() -> Self {
        Self {
            zfs: Zfs::open().unwrap(),
            directory: tempfile::tempdir().unwrap(),
            pools: Vec::new(),
        }
    }

    fn name(&mut self, name: &str) -> PoolName {
        let name: PoolName = format!("lzi-{name}-{}", std::process::id())
            .parse()
            .unwrap();
        self.pools.push(name.clone());
        name
    }

    fn file(&self, name: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        File::create(&path).unwrap().set_len(64 << 20).unwrap();
        path
    }

    fn create(&self, name: &PoolName) -> CreatePool {
        self.zfs.create_pool(name)
    }

    fn find(&self) -> FoundPools {
        self.zfs.find_pools([self.directory.path()]).unwrap()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        for name in &self.pools {
            let _ = self.zfs.destroy_pool(name);
        }
    }
}

fn shown(pool: &PoolName, property: &str) -> String {
    zpool_says(&["get", "-Hpo", "value", property, pool.as_str()])
}

/// What `zpool import` lists of a directory: the names, in order.
fn listed(directory: &Path) -> Vec<String> {
    let output = std::process::Command::new("zpool")
        .args(["import", "-d"])
        .arg(directory)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let names = text
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("pool: "));
    let mut names: Vec<_> = names.map(str::to_owned).collect();
    names.sort();
    names
}

#[test]
#[serial]
fn pools_are_found_and_imported_in_every_way() {
    let mut files = Files::new();
    let (first, second) = (files.name("first"), files.name("second"));
    let log = files.file("log");
    files
        .create(&first)
        .vdev(NewVdev::mirror([files.file("a"), files.file("b")]))
        .log(&log)
        .cache(files.file("cache"))
        .spare(files.file("spare"))
        .run()
        .unwrap();
    files.create(&second).vdev(files.file("c")).run().unwrap();
    let zfs = files.zfs.clone();
    zfs.create(&first.root().child("data").unwrap())
        .run()
        .unwrap();
    let guid = zfs.pool_status(&first).unwrap().guid();
    // What is imported is not found.
    assert!(files.find().is_empty());
    zfs.export_pool(&first).unwrap();
    zfs.export_pool(&second).unwrap();

    // Whatever else is there does not matter.
    let directory = files.directory.path().to_owned();
    fs::write(directory.join("short"), b"no label").unwrap();
    let mut garbage = File::create(directory.join("garbage")).unwrap();
    garbage.write_all(&support::noise(1, 1 << 20)).unwrap();
    fs::create_dir(directory.join("directory")).unwrap();
    std::os::unix::fs::symlink("nowhere", directory.join("dangling")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(directory.join("socket")).unwrap();

    let found = files.find();
    let mut names: Vec<_> = found.iter().map(|pool| pool.name().to_string()).collect();
    names.sort();
    assert_eq!(names, listed(&directory));
    let pool = found.named(&first).unwrap();
    assert_eq!((pool.guid(), pool.state()), (guid, PoolState::Exported));
    assert_eq!((pool.health(), pool.obstacle()), (VdevState::Online, None));
    let classes: Vec<_> = pool.vdevs().iter().map(|vdev| vdev.class).collect();
    use VdevClass::{Cache, Data, Log, Spare};
    assert_eq!(classes, [Data, Log, Cache, Spare]);
    assert_eq!(found.with_guid(guid).unwrap().name(), &first);
    assert_eq!(kind(found.with_guid(1)), ErrorKind::PoolNotFound);
    let missing: PoolName = "no-such-pool".parse().unwrap();
    assert_eq!(kind(found.named(&missing)), ErrorKind::PoolNotFound);

    // As it was.
    zfs.import_pool(pool).run().unwrap();
    let status = zfs.pool_status(&first).unwrap();
    assert_eq!((status.guid(), status.health()), (guid, VdevState::Online));
    assert_eq!(status.devices().count(), 5);
    assert_eq!(
        (
            shown(&first, "cachefile").as_str(),
            shown(&first, "readonly").as_str()
        ),
        ("none", "off")
    );
    let mounted = zfs_says(&["get", "-Hro", "value", "mounted", first.as_str()]);
    assert!(!mounted.contains("yes"), "{mounted}");
    // Twice it cannot be.
    assert_eq!(kind(zfs.import_pool(pool).run()), ErrorKind::PoolExists);
    let other = found.named(&second).unwrap();
    assert_eq!(
        kind(zfs.import_pool(other).name(&first).run()),
        ErrorKind::PoolExists
    );
    let same = zfs.import_pool(pool).name(&files.name("third"));
    assert_eq!(kind(same.run()), ErrorKind::PoolExists);
    zfs.export_pool(&first).unwrap();

    // Only to be read.
    let before = fs::read(&log).unwrap();
    zfs.import_pool(pool)
        .read_only()
        .altroot("/nowhere")
        .run()
        .unwrap();
    assert_eq!(shown(&first, "readonly"), "on");
    assert_eq!(shown(&first, "altroot"), "/nowhere");
    let create = zfs.create(&first.root().child("more").unwrap()).run();
    assert_eq!(kind(create), ErrorKind::ReadOnlyPool);
    zfs.export_pool(&first).unwrap();
    assert!(fs::read(&log).unwrap() == before);

    // Under another name for a while, and for good.
    let temporary = files.name("temp");
    zfs.import_pool(pool)
        .temporary_name(&temporary)
        .run()
        .unwrap();
    assert_eq!(zfs.pool_status(&temporary).unwrap().guid(), guid);
    zfs.export_pool(&temporary).unwrap();
    let found = files.find();
    let renamed = files.name("renamed");
    zfs.import_pool(found.named(&first).unwrap())
        .name(&renamed)
        .run()
        .unwrap();
    zfs.export_pool(&renamed).unwrap();
    let found = files.find();
    assert_eq!(found.named(&renamed).unwrap().guid(), guid);
    assert_eq!(kind(found.named(&first)), ErrorKind::PoolNotFound);

    // By its files, at another place.
    let elsewhere = tempfile::tempdir().unwrap();
    for name in ["a", "b", "log", "cache", "spare"] {
        fs::rename(directory.join(name), elsewhere.path().join(name)).unwrap();
    }
    let paths = ["a", "b", "log", "cache", "spare"].map(|name| elsewhere.path().join(name));
    let found = zfs.find_pools(&paths).unwrap();
    zfs.import_pool(found.named(&renamed).unwrap())
        .run()
        .unwrap();
    let status = zfs.pool_status(&renamed).unwrap();
    assert!(
        status.devices().all(libzfs::VdevStatus::is_healthy),
        "{status:#?}"
    );
    let at =
        |device: &libzfs::VdevStatus| device.path.as_ref().unwrap().starts_with(elsewhere.path());
    assert!(status.devices().all(at), "{status:#?}");
    zfs.destroy_pool(&renamed).unwrap();

    // What was destroyed can be had back, if that is said.
    let found = zfs.find_pools([elsewhere.path()]).unwrap();
    let pool = found.named(&renamed).unwrap();
    assert_eq!(pool.obstacle(), Some(ErrorKind::PoolDestroyed));
    assert_eq!(kind(zfs.import_pool(pool).run()), ErrorKind::PoolDestroyed);
    zfs.import_pool(pool).force_destroyed().run().unwrap();
    zfs.destroy_pool(&renamed).unwrap();
}

#[test]
#[serial]
fn what_cannot_be_looked_at_is_told() {
    let mut files = Files::new();
    let name = files.name("denied");
    files.create(&name).vdev(files.file("a")).run().unwrap();
    files.zfs.export_pool(&name).unwrap();
    let zfs = &files.zfs;
    assert_eq!(
        kind(zfs.find_pools(["/no/such/place"])),
        ErrorKind::DeviceNotFound
    );
    let found = files.find();
    let denied = as_user(NOBODY, || {
        zfs.import_pool(found.named(&name).unwrap()).run()
    });
    assert_eq!(kind(denied), ErrorKind::PermissionDenied);
    let path = files.directory.path().join("a");
    let mode = |mode| std::os::unix::fs::PermissionsExt::from_mode(mode);
    fs::set_permissions(files.directory.path(), mode(0o755)).unwrap();
    fs::set_permissions(&path, mode(0o644)).unwrap();
    let denied = as_user(NOBODY, || zfs.find_pools([&path]));
    assert_eq!(kind(denied), ErrorKind::PermissionDenied);
    fs::set_permissions(&path, mode(0o600)).unwrap();
    let denied = as_user(NOBODY, || zfs.find_pools([&path]));
    assert_eq!(kind(denied), ErrorKind::PermissionDenied);
    let import = zfs.import_pool(found.named(&name).unwrap());
    assert_eq!(
        kind(import.altroot("relative").run()),
        ErrorKind::InvalidProperty
    );
}

#[test]
#[serial]
fn of_copies_and_of_what_was_in_the_same_place_the_newest_is_taken() {
    let mut files = Files::new();
    let name = files.name("copies");
    let zfs = files.zfs.clone();
    let elsewhere = tempfile::tempdir().unwrap();
    let data = files.file("data");
    files.create(&name).vdev(&data).run().unwrap();
    zfs.export_pool(&name).unwrap();
    // It comes first there.
    fs::copy(&data, elsewhere.path().join("a")).unwrap();
    let import = |place: &Path| {
        let found = zfs.find_pools([place]).unwrap();
        zfs.import_pool(found.named(&name).unwrap()).run().unwrap();
    };
    import(files.directory.path());
    let log = |file: &str| {
        zfs.add_vdevs(&name)
            .log(files.file(file))
            .allow_mixed_redundancy()
            .run()
            .unwrap();
        let status = zfs.pool_status(&name).unwrap();
        let class = |vdev: &&libzfs::VdevStatus| vdev.class == VdevClass::Log;
        status.vdevs().iter().find(class).unwrap().guid
    };
    let first = log("log1");
    zfs.sync_pool_and_labels(&name).unwrap();
    fs::copy(
        files.directory.path().join("log1"),
        elsewhere.path().join("log1"),
    )
    .unwrap();
    // In whichever order their numbers are.
    let mut second = first;
    for _ in 0..3 {
        zfs.remove_vdev(&name, second).unwrap();
        zfs.wait(&name, PoolActivity::Remove).unwrap();
        second = log("log2");
        if second < first {
            break;
        }
    }
    zfs.create_snapshots(&[name.root().snapshot("late").unwrap()])
        .unwrap();
    zfs.export_pool(&name).unwrap();
    for (from, to) in [("data", "z"), ("log2", "log2")] {
        fs::rename(files.directory.path().join(from), elsewhere.path().join(to)).unwrap();
    }
    import(elsewhere.path());
    let status = zfs.pool_status(&name).unwrap();
    let paths = status.devices().filter_map(|device| device.path.clone());
    let there = ["z", "log2"].map(|file| elsewhere.path().join(file));
    assert_eq!(paths.collect::<Vec<_>>(), there);
    let late = name.root().snapshot("late").unwrap();
    assert!(zfs.snapshot_exists(&late).unwrap());
}

#[test]
#[serial]
fn what_is_missing_or_damaged_is_told() {
    let mut files = Files::new();
    let name = files.name("missing");
    let zfs = files.zfs.clone();
    let [a, b, log] = ["a", "b", "log"].map(|name| files.file(name));
    let away = |path: &Path| {
        let hidden = path.with_extension("away.d");
        fs::create_dir_all(&hidden).unwrap();
        fs::rename(path, hidden.join("file")).unwrap();
    };
    let back = |path: &Path| fs::rename(path.with_extension("away.d").join("file"), path).unwrap();

    // Half of a mirror is enough.
    files
        .create(&name)
        .vdev(NewVdev::mirror([&a, &b]))
        .log(&log)
        .run()
        .unwrap();
    zfs.export_pool(&name).unwrap();
    away(&b);
    let found = files.find();
    let pool = found.named(&name).unwrap();
    assert_eq!(
        (pool.health(), pool.obstacle()),
        (VdevState::Degraded, None)
    );
    zfs.import_pool(pool).run().unwrap();
    let status = zfs.pool_status(&name).unwrap();
    let gone = status
        .devices()
        .find(|device| !device.is_healthy())
        .unwrap();
    assert_eq!(gone.path.as_deref(), Some(&*b));
    assert_eq!(
        (gone.state, gone.reason),
        (VdevState::CannotOpen, VdevReason::OpenFailed)
    );
    zfs.export_pool(&name).unwrap();
    back(&b);

    // A log that is gone can be done without, if that is said.
    away(&log);
    let found = files.find();
    let error = zfs
        .import_pool(found.named(&name).unwrap())
        .run()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DevicesMissing, "{error}");
    assert!(error.to_string().contains(log.to_str().unwrap()), "{error}");
    zfs.import_pool(found.named(&name).unwrap())
        .discard_missing_log()
        .run()
        .unwrap();
    zfs.destroy_pool(&name).unwrap();
    // With its label the pool could still be seen.
    fs::remove_file(log.with_extension("away.d").join("file")).unwrap();

    // Half of the data is not.
    files.create(&name).vdev(&a).vdev(&b).run().unwrap();
    zfs.export_pool(&name).unwrap();
    away(&b);
    let found = files.find();
    let pool = found.named(&name).unwrap();
    assert_eq!(pool.health(), VdevState::CannotOpen);
    assert_eq!(
        pool.obstacle(),
        Some(ErrorKind::DevicesMissing),
        "{:?}",
        pool.vdevs()
    );
    let error = zfs.import_pool(pool).run().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DevicesMissing, "{error}");
    back(&b);

    // Everything but the labels is overwritten.
    for path in [&a, &b] {
        let mut file = File::options().write(true).open(path).unwrap();
        file.seek(SeekFrom::Start(4 << 20)).unwrap();
        file.write_all(&support::noise(1, 59 << 20)).unwrap();
    }
    let found = files.find();
    let pool = found.named(&name).unwrap();
    assert_eq!(pool.obstacle(), Some(ErrorKind::Io), "{pool:?}");
    assert_eq!(kind(zfs.import_pool(pool).run()), ErrorKind::Io);
    let rewound = zfs.import_pool(pool).discard_last_transactions().run();
    assert_eq!(kind(rewound), ErrorKind::Io);
}

#[test]
#[serial]
fn two_pools_of_one_name_are_told_apart() {
    let mut files = Files::new();
    let name = files.name("twice");
    for file in ["a", "b"] {
        files.create(&name).vdev(files.file(file)).run().unwrap();
        files.zfs.export_pool(&name).unwrap();
    }
    let found = files.find();
    assert_eq!(found.len(), 2);
    assert_eq!(kind(found.named(&name)), ErrorKind::AmbiguousPool);
    let guid = found.iter().next().unwrap().guid();
    files
        .zfs
        .import_pool(found.with_guid(guid).unwrap())
        .run()
        .unwrap();
    assert_eq!(files.zfs.pool_status(&name).unwrap().guid(), guid);
}

/// The number of this host, changed for a while.
struct HostId {
    before: String,
    file_away: bool,
}

/// Where the number is that comes first, and where it is otherwise.
const HOST_ID: &str = "/sys/module/spl/parameters/spl_hostid";
const HOST_ID_FILE: &str = "/etc/hostid";
const AWAY: &str = "/etc/hostid.away";

impl HostId {
    fn set(number: u64) -> Self {
        let before = fs::read_to_string(HOST_ID).unwrap();
        fs::write(HOST_ID, number.to_string()).unwrap();
        Self {
            before,
            file_away: false,
        }
    }

    fn none() -> Self {
        let mut none = Self::set(0);
        none.file_away = fs::rename(HOST_ID_FILE, AWAY).is_ok();
        none
    }
}

impl Drop for HostId {
    fn drop(&mut self) {
        fs::write(HOST_ID, self.before.trim()).unwrap();
        if self.file_away {
            fs::rename(AWAY, HOST_ID_FILE).unwrap();
        }
    }
}

#[test]
#[serial]
fn a_pool_of_another_host_is_imported_only_by_force() {
    let mut files = Files::new();
    let name = files.name("host");
    let zfs = files.zfs.clone();
    let path = files.file("a");
    let copy = files.directory.path().join("copy");
    {
        let _host = HostId::set(0x1234);
        files.create(&name).vdev(&path).run().unwrap();
        zfs.sync_pool_and_labels(&name).unwrap();
        // As it is when the host goes down now.
        fs::copy(&path, &copy).unwrap();
        zfs.destroy_pool(&name).unwrap();
        fs::remove_file(&path).unwrap();
        let found = files.find();
        assert_eq!(found.named(&name).unwrap().obstacle(), None);
    }
    let _host = HostId::set(0x4321);
    let found = files.find();
    let pool = found.named(&name).unwrap();
    assert_eq!(
        (pool.state(), pool.host_id()),
        (PoolState::Active, Some(0x1234))
    );
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    assert_eq!(pool.host_name().unwrap(), host.trim());
    assert_eq!(pool.obstacle(), Some(ErrorKind::PoolOfOtherHost));
    let error = zfs.import_pool(pool).run().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PoolOfOtherHost, "{error}");
    assert!(error.to_string().contains("0x1234"), "{error}");
    zfs.import_pool(pool).force_from_other_host().run().unwrap();
    // That it is on this one now is in its labels.
    zfs.export_pool(&name).unwrap();
    assert_eq!(files.find().named(&name).unwrap().obstacle(), None);
}

#[test]
#[serial]
fn a_pool_of_several_hosts_needs_the_number_of_this_one() {
    let mut files = Files::new();
    let name = files.name("multi");
    let zfs = files.zfs.clone();
    let path = files.file("a");
    {
        let _host = HostId::set(0x1234);
        let create = files.create(&name).vdev(&path).set("multihost", true);
        create.run().unwrap();
        zfs.export_pool(&name).unwrap();
    }
    let _host = HostId::none();
    let found = files.find();
    let pool = found.named(&name).unwrap();
    assert_eq!(
        pool.obstacle(),
        Some(ErrorKind::PoolActiveElsewhere),
        "{pool:?}"
    );
    assert_eq!(
        kind(zfs.import_pool(pool).run()),
        ErrorKind::PoolActiveElsewhere
    );
    let forced = zfs.import_pool(pool).force_from_other_host().run();
    assert_eq!(kind(forced), ErrorKind::PoolActiveElsewhere);
}

#[test]
#[serial]
fn features_that_are_not_known_are_told_by_name() {
    let mut files = Files::new();
    let name = files.name("feat");
    let zfs = files.zfs.clone();
    let directory = files.directory.path().to_owned();
    let zhack = |args: &[&str]| {
        let output = std::process::Command::new("zhack")
            .arg("-d")
            .arg(&directory)
            .arg("feature")
            .args(args)
            .output()
            .unwrap();
        assert!(output.status.success(), "{args:?}: {output:?}");
    };
    files.create(&name).vdev(files.file("a")).run().unwrap();
    zfs.export_pool(&name).unwrap();
    let pool = name.as_str();
    zhack(&["enable", "-r", pool, "org.example:only_writing"]);
    zhack(&["ref", pool, "org.example:only_writing"]);
    let found = files.find();
    let there = found.named(&name).unwrap();
    assert_eq!(
        there.obstacle(),
        Some(ErrorKind::PoolFeaturesReadOnly),
        "{there:?}"
    );
    assert_eq!(there.unsupported_features(), ["org.example:only_writing"]);
    let error = zfs.import_pool(there).run().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PoolFeaturesReadOnly, "{error}");
    assert!(
        error.to_string().contains("org.example:only_writing"),
        "{error}"
    );
    zfs.import_pool(there).read_only().run().unwrap();
    zfs.export_pool(&name).unwrap();

    zhack(&["enable", pool, "org.example:all"]);
    zhack(&["ref", pool, "org.example:all"]);
    let found = files.find();
    let there = found.named(&name).unwrap();
    assert_eq!(there.obstacle(), Some(ErrorKind::PoolFeaturesUnsupported));
    let read_only = zfs.import_pool(there).read_only().run();
    assert_eq!(kind(read_only), ErrorKind::PoolFeaturesUnsupported);
}
