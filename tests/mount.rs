//! Mounting as `zfs mount` does it, unmounting, and what is mounted where.
//!
//! One after the other: what one test has open is, for a moment, open in a process that another one
//! starts, and a file system is busy with it.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, thread};

use libzfs::testing::Pool;
use libzfs::{DatasetName, ErrorKind, MountPoint, Zfs};
use serial_test::serial;
use support::{
    NOBODY, as_user, encrypted, file_system, kind, noise, pool, property_says, raw_key, snapshot,
    stream_of, write_file, zfs_says,
};

/// A file system with a mount point in the pool's own directory.
fn mountable(pool: &Pool, path: &str) -> (DatasetName, PathBuf) {
    let (name, at) = (
        pool.dataset(path),
        pool.directory().join(format!("at-{path}")),
    );
    pool.zfs()
        .create(&name)
        .set("mountpoint", at.to_str().unwrap())
        .run()
        .unwrap();
    (name, at)
}

/// Fails unless a file system is mounted at these places and no other.
#[track_caller]
fn assert_at(zfs: &Zfs, name: &DatasetName, places: &[&Path]) {
    let points = zfs.mount_points_of(name).unwrap();
    let found: Vec<_> = points.iter().map(MountPoint::path).collect();
    assert_eq!(found, places);
}

/// The options of the one place where something is mounted, without those that every mount has.
fn options(path: &Path) -> String {
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let path = path.to_str().unwrap();
    let line = table
        .lines()
        .find(|line| line.split(' ').nth(4) == Some(path));
    line.unwrap().split(' ').nth(5).unwrap().to_owned()
}

fn program(name: &str, args: &[&OsStr]) {
    let status = Command::new(name).args(args).status().unwrap();
    assert!(status.success(), "{name} {args:?}");
}

#[test]
#[serial]
fn a_file_system_is_mounted_where_and_as_its_properties_say() {
    let pool = pool("mount");
    let zfs = pool.zfs();
    let at = pool.directory().join("at a");
    let (parent, child) = (pool.dataset("a b"), pool.dataset("a b/child"));
    zfs.create(&parent)
        .set("mountpoint", at.to_str().unwrap())
        .set("readonly", "on")
        .set("exec", "off")
        .set("atime", "off")
        .run()
        .unwrap();
    zfs.create(&child)
        .set("readonly", "off")
        .set("devices", "off")
        .run()
        .unwrap();
    assert_at(zfs, &parent, &[]);

    assert_eq!(zfs.mount(&parent).run().unwrap(), at);
    assert_at(zfs, &parent, &[&at]);
    assert_eq!(property_says("mounted", &parent), "yes");
    let point = zfs.mount_points_of(&parent).unwrap().remove(0);
    assert!(point.is_read_only() && !point.is_subdirectory() && !point.is_covered());
    assert_eq!(kind(zfs.mount(&parent).run()), ErrorKind::AlreadyMounted);
    let ours = options(
        Path::new("/")
            .join(at.to_str().unwrap().replace(' ', "\\040"))
            .as_path(),
    );
    zfs.unmount(&parent).unwrap();
    assert_eq!(property_says("mounted", &parent), "no");
    assert!(at.is_dir(), "the directory stays");
    assert_eq!(kind(zfs.unmount(&parent)), ErrorKind::NotMounted);

    // As zfs does it.
    zfs_says(&["mount", parent.as_str()]);
    assert_at(zfs, &parent, &[&at]);
    assert_eq!(
        options(&PathBuf::from(at.to_str().unwrap().replace(' ', "\\040"))),
        ours
    );
    zfs_says(&["unmount", parent.as_str()]);

    // What is inherited ends with the rest of the name.
    zfs.mount(&parent).read_only().run().unwrap();
    zfs_says(&["unmount", parent.as_str()]);
    assert_eq!(zfs.mount(&child).run().unwrap(), at.join("child"));
    fs::write(at.join("child/file"), b"1").unwrap();
    zfs.unmount(&child).unwrap();
    zfs.mount(&child).read_only().run().unwrap();
    assert!(fs::write(at.join("child/file"), b"2").is_err());
    zfs.unmount(&child).unwrap();
}

#[test]
#[serial]
fn what_keeps_a_file_system_from_being_mounted_is_told() {
    let pool = pool("nomount");
    let zfs = pool.zfs();
    let mount = |name: &DatasetName| zfs.mount(name).run();
    let make = |path: &str, property: &str, value: &str| {
        let (name, at) = (pool.dataset(path), pool.directory().join(path));
        let create = zfs.create(&name).set("mountpoint", at.to_str().unwrap());
        create.set(property, value).run().unwrap();
        (name, at)
    };
    assert_eq!(
        kind(mount(&pool.dataset("missing"))),
        ErrorKind::DatasetNotFound
    );
    for value in ["none", "legacy"] {
        let (name, _) = make(value, "mountpoint", value);
        assert_eq!(kind(mount(&name)), ErrorKind::NoMountpoint);
    }
    let (off, _) = make("off", "canmount", "off");
    assert_eq!(kind(mount(&off)), ErrorKind::CannotMount);
    let (zoned, _) = make("zoned", "zoned", "on");
    assert_eq!(kind(mount(&zoned)), ErrorKind::CannotMount);
    let volume = pool.dataset("volume");
    zfs.create(&volume).volume(1 << 20).run().unwrap();
    assert_eq!(kind(mount(&volume)), ErrorKind::NotAFileSystem);

    let (full, at) = make("full", "overlay", "off");
    fs::create_dir_all(at.join("entry")).unwrap();
    assert_eq!(kind(mount(&full)), ErrorKind::MountpointNotEmpty);
    fs::remove_dir(at.join("entry")).unwrap();
    mount(&full).unwrap();
    zfs.unmount(&full).unwrap();

    let (file, at) = make("file", "overlay", "on");
    fs::write(&at, b"").unwrap();
    assert_eq!(kind(mount(&file)), ErrorKind::MountpointUnusable);
    assert_eq!(
        kind(zfs.mount(&file).at(at.join("x")).run()),
        ErrorKind::MountpointUnusable
    );
    fs::remove_file(&at).unwrap();
    std::os::unix::fs::symlink("nowhere", &at).unwrap();
    assert_eq!(kind(mount(&file)), ErrorKind::MountpointUnusable);
    assert_eq!(
        kind(zfs.mount(&file).at("here").run()),
        ErrorKind::MountpointUnusable
    );
    assert_eq!(
        kind(zfs.mount(&file).at("/proc/here").run()),
        ErrorKind::MountpointUnusable
    );

    let (mine, at) = mountable(&pool, "mine");
    // He cannot make the directory, and cannot mount where there is one. As where udev is, he can
    // open the device, and see where he is not let in.
    for (path, mode) in [(Path::new("/dev/zfs"), 0o666), (pool.directory(), 0o755)] {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }
    assert_eq!(
        kind(as_user(NOBODY, || mount(&mine))),
        ErrorKind::PermissionDenied
    );
    fs::create_dir(&at).unwrap();
    assert_eq!(
        kind(as_user(NOBODY, || mount(&mine))),
        ErrorKind::PermissionDenied
    );
    assert_at(zfs, &mine, &[]);
    mount(&mine).unwrap();
    assert_eq!(
        kind(as_user(NOBODY, || zfs.unmount(&mine))),
        ErrorKind::PermissionDenied
    );
    zfs.unmount(&mine).unwrap();
}

#[test]
#[serial]
fn a_locked_or_incomplete_file_system_is_not_mounted() {
    let pool = pool("locked");
    let zfs = pool.zfs();
    let root = encrypted(&pool, "enc");
    let child = file_system(&pool, "enc/child");
    write_file(&pool, &child, "file", &noise(1, 1 << 20));
    let sent = snapshot(zfs, &child, "s");
    let at = pool.directory().join("at");
    zfs.unload_key(&root).unwrap();
    for name in [&root, &child] {
        assert_eq!(kind(zfs.mount(name).at(&at).run()), ErrorKind::KeyNotLoaded);
    }
    assert!(!at.exists());
    zfs.load_key(&root, &raw_key()).unwrap();
    zfs.mount(&child).at(&at).run().unwrap();
    assert_eq!(kind(zfs.unload_key(&root)), ErrorKind::Busy);
    zfs.unmount(&child).unwrap();
    zfs.unload_key(&root).unwrap();

    let part = pool.dataset("part");
    let stream = stream_of(&zfs.send(&sent).raw());
    let cut = support::file_with(&pool, &stream[..stream.len() / 2]);
    let receive = zfs.receive(&part.snapshot("s").unwrap()).resumable();
    assert_eq!(kind(receive.run(cut)), ErrorKind::StreamTruncated);
    assert_eq!(kind(zfs.mount(&part).at(&at).run()), ErrorKind::CannotMount);
}

#[test]
#[serial]
fn one_file_system_is_at_several_places() {
    let pool = pool("places");
    let zfs = pool.zfs();
    let (name, at) = mountable(&pool, "data");
    let odd = pool
        .directory()
        .join(OsStr::from_bytes(b"a b\\040\tc#\n\xff"));
    let bound = pool.directory().join("bound");
    zfs.mount(&name).run().unwrap();
    assert_eq!(
        kind(zfs.mount(&name).at(&at).run()),
        ErrorKind::AlreadyMounted
    );
    let read_only = zfs.mount(&name).at(&odd).read_only();
    assert_eq!(kind(read_only.run()), ErrorKind::Busy);
    zfs.mount(&name).at(&odd).run().unwrap();
    fs::create_dir_all(at.join("sub")).unwrap();
    fs::create_dir(&bound).unwrap();
    program(
        "mount",
        &[
            OsStr::new("--bind"),
            at.join("sub").as_os_str(),
            bound.as_os_str(),
        ],
    );
    assert_at(zfs, &name, &[&at, &odd, &bound]);
    let points = zfs.mount_points_of(&name).unwrap();
    let bind: Vec<_> = points.iter().map(MountPoint::is_subdirectory).collect();
    assert_eq!(bind, [false, false, true]);

    // What is open or covered stays, and with it what was mounted before.
    let open = File::create(at.join("open")).unwrap();
    assert_eq!(kind(zfs.unmount(&name)), ErrorKind::Busy);
    assert_at(zfs, &name, &[&at]);
    drop(open);
    program(
        "mount",
        &["-t", "tmpfs", "other", at.to_str().unwrap()].map(OsStr::new),
    );
    assert!(zfs.mount_points_of(&name).unwrap()[0].is_covered());
    let error = zfs.unmount(&name).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert!(error.to_string().contains("mounted over"), "{error}");
    program("umount", &[at.as_os_str()]);
    assert_at(zfs, &name, &[&at]);
    // Twice at one place.
    program(
        "mount",
        &[OsStr::new("--bind"), at.as_os_str(), at.as_os_str()],
    );
    assert_at(zfs, &name, &[&at, &at]);
    zfs.unmount(&name).unwrap();
    assert_at(zfs, &name, &[]);
}

#[test]
#[serial]
fn what_is_mounted_is_listed() {
    let pool = pool("list");
    let zfs = pool.zfs();
    let (one, at) = mountable(&pool, "one");
    let (two, _) = mountable(&pool, "two");
    zfs.mount(&two).run().unwrap();
    zfs.mount(&one).run().unwrap();
    let taken = snapshot(zfs, &one, "s");
    // Looking there has the kernel mount the snapshot.
    fs::read_dir(at.join(".zfs/snapshot/s")).unwrap().count();
    let ours = |source: &str| source.starts_with(pool.name().as_str());
    let points = zfs.mount_points().unwrap();
    let listed: Vec<_> = points
        .iter()
        .map(MountPoint::source)
        .filter(|s| ours(s))
        .collect();
    assert_eq!(listed, [two.as_str(), one.as_str(), taken.as_str()]);
    // The name is that of now.
    let renamed = pool.dataset("renamed");
    zfs.rename_dataset(&two, &renamed).unwrap();
    assert_at(zfs, &two, &[]);
    assert_at(zfs, &renamed, &[&pool.directory().join("at-two")]);
    zfs.unmount(&renamed).unwrap();
    // A snapshot below does not keep it.
    zfs.unmount(&one).unwrap();
}

#[test]
#[serial]
fn a_read_only_pool_is_mounted_so() {
    let pool = pool("mountro");
    let (name, at) = mountable(&pool, "data");
    write_file(&pool, &name, "file", b"1");
    let pool = pool.export().unwrap().import_read_only().unwrap();
    let zfs = pool.zfs();
    zfs.mount(&name).run().unwrap();
    assert_eq!(fs::read(at.join("file")).unwrap(), b"1");
    assert!(zfs.mount_points_of(&name).unwrap()[0].is_read_only());
    zfs.unmount(&name).unwrap();
}

#[test]
#[serial]
fn threads_mount_at_the_same_time() {
    let pool = pool("threads");
    let zfs = pool.zfs();
    let names: Vec<_> = (0..4)
        .map(|n| mountable(&pool, &format!("t{n}")).0)
        .collect();
    thread::scope(|scope| {
        for name in &names {
            scope.spawn(move || {
                for _ in 0..5 {
                    let path = zfs.mount(name).run().unwrap();
                    assert_at(zfs, name, &[&path]);
                    zfs.unmount(name).unwrap();
                }
            });
        }
    });
}

/// Set in a child, with what it is to mount.
const CHILD: &str = "LIBZFS_TEST_CHILD_DATASET";

/// Runs the test of this name again, in a child that `command` ends with, and that is to say nothing
/// that the test's harness does not say.
fn in_child(mut command: Command, test: &str, name: &DatasetName) {
    let output = command
        .arg(env::current_exe().unwrap())
        .args(["--exact", "--nocapture", test])
        .env(CHILD, name.as_str())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{output:?}"
    );
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
#[serial]
fn no_program_is_started_by_a_variable() {
    if let Ok(name) = env::var(CHILD) {
        let (zfs, name) = (Zfs::open().unwrap(), name.parse().unwrap());
        assert_eq!(kind(zfs.mount(&name).run()), ErrorKind::WouldStartProgram);
        return;
    }
    let pool = pool("helper");
    let (name, _) = mountable(&pool, "data");
    let mut command = Command::new("env");
    command.arg("ZFS_MOUNT_HELPER=1");
    in_child(command, "no_program_is_started_by_a_variable", &name);
    assert_at(pool.zfs(), &name, &[]);
}

#[test]
#[serial]
fn without_libzfs_nothing_else_is_missing() {
    if let Ok(name) = env::var(CHILD) {
        let (zfs, name) = (Zfs::open().unwrap(), name.parse().unwrap());
        let error = zfs.mount(&name).run().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(
            error.to_string().contains("libzfs is not installed"),
            "{error}"
        );
        assert_eq!(libzfs::userland_library().version, None);
        assert_eq!(kind(zfs.unmount(&name)), ErrorKind::NotMounted);
        return;
    }
    let pool = pool("nolibzfs");
    let (name, _) = mountable(&pool, "data");
    let mut command = Command::new("unshare");
    // The files are covered, where only the child sees it.
    let cover = "for so in /lib/*/libzfs.so.* /usr/lib/*/libzfs.so.*; do \
                 test -e $so && mount --bind /dev/null $(readlink -f $so); done; exec \"$@\"";
    command.args(["-m", "sh", "-c", cover, "sh"]);
    in_child(command, "without_libzfs_nothing_else_is_missing", &name);
    // Here there is one.
    pool.zfs().mount(&name).run().unwrap();
    pool.zfs().unmount(&name).unwrap();
}
