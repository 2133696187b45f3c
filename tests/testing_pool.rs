//! Pools on files: what `libzfs::testing` promises.

#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use libzfs::testing::Pool;
use libzfs::{ErrorKind, Zfs};
use support::{
    LIMIT, NOBODY, as_user, encrypted, file_system, kind, noise, pool, within, write_file,
    zfs_says, zpool_says,
};

fn exists(zfs: &Zfs, name: &libzfs::PoolName) -> bool {
    zfs.dataset_exists(&name.root()).unwrap()
}

#[test]
fn a_pool_is_gone_with_its_files_when_dropped() {
    let pool = pool("drop");
    let (zfs, name) = (pool.zfs().clone(), pool.name().clone());
    let directory = pool.directory().to_owned();
    assert!(exists(&zfs, &name) && directory.join("vdev-0").exists());
    drop(pool);
    assert!(!exists(&zfs, &name) && !directory.exists());
}

#[test]
fn a_pool_is_gone_after_a_panic_with_a_file_open() {
    let zfs = Zfs::open().unwrap();
    let mut seen = None;
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let pool = pool("panic");
        seen = Some((pool.name().clone(), pool.directory().to_owned()));
        let data = file_system(&pool, "data");
        let _outer = pool.mount(&pool.dataset("")).unwrap();
        let mount = pool.mount(&data).unwrap();
        let _file = fs::File::create(mount.path().join("open")).unwrap();
        panic!("on purpose");
    }));
    assert!(panicked.is_err());
    let (name, directory) = seen.unwrap();
    assert!(!exists(&zfs, &name) && !directory.exists());
}

#[test]
fn a_pool_can_be_kept_for_a_look() {
    let kept = Pool::builder().label("kept").keep(true).build().unwrap();
    let (zfs, name) = (kept.zfs().clone(), kept.name().clone());
    let directory = kept.directory().to_owned();
    drop(kept);
    assert!(exists(&zfs, &name) && directory.exists());
    // What the look ends with.
    let destroyed = std::process::Command::new("zpool")
        .args(["destroy", name.as_str()])
        .status();
    assert!(destroyed.unwrap().success());
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_pool_in_use_says_so_when_it_is_destroyed() {
    let pool = pool("busy");
    let data = file_system(&pool, "data");
    let mount = pool.mount(&data).unwrap();
    let file = fs::File::create(mount.path().join("open")).unwrap();
    assert_eq!(kind(mount.unmount()), ErrorKind::Busy);
    drop(file);
    pool.destroy().unwrap();
}

#[test]
fn a_pool_has_every_feature_and_leaves_no_trace_in_the_system() {
    let pool = pool("feat");
    let name = pool.name().as_str();
    let output = std::process::Command::new("zpool")
        .args(["get", "-Hpo", "property,value", "all", name])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let features: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("feature@"))
        .collect();
    assert!(features.len() > 30, "{text}");
    assert!(
        features.iter().all(|line| !line.ends_with("disabled")),
        "{text}"
    );
    assert!(text.contains("cachefile\tnone"), "{text}");
    assert!(text.contains("health\tONLINE"), "{text}");
    let cache = fs::read("/etc/zfs/zpool.cache").unwrap_or_default();
    assert!(
        !cache
            .windows(name.len())
            .any(|window| window == name.as_bytes())
    );
    // Encrypted datasets need one of the features.
    encrypted(&pool, "enc");
}

#[test]
fn several_pools_are_apart() {
    let pools = [pool("many"), pool("many"), pool("many")];
    for (i, pool) in pools.iter().enumerate() {
        let data = file_system(pool, "data");
        write_file(pool, &data, "file", &noise(i as u64, 1000));
    }
    let listed = zfs_says(&["list", "-Ho", "name"]);
    for pool in &pools {
        assert!(
            listed
                .lines()
                .any(|line| line == pool.dataset("data").as_str()),
            "{listed}"
        );
    }
}

/// The state of a feature of a pool: `disabled`, `enabled` or `active`.
fn feature(pool: &Pool, name: &str) -> String {
    zpool_says(&[
        "get",
        "-Ho",
        "value",
        &format!("feature@{name}"),
        pool.name().as_str(),
    ])
}

#[test]
fn features_are_left_out_and_a_name_that_is_none_is_refused() {
    let builder = || Pool::builder().label("nofeat");
    let two = builder()
        .without_feature("embedded_data")
        .without_feature("zstd_compress");
    let pool = two.build().unwrap();
    assert_eq!(feature(&pool, "embedded_data"), "disabled");
    assert_eq!(feature(&pool, "zstd_compress"), "disabled");
    assert_ne!(feature(&pool, "bookmarks"), "disabled");
    let none = builder().without_features().build().unwrap();
    for name in ["embedded_data", "bookmarks", "extensible_dataset"] {
        assert_eq!(feature(&none, name), "disabled");
    }
    assert_eq!(
        kind(builder().without_feature("no_such").build()),
        ErrorKind::Unsupported
    );
    // Others build on it, so that it would be there all the same.
    let needed = Pool::builder().label("needed");
    assert_eq!(
        kind(needed.without_feature("extensible_dataset").build()),
        ErrorKind::InvalidArgument
    );
    assert!(!zpool_says(&["list", "-Ho", "name"]).contains("lzt-needed-"));
}

#[test]
fn a_mirror_has_as_many_devices_as_it_should() {
    let pool = Pool::builder().label("mirror").mirror(3).build().unwrap();
    let status = zpool_says(&["status", "-gP", pool.name().as_str()]);
    assert!(status.contains("ONLINE"), "{status}");
    assert_eq!(pool.vdevs().len(), 3);
    for vdev in pool.vdevs() {
        assert!(status.contains(&vdev.guid.to_string()), "{status}");
        assert!(vdev.path.starts_with(pool.directory()) && vdev.path.exists());
    }
    let single = support::pool("single");
    assert_eq!(single.vdevs().len(), 1);
}

#[test]
fn a_pool_is_exported_and_imported_with_all_that_is_in_it() {
    let pool = pool("export");
    let data = file_system(&pool, "data");
    let bytes = noise(1, 100_000);
    write_file(&pool, &data, "file", &bytes);
    let (zfs, name) = (pool.zfs().clone(), pool.name().clone());
    // What is mounted is no obstacle.
    let mount = pool.mount(&data).unwrap();
    let exported = pool.export().unwrap();
    drop(mount);
    assert!(!exists(&zfs, &name));
    let pool = exported.import_read_only().unwrap();
    let mount = pool.mount_read_only(&data).unwrap();
    assert!(fs::read(mount.path().join("file")).unwrap() == bytes);
    assert!(fs::write(mount.path().join("file"), b"other").is_err());
    drop(mount);
    assert_eq!(
        zpool_says(&["get", "-Ho", "value", "readonly", name.as_str()]),
        "on"
    );
    let pool = pool.export().unwrap().import().unwrap();
    write_file(&pool, &data, "file", b"other");
    let directory = pool.directory().to_owned();
    drop(pool);
    assert!(!exists(&zfs, &name) && !directory.exists());
}

#[test]
fn a_pool_that_is_read_only_or_exported_is_gone_when_dropped() {
    let pool = pool("dropro");
    let (zfs, name) = (pool.zfs().clone(), pool.name().clone());
    let directory = pool.directory().to_owned();
    drop(pool.export().unwrap().import_read_only().unwrap());
    assert!(!exists(&zfs, &name) && !directory.exists());
    let exported = support::pool("dropexp").export().unwrap();
    let (name, count) = (exported.name().clone(), directories());
    drop(exported);
    assert!(!exists(&zfs, &name));
    assert_eq!(directories(), count - 1);
}

/// How many directories of pools there are.
fn directories() -> usize {
    let names = fs::read_dir(std::env::temp_dir()).unwrap();
    names
        .filter(|entry| {
            let name = entry.as_ref().unwrap().file_name();
            name.to_string_lossy().starts_with("lzt-dropexp-")
        })
        .count()
}

#[test]
fn two_pools_cannot_have_one_name() {
    let pool = pool("name");
    let name = pool.name().clone();
    let same = || Pool::builder().name(&name).build();
    assert_eq!(kind(same()), ErrorKind::PoolExists);
    let exported = pool.export().unwrap();
    let other = same().unwrap();
    assert_eq!(other.name(), &name);
    assert_eq!(kind(exported.import()), ErrorKind::PoolExists);
    let zfs = other.zfs().clone();
    assert!(exists(&zfs, &name));
    drop(other);
    assert!(!exists(&zfs, &name));
}

#[test]
fn a_pool_is_suspended_and_goes_on() {
    within(LIMIT, || {
        for mirror in [1, 2] {
            let builder = Pool::builder().label("suspend").mirror(mirror);
            let pool = builder.build().unwrap();
            let data = file_system(&pool, "data");
            write_file(&pool, &data, "file", b"before");
            let suspension = pool.suspend().unwrap();
            assert_eq!(health(&pool), "SUSPENDED");
            assert_eq!(kind(pool.zfs().dataset(&data)), ErrorKind::PoolSuspended);
            suspension.resume().unwrap();
            assert_eq!(health(&pool), "ONLINE");
            assert_eq!(support::read_file(&pool, &data, "file"), b"before");
            file_system(&pool, "after");
            // Once more, and without a word at its end.
            drop(pool.suspend().unwrap());
            pool.destroy().unwrap();
        }
    });
}

#[test]
fn a_suspended_pool_is_gone_after_a_panic() {
    within(LIMIT, || {
        let zfs = Zfs::open().unwrap();
        let mut seen = None;
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let pool = pool("suspanic");
            seen = Some(pool.name().clone());
            let _suspension = pool.suspend().unwrap();
            panic!("on purpose");
        }));
        assert!(panicked.is_err());
        assert!(!exists(&zfs, &seen.unwrap()));
    });
}

#[test]
fn a_pool_that_is_never_written_to_is_not_suspended() {
    within(LIMIT, || {
        let pool = pool("susro").export().unwrap().import_read_only().unwrap();
        assert_eq!(kind(pool.suspend()), ErrorKind::ReadOnlyPool);
        pool.destroy().unwrap();
    });
}

fn health(pool: &Pool) -> String {
    zpool_says(&["list", "-Ho", "health", pool.name().as_str()])
}

#[test]
fn a_thread_is_another_user_and_the_others_are_not() {
    let pool = pool("user");
    let secret = pool.directory().join("secret");
    fs::write(&secret, b"of root").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    let uids = || {
        let status = fs::read_to_string("/proc/thread-self/status").unwrap();
        let find = |key: &str| {
            let line = status.lines().find(|line| line.starts_with(key)).unwrap();
            line.split_ascii_whitespace()
                .skip(1)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        (find("Uid:"), find("Groups:"), find("CapEff:"))
    };
    let (uid, groups, capabilities) = as_user(NOBODY, || {
        assert!(fs::File::open(&secret).is_err());
        uids()
    });
    assert_eq!(uid, ["65534"; 4]);
    assert!(groups.is_empty(), "{groups:?}");
    assert_eq!(capabilities, ["0000000000000000"]);
    assert_eq!(uids().0, ["0"; 4]);
    assert!(fs::File::open(&secret).is_ok());
}

#[test]
fn what_takes_too_long_fails() {
    let late = catch_unwind(|| {
        within(Duration::from_millis(50), || {
            std::thread::sleep(Duration::from_secs(2));
        });
    });
    assert!(late.is_err());
    assert_eq!(within(LIMIT, || 7), 7);
}
