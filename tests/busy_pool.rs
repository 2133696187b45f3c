//! Pools in which a device is being removed, a RAID-Z vdev expanded, or a mirror rebuilt: what that
//! excludes, and waiting for it.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use libzfs::{ErrorKind, PoolActivity, PoolName, Scrub, VdevGuid, Zfs};
use serial_test::serial;
use support::{kind, noise, release, zpool_says};
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(120);
const MOMENT: Duration = Duration::from_millis(500);

/// A pool whose form is not one of those that the crate makes.
struct OddPool {
    zfs: Zfs,
    name: PoolName,
    directory: TempDir,
}

impl OddPool {
    /// A pool of four files, `0` to `3`, that are put together as `zpool create` is told.
    fn create(name: &str, form: &[&str]) -> Self {
        let pool = Self {
            zfs: Zfs::open().unwrap(),
            name: name.parse().unwrap(),
            directory: TempDir::new().unwrap(),
        };
        for file in 0..4 {
            let file = File::create(pool.file(&file.to_string())).unwrap();
            file.set_len(1 << 30).unwrap();
        }
        let mount = pool.directory.path().join("mount");
        let mountpoint = format!("mountpoint={}", mount.display());
        let mut args = vec!["create", "-o", "cachefile=none", "-O", &mountpoint, name];
        let files: Vec<String> = form
            .iter()
            .map(|word| match word.parse::<u32>() {
                Ok(_) => pool.path(word),
                Err(_) => (*word).to_owned(),
            })
            .collect();
        args.extend(files.iter().map(String::as_str));
        zpool_says(&args);
        fs::write(mount.join("file"), noise(1, 16 << 20)).unwrap();
        pool.zfs.sync_pool(&pool.name).unwrap();
        pool
    }

    fn file(&self, number: &str) -> PathBuf {
        self.directory.path().join(number)
    }

    fn path(&self, number: &str) -> String {
        self.file(number).to_str().unwrap().to_owned()
    }

    /// The GUID of the vdev whose name in `zpool status` ends so.
    fn guid(&self, name: &str) -> VdevGuid {
        let names = zpool_says(&["status", self.name.as_str()]);
        let guids = zpool_says(&["status", "-g", self.name.as_str()]);
        let line = names.lines().position(|line| {
            line.split_whitespace()
                .next()
                .is_some_and(|word| word.ends_with(name))
        });
        let line = guids.lines().nth(line.unwrap()).unwrap().to_owned();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Waits for what holds `tunable` back until it is `free`.
    fn wait(&self, activity: PoolActivity, tunable: Tunable) {
        let mut waiter = self.zfs.wait_in_background(&self.name, activity).unwrap();
        assert_eq!(waiter.wait_timeout(MOMENT).unwrap(), None);
        drop(tunable);
        assert_eq!(waiter.wait_timeout(LIMIT).unwrap(), Some(true));
    }
}

impl Drop for OddPool {
    fn drop(&mut self) {
        let destroyed = Command::new("zpool")
            .args(["destroy", "-f", self.name.as_str()])
            .status();
        assert!(destroyed.is_ok_and(|status| status.success()));
    }
}

/// A parameter of the module that is changed for as long as this lives.
struct Tunable {
    path: PathBuf,
    before: String,
}

impl Tunable {
    fn set(name: &str, value: &str) -> Self {
        let path = Path::new("/sys/module/zfs/parameters").join(name);
        let before = fs::read_to_string(&path).unwrap();
        fs::write(&path, value).unwrap();
        Self { path, before }
    }
}

impl Drop for Tunable {
    fn drop(&mut self) {
        fs::write(&self.path, &self.before).unwrap();
    }
}

#[test]
#[serial]
fn a_removal_excludes_a_checkpoint_and_work_on_the_vdev() {
    let pool = OddPool::create("lzt-removal", &["0", "1"]);
    let (zfs, name, vdev) = (&pool.zfs, &pool.name, pool.guid("/1"));
    let slow = Tunable::set("zfs_removal_suspend_progress", "1");
    zpool_says(&["remove", name.as_str(), &pool.path("1")]);
    assert_eq!(
        kind(zfs.checkpoint_pool(name)),
        ErrorKind::DeviceRemovalRunning
    );
    let outcome = zfs.trim(name, &[vdev]).run().unwrap();
    assert_eq!(kind(outcome.all()), ErrorKind::AlreadyRunning);
    let outcome = zfs.initialize(name, &[vdev]).unwrap();
    assert_eq!(kind(outcome.all()), ErrorKind::AlreadyRunning);
    pool.wait(PoolActivity::Remove, slow);
    zfs.checkpoint_pool(name).unwrap();
}

#[test]
#[serial]
fn an_expansion_excludes_a_checkpoint() {
    if release() < (2, 3) {
        let zfs = Zfs::open().unwrap();
        let pool = OddPool::create("lzt-expand", &["raidz", "0", "1", "2"]);
        let wait = zfs.wait(&pool.name, PoolActivity::RaidzExpand);
        assert_eq!(kind(wait), ErrorKind::Unsupported);
        return;
    }
    let pool = OddPool::create("lzt-expand", &["raidz", "0", "1", "2"]);
    let (zfs, name) = (&pool.zfs, &pool.name);
    let slow = Tunable::set("raidz_expand_max_reflow_bytes", "1048576");
    zpool_says(&["attach", name.as_str(), "raidz1-0", &pool.path("3")]);
    assert_eq!(
        kind(zfs.checkpoint_pool(name)),
        ErrorKind::RaidzExpansionRunning
    );
    pool.wait(PoolActivity::RaidzExpand, slow);
    zfs.checkpoint_pool(name).unwrap();
}

#[test]
#[serial]
fn a_group_sits_out_as_many_as_its_parity() {
    let pool = OddPool::create("lzt-sit-out", &["raidz", "0", "1", "2"]);
    let set = |file: &str| {
        pool.zfs
            .set_vdev_property(&pool.name, pool.guid(file), "sit_out", true)
    };
    match release() {
        (2, 1) => assert_eq!(kind(set("/0")), ErrorKind::Unsupported),
        (2, 2 | 3) => assert_eq!(kind(set("/0")), ErrorKind::InvalidProperty),
        _ => {
            set("/0").unwrap();
            assert_eq!(kind(set("/1")), ErrorKind::TooManySitOuts);
        }
    }
}

#[test]
#[serial]
fn a_rebuild_excludes_a_scrub() {
    let pool = OddPool::create("lzt-rebuild", &["0"]);
    let (zfs, name) = (&pool.zfs, &pool.name);
    let slow = Tunable::set("zfs_scan_suspend_progress", "1");
    let (old, new) = (pool.path("0"), pool.path("1"));
    zpool_says(&["attach", "-s", name.as_str(), &old, &new]);
    assert_eq!(kind(zfs.scrub(name, Scrub::All)), ErrorKind::RebuildRunning);
    pool.wait(PoolActivity::Resilver, slow);
}
