//! Pools on block devices: on a whole disk, on a partition, and on disks of larger blocks.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use libzfs::label;
use libzfs::{ErrorKind, PoolName, VdevClass, VdevKind, VdevState, Zfs};
use serial_test::serial;
use support::{kind, pool, zpool_says};

/// A file as a disk, for as long as this is there.
struct Disk {
    path: PathBuf,
}

impl Disk {
    /// A disk with blocks of so many bytes, and what is on the file.
    fn of(file: &Path, block: u32) -> Self {
        if !Path::new("/dev/loop-control").exists() {
            said(Command::new("modprobe").arg("loop"));
        }
        let mut losetup = Command::new("losetup");
        losetup.args(["--find", "--show", "--partscan", "--sector-size"]);
        let path = said(losetup.arg(block.to_string()).arg(file)).into();
        Self { path }
    }

    /// Its first partition.
    fn partition(&self) -> PathBuf {
        format!("{}p1", self.path.display()).into()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("losetup")
            .arg("--detach")
            .arg(&self.path)
            .status();
    }
}

#[track_caller]
fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn file(directory: &Path, name: &str, mebibytes: u64) -> PathBuf {
    let path = directory.join(name);
    File::create(&path)
        .unwrap()
        .set_len(mebibytes << 20)
        .unwrap();
    path
}

fn write(path: &Path, at: u64, bytes: &[u8]) {
    let file = File::options().write(true).open(path).unwrap();
    file.write_all_at(bytes, at).unwrap();
}

/// Writes a table with one partition, from the second mebibyte on.
fn partition(disk: &Path, mebibytes: u32) {
    let [first, count] = [1, mebibytes].map(|mebibytes| (mebibytes << 11).to_le_bytes());
    let mut table = [0; 512];
    table[450] = 0xbf;
    table[454..458].copy_from_slice(&first);
    table[458..462].copy_from_slice(&count);
    table[510..].copy_from_slice(b"\x55\xaa");
    write(disk, 0, &table);
}

/// The first bytes of a device, where ZFS writes nothing.
fn start(device: &Path) -> Vec<u8> {
    let mut bytes = vec![0; 8 << 10];
    let device = File::open(device).unwrap();
    device.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

#[track_caller]
fn devices(zfs: &Zfs, pool: &PoolName) -> Vec<PathBuf> {
    let status = zfs.pool_status(pool).unwrap();
    let devices: Vec<_> = status.devices().collect();
    for device in &devices {
        assert_eq!(
            (&device.kind, device.state),
            (&VdevKind::Disk, VdevState::Online)
        );
    }
    let paths: Vec<_> = devices
        .iter()
        .filter_map(|device| device.path.clone())
        .collect();
    let shown = zpool_says(&["status", "-P", pool.as_str()]);
    let shown: Vec<PathBuf> = shown
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| name.starts_with('/'))
        .map(PathBuf::from)
        .collect();
    assert_eq!(paths, shown);
    paths
}

#[test]
#[serial]
fn a_whole_disk_and_a_partition_are_taken_as_they_are() {
    let home = pool("disks");
    let (zfs, at) = (home.zfs(), home.directory());
    let name: PoolName = format!("{}-d", home.name()).parse().unwrap();
    let [whole, parted] = ["whole", "parted"].map(|name| file(at, name, 96));
    // An ext4 file system was there.
    write(&whole, 0x438, b"\x53\xef");
    write(&whole, 7 << 10, b"more");
    partition(&parted, 80);
    let [whole, parted] = [whole, parted].map(|file| Disk::of(&file, 512));
    let table = start(&parted.path);
    let create = |device: &Path| zfs.create_pool(&name).vdev(device);
    for disk in [&whole, &parted] {
        assert_eq!(kind(create(&disk.path).run()), ErrorKind::DeviceInUse);
    }
    // What is refused leaves the disk as it was.
    let refused = zfs.create_pool(home.name()).vdev(&whole.path);
    let refused = refused.force_overwrite().run();
    assert_eq!(kind(refused), ErrorKind::PoolExists);
    assert_eq!(start(&whole.path)[0x438..0x43a], *b"\x53\xef");

    let paths = [whole.path.clone(), parted.partition()];
    create(&paths[0])
        .vdev(&paths[1])
        .force_overwrite()
        .run()
        .unwrap();
    assert_eq!(devices(zfs, &name), paths);
    // Nothing takes it for the file system any more.
    for path in &paths {
        assert_eq!(start(path), vec![0; 8 << 10], "{}", path.display());
    }
    assert_eq!(start(&parted.path)[..512], table[..512]);
    let guid = zfs.pool_status(&name).unwrap().guid();
    for path in &paths {
        let label = label::read(&File::open(path).unwrap()).unwrap().unwrap();
        assert_eq!(label.pool_guid(), Some(guid));
        let tree = label.config().get_list("vdev_tree").unwrap();
        assert_eq!(tree.get_u64("whole_disk"), Some(0));
        let own = zfs.pool_status(&name).unwrap();
        let own = own
            .vdev(libzfs::VdevGuid::new(label.guid()))
            .unwrap()
            .clone();
        assert_eq!(own.path.as_deref(), Some(&**path));
    }
    // Not even by force, nor the disk that the partition is on.
    let other: PoolName = format!("{name}-other").parse().unwrap();
    for path in [&paths[0], &paths[1], &parted.path] {
        let taken = zfs.create_pool(&other).vdev(path).force_overwrite().run();
        assert_eq!(kind(taken), ErrorKind::DeviceInUse, "{}", path.display());
    }
    zfs.export_pool(&name).unwrap();

    let found = zfs.find_pools(["/dev"]).unwrap();
    zfs.import_pool(found.named(&name).unwrap()).run().unwrap();
    assert_eq!(devices(zfs, &name), paths);
    zfs.export_pool(&name).unwrap();
    // By names that stay, as in /dev/disk/by-id.
    let links = ["ata-ONE_1234", "ata-TWO_5678-part1"].map(|link| at.join("by-id").join(link));
    fs::create_dir(at.join("by-id")).unwrap();
    for (path, link) in paths.iter().zip(&links) {
        symlink(path, link).unwrap();
    }
    let found = zfs.find_pools([at.join("by-id")]).unwrap();
    zfs.import_pool(found.named(&name).unwrap()).run().unwrap();
    assert_eq!(devices(zfs, &name), links);
    zfs.destroy_pool(&name).unwrap();

    // What zpool makes of them is found as well.
    let args = ["create", "-f", "-o", "cachefile=none", "-m", "none"];
    let [one, two] = [&paths[0], &paths[1]].map(|path| path.to_str().unwrap());
    zpool_says(&[&args[..], &[name.as_str(), "mirror", one, two]].concat());
    let made = devices(zfs, &name);
    zfs.export_pool(&name).unwrap();
    let found = zfs.find_pools(&paths).unwrap();
    zfs.import_pool(found.named(&name).unwrap()).run().unwrap();
    assert_eq!(devices(zfs, &name), made);
    zfs.destroy_pool(&name).unwrap();
}

// One looks for pools on all devices, and so on those of the other.
#[test]
#[serial]
fn a_disk_of_larger_blocks_is_not_written_in_smaller_ones() {
    let pool = pool("blocks");
    let (zfs, name) = (pool.zfs(), pool.name());
    let disk = Disk::of(&file(pool.directory(), "disk", 160), 4096);
    let path = &disk.path;
    let ashifts = |name: &PoolName| -> Vec<_> {
        let status = zfs.pool_status(name).unwrap();
        let data = |vdev: &&libzfs::VdevStatus| vdev.class == VdevClass::Data;
        let vdevs = status.vdevs().iter().filter(data);
        vdevs.map(|vdev| vdev.ashift).collect()
    };
    // By itself, also where less is said.
    let own: PoolName = format!("{name}-own").parse().unwrap();
    let create = || zfs.create_pool(&own).vdev(path);
    create().ashift(9).run().unwrap();
    assert_eq!(ashifts(&own), [Some(12)]);
    zfs.destroy_pool(&own).unwrap();
    create().run().unwrap();
    assert_eq!(ashifts(&own), [Some(12)]);
    // One of smaller blocks fits.
    let at = zfs.pool_status(&own).unwrap().vdevs()[0].guid;
    let small = Disk::of(&file(pool.directory(), "small", 160), 512);
    zfs.attach_device(&own, at, &small.path).run().unwrap();
    zfs.destroy_pool(&own).unwrap();

    // Beside what has smaller ones, and into it.
    assert_eq!(ashifts(name), [Some(9)]);
    let at = zfs.pool_status(name).unwrap().vdevs()[0].guid;
    for join in [
        zfs.attach_device(name, at, path),
        zfs.replace_device(name, at, path),
    ] {
        let error = join.force_overwrite().run().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DeviceBlocksTooLarge, "{error}");
        assert!(error.to_string().contains("4096"), "{error}");
    }
    let add = || {
        let add = zfs.add_vdevs(name).vdev(path).force_overwrite();
        add.allow_mixed_redundancy()
    };
    if support::release() > (2, 1) {
        assert_eq!(kind(add().run()), ErrorKind::MixedBlockSizes);
        assert_eq!(kind(add().ashift(9).run()), ErrorKind::MixedBlockSizes);
    }
    let add = add().ashift(9).allow_mixed_block_sizes();
    add.run().unwrap();
    assert_eq!(ashifts(name), [Some(9), Some(12)]);
    pool.destroy().unwrap();
}
