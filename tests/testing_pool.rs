//! Pools on files: what `libzfs::testing` promises.

#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use libzfs::testing::Pool;
use libzfs::{ErrorKind, Zfs};
use support::{encrypted, file_system, kind, noise, pool, write_file, zfs_says};

fn exists(zfs: &Zfs, name: &libzfs::PoolName) -> bool {
    zfs.dataset_exists(&name.root()).unwrap()
}

#[test]
fn a_pool_is_gone_with_its_files_when_dropped() {
    let pool = pool("drop");
    let (zfs, name) = (pool.zfs().clone(), pool.name().clone());
    let directory = pool.directory().to_owned();
    assert!(exists(&zfs, &name) && directory.join("vdev").exists());
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
